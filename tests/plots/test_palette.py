from itertools import combinations

import numpy as np
from matplotlib.colors import to_rgb

from metagnn.plots.palette import COLOURS, GREY

# Machado et al. 2009, doi 10.1109/TVCG.2009.113, severity 1.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


def test_colours_differ_for_every_kind_of_sight():
    for name, matrix in DEFICIENCIES.items():
        seen = np.array([to_rgb(colour) for colour in (*COLOURS, GREY)]) @ np.array(matrix).T
        assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)) > 0.1, name


def test_every_colour_stands_out_from_white():
    luminance = np.array([to_rgb(colour) for colour in (*COLOURS, GREY)]) @ [0.2126, 0.7152, 0.0722]
    assert (luminance < 0.75).all()
