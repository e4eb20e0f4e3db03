"""Summarise a network: what it holds, and what is missing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from metagnn.errors import NetworkError
from metagnn.network.metabolic_network import MetabolicNetwork


def summarise(network: MetabolicNetwork) -> list[tuple[str, str]]:
    """Return rows of what and value; the reason stands in place of a missing value."""
    S = network.stoichiometry
    medium = ", ".join(f"{name} {uptake:g}" for name, uptake in network.medium().items())
    limits = network.own_fluxes(network.bounds.lower + network.bounds.upper)
    lacking = [metabolite.id for metabolite in network.metabolite_table if not metabolite.complete]
    return [
        *((what, str(size)) for what, size in network.sizes().items()),
        ("coefficients", str(S.value.numel())),
        ("genes", str(len(network.genes))),
        ("exchanges", _exchanges(network)),
        ("growth reaction", _or_reason(lambda: network.growth_reaction)),
        ("carbon in biomass, alpha [mmol/gDW]", _or_reason(lambda: _in_biomass(network, "C"))),
        ("nitrogen in biomass, beta [mmol/gDW]", _or_reason(lambda: _in_biomass(network, "N"))),
        ("degree of reduction [electrons per C-mol]", _or_reason(lambda: _reduction(network))),
        ("medium, largest uptake [mmol/gDW/h]", medium or "closed"),
        ("unbalanced reactions", _checked(network)),
        ("metabolites without a full formula", f"{len(lacking)} {_first(lacking)}".strip()),
        *([("of these, carbon derived from the reactions", _derived(network))] if lacking else []),
        ("unbounded reactions", str(int((~np.isfinite(limits)).sum()))),
    ]


def _exchanges(network: MetabolicNetwork) -> str:
    inside = len(network.exchanges) - len(network.outside_exchanges)
    if not network.exchanges:
        return "none: no medium can be set"
    return str(len(network.exchanges)) + (f" ({inside} of them sinks and demands)" if inside else "")


def _checked(network: MetabolicNetwork) -> str:
    """Say how many internal reactions do not balance, or why none can be checked."""
    checkable = int(network.checkable_reactions.sum())
    if checkable:
        unbalanced = list(network.unbalanced_reactions())
        return f"{len(unbalanced)} of {checkable} checkable {_first(unbalanced)}".strip()
    table = network.metabolite_table
    if not any(metabolite.complete for metabolite in table):
        return "none checkable: no formulas"
    if all(metabolite.charge is None for metabolite in table):
        return "none checkable: no charges"
    return "none checkable: every internal reaction has a metabolite without a formula or charge"


def _derived(network: MetabolicNetwork) -> str:
    contents = network.contents("C")
    lacking = ~contents.known
    return f"{int((contents.derived & lacking).sum())} of {int(lacking.sum())}"


def _in_biomass(network: MetabolicNetwork, balance: str) -> str:
    return f"{network.biomass_content(balance):.4f}"


def _reduction(network: MetabolicNetwork) -> str:
    return f"{network.biomass_content('electrons') / network.biomass_content('C'):.3f}"


def _or_reason(value: Callable[[], str]) -> str:
    try:
        return value()
    except (NetworkError, ZeroDivisionError) as error:
        return f"– ({error})"


def _first(names: list[str], most: int = 4) -> str:
    return f"({', '.join(names[:most])}{', …' if len(names) > most else ''})" if names else ""
