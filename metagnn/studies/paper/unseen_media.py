"""Extrapolation: train on little glucose, test on more than was ever seen."""

from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.studies.harness.samples import Setting
from metagnn.studies.paper.labelled_fluxes import LabelledFluxes

THRESHOLD = 3.0
"""Glucose uptake below which a medium may be trained on, and above which it is tested [mmol/gDW/h]."""

UNSEEN = LabelledFluxes(
    "unseen_media",
    Setting(
        "e_coli_core",
        "min_norm",
        100,
        500,
        E_COLI_CORE_RANGES | {"EX_glc__D_e": (0.0, THRESHOLD)},
        E_COLI_CORE_RANGES | {"EX_glc__D_e": (THRESHOLD, E_COLI_CORE_RANGES["EX_glc__D_e"][1])},
    ),
)
