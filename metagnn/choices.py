"""What options take as text, and what every choice means; imports nothing, so that `metagnn --help` may read it."""

from __future__ import annotations

from collections.abc import Mapping

CONSTRAINTS = {
    "steady_state": "S·v = 0 exactly, bounds by loss",
    "soft": "bounds exactly, balances by loss",
    "polytope": "S·v = 0 and bounds exactly",
}
"""How exact predictions are; `metagnn.models.constraint` has the class of each."""

INPUTS = {
    "max_uptake": "largest uptakes ≥ 0 [mmol/gDW/h]",
    "rates": "measured signed exchange fluxes [mmol/gDW/h]",
    "present": "1 for what a medium holds and 0 for what not (uptakes are learned from growth)",
}
"""What a table of inputs holds; `metagnn.inputs.kinds` has the reader and the model of each."""

COMPOSITIONS = ("fixed", "elemental", "precursor")
"""Source of the biomass composition: the model, two trainable contents, or trainable coefficients."""

METHODS = ("min_norm", "pfba", "fba")
"""Which optimum labels are: that of least norm, of least total flux, or any."""


def described(choices: Mapping[str, str]) -> str:
    """All choices with their meanings, for the help of a command."""
    return "; ".join(f"{name}: {meaning}" for name, meaning in choices.items())
