"""Extrapolation: train on little glucose, test on more than was ever seen."""

from metagnn.experiments.internal_fluxes import RANGES
from metagnn.experiments.setting import Setting

THRESHOLD = 3.0
"""Glucose uptake below which a medium may be trained on, and above which it is tested [mmol/gDW/h]."""

UNSEEN = Setting(
    "e_coli_core",
    "min_norm",
    100,
    500,
    RANGES | {"EX_glc__D_e": (0.0, THRESHOLD)},
    RANGES | {"EX_glc__D_e": (THRESHOLD, RANGES["EX_glc__D_e"][1])},
)
