"""Say in words what cannot be determined, and why: nutrients that nobody measured, bounds that forbid the rates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from metagnn.analysis.reconciliation.carried_names import with_name
from metagnn.analysis.reconciliation.composition_fit import FittedComposition
from metagnn.analysis.reconciliation.exchange_laws import ExchangeLaws
from metagnn.analysis.reconciliation.smallest_change import NeededChange
from metagnn.network.exchange_search import PROTON, WATER, carried_metabolites
from metagnn.network.metabolic_network import MetabolicNetwork

MOST_NAMED = 8


def nutrient_notes(exchange_laws: ExchangeLaws) -> tuple[str, ...]:
    """Say which unmeasured exchanges growth needs for more than traces; empty where it needs none.

    Args:
        exchange_laws: The laws of the boundary fluxes.
    """
    network = exchange_laws.network
    order = np.argsort(-np.abs(exchange_laws.nutrients))[: np.count_nonzero(exchange_laws.nutrients)]
    needed = [exchange_laws.names[position] for position in order]
    if not needed:
        return ()
    return (
        f"{network.id} cannot grow on what was measured: it needs {len(needed)} more exchanges of unknown flux, "
        f"{_named(network, needed)}; what hangs on them is not determined; measure them, or use a model that makes "
        "these itself",
    )


def forbidden_note(network: MetabolicNetwork, changes: Sequence[NeededChange]) -> tuple[str, ...]:
    """Say that the model's own directions and bounds forbid the rates of some samples; empty where they do not.

    Args:
        network: The network.
        changes: Measurements that no flux can meet.
    """
    if not changes:
        return ()
    samples = list(dict.fromkeys(change.sample for change in changes))
    rates = list(dict.fromkeys(change.reaction for change in changes))
    some = f"sample {', '.join(samples[:MOST_NAMED])}" + (" and more" if len(samples) > MOST_NAMED else "")
    return (
        f"{network.id} cannot reach the rates of {some} with its reactions and what may be exchanged: the nearest "
        f"flux has another {_named(network, rates)}; a product was not measured (`--present`), a rate is wrong, or "
        "the model lacks a reaction",
    )


def why_undetermined(
    network: MetabolicNetwork, reaction: str, unknown: Iterable[str], fitted: FittedComposition
) -> str:
    """Say what a flux hangs on that is not determined.

    Args:
        network: The network.
        reaction: The flux.
        unknown: All fluxes that are not determined.
        fitted: The composition fitted to the rates.
    """
    carried = carried_metabolites(network, [name for name in unknown if name != reaction])
    others = [
        name
        for name, metabolites in carried.items()
        # Water and protons follow the others.
        if not all({e: n for e, n in (m.formula or {}).items() if n} in (WATER, PROTON) for m in metabolites)
    ]
    # What carries carbon says most to a reader.
    others.sort(key=lambda name: not any((m.formula or {}).get("C") for m in carried[name]))
    reasons = [_named(network, others)] if others else []
    if fitted.undetermined.shape[1]:
        reasons.append("the composition of biomass")
    if not reasons:
        return "nothing measured checks it"
    return f"it hangs on {', and on '.join(reasons)}, not determined either"


def _named(network: MetabolicNetwork, reactions: Sequence[str]) -> str:
    more = len(reactions) - MOST_NAMED
    said = ", ".join(with_name(network, name) for name in reactions[:MOST_NAMED])
    return said + (f" and {more} more" if more > 0 else "")
