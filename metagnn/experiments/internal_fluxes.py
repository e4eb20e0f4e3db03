"""Internal fluxes from labels: train and test on media of the same ranges."""

from metagnn.experiments.setting import Setting

RANGES = {
    "EX_glc__D_e": (0.0, 10.0),
    "EX_gln__L_e": (0.0, 10.0),
    "EX_glu__L_e": (0.0, 10.0),
    "EX_lac__D_e": (0.0, 10.0),
    "EX_o2_e": (0.0, 20.0),
}
"""Substrates of Kusters, "Metabolically constrained neural networks for bioprocess optimization" [mmol/gDW/h]."""

LABELLED = Setting("e_coli_core", "min_norm", 100, 500, RANGES, RANGES)
