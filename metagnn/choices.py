"""Choices of options, with their meanings; imports nothing, so that `metagnn --help` stays fast."""

from __future__ import annotations

from collections.abc import Mapping

CONSTRAINTS = {
    "steady_state": "S·v = 0 exactly, bounds by loss",
    "soft": "bounds exactly, balances by loss",
    "polytope": "S·v = 0 and bounds exactly",
}
"""Constraints of predictions; their classes are in `metagnn.models.constraint`."""

INPUTS = {
    "max_uptake": "largest uptakes ≥ 0 [mmol/gDW/h]",
    "rates": "measured signed exchange fluxes [mmol/gDW/h]",
    "present": "1 for nutrients in the medium, 0 for others; uptakes are learned from growth",
    "concentration": "concentrations of nutrients ≥ 0 [mM]; uptakes that saturate are learned from growth",
}
"""Kinds of inputs; their readers and models are in `metagnn.inputs.kinds`."""

COMPOSITIONS = ("fixed", "elemental", "precursor")
"""Biomass composition: that of the network, two trainable contents, or trainable coefficients."""

METHODS = ("min_norm", "pfba", "fba")
"""Optimum that simulation returns: of least norm, of least total flux, or any."""


def described(choices: Mapping[str, str]) -> str:
    """Join all choices with their meanings, for the help of a command."""
    return "; ".join(f"{name}: {meaning}" for name, meaning in choices.items())
