import subprocess
import sys
from pathlib import Path

import pytest

from metagnn.errors import FolderError, InputError
from metagnn.plots import PlotsMissingError, check_picture, new_figure, save_figure
from metagnn.plots.canvas import drawing_axes, label_log_axis


def test_a_figure_has_the_panels_asked_for():
    figure, axes = new_figure(2, 3)
    assert axes.shape == (2, 3)
    assert list(axes.flat) == figure.axes
    for rows, columns in ((0, 1), (1, 0)):
        with pytest.raises(InputError, match="expected at least one panel"):
            new_figure(rows, columns)


def test_given_axes_are_drawn_on_and_none_makes_new_ones():
    _, axes = new_figure()
    assert drawing_axes(axes[0, 0]) is axes[0, 0]
    assert drawing_axes(None).figure is not drawing_axes(None).figure


def test_the_ending_names_the_format(tmp_path: Path):
    figure, _ = new_figure()
    for ending, first in (("png", b"\x89PNG"), ("PDF", b"%PDF")):
        save_figure(figure, tmp_path / f"figure.{ending}")
        assert (tmp_path / f"figure.{ending}").read_bytes().startswith(first)
    with pytest.raises(InputError, match=r"figure\.xls' has an unknown ending; expected one of .*pdf.*png"):
        save_figure(figure, tmp_path / "figure.xls")
    with pytest.raises(FolderError, match=r"figure\.png' cannot be written"):
        save_figure(figure, tmp_path / "figure.png" / "figure.png")


def run(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


def test_pyplot_is_never_imported():
    program = "import sys, metagnn.plots as p; p.plot_scores({}); print('matplotlib.pyplot' in sys.modules)"
    assert run(program).strip() == "False"


def test_without_matplotlib_the_message_says_what_to_install():
    program = """
import sys
sys.modules["matplotlib"] = None
try:
    import metagnn.plots
except ImportError as error:
    print(type(error).__name__, error)
"""
    assert run(program).strip() == 'PlotsMissingError plots need matplotlib: pip install "metagnn[plots]"'
    assert issubclass(PlotsMissingError, InputError)


@pytest.mark.parametrize(("low", "high"), [(0.02, 0.3), (0.11, 0.19), (1e-9, 10.0), (3.0, 30.0)])
def test_a_logarithmic_axis_has_at_least_two_labels_if_it_spans_more_than_a_step(low: float, high: float):
    ax = drawing_axes(None)
    ax.plot([0, 1], [low, high])
    ax.set_yscale("log")
    label_log_axis(ax)
    ax.figure.canvas.draw()
    bottom, top = ax.get_ylim()
    shown = [tick.get_text() for tick in ax.get_yticklabels() if bottom <= tick.get_position()[1] <= top]
    assert len([text for text in shown if text]) >= (2 if high > 3 * low else 0)
    assert all(float(text) > 0 for text in shown if text)


def test_a_picture_is_checked_before_the_work(tmp_path: Path):
    path = tmp_path / "new" / "figure.svg"
    assert check_picture(path) == path
    path.write_text("mine")
    with pytest.raises(FolderError, match="use --force"):
        check_picture(path)
    assert check_picture(path, force=True) == path
    with pytest.raises(InputError, match="unknown ending"):
        check_picture(tmp_path / "figure.doc")
