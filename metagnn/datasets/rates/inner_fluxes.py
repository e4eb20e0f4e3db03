"""Columns of measured fluxes inside the cell, as isotope labelling gives them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from metagnn.datasets.rates.column_header import ColumnHeader
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.rate_unit import RateUnit
from metagnn.units import GROWTH

FEWEST = 3
"""Internal reactions that a table measures from which a name that looks like one counts as one of another model."""

REACTION_ID = re.compile(r"^(?!EX_)[A-Z][A-Z0-9][A-Za-z0-9_]*$")


def bare_growth(headers: Sequence[ColumnHeader], ids: frozenset[str]) -> list[ColumnHeader]:
    """Give growth without a unit the unit 1/h in a table of reaction ids, whose columns are in the units of a network.

    Args:
        headers: The parsed headers.
        ids: Reaction ids and aliases.
    """
    if not any(header.subject in ids and header.unit is None for header in headers):
        return list(headers)
    unit = RateUnit(GROWTH, "growth", "", 1.0)
    return [
        replace(header, unit=unit) if header.kind == "growth" and header.unit is None else header for header in headers
    ]


def foreign_fluxes(network: MetabolicNetwork, headers: Sequence[ColumnHeader]) -> tuple[str, ...]:
    """Columns of reactions that a network lacks, in a table of fluxes that it has; their deviations included.

    A flux that is measured in one strain may have no reaction in the model of another, such as EDD in a core model.

    Args:
        network: The network.
        headers: The parsed headers.
    """
    known = frozenset((*network.reactions, *network.aliases))
    inside = {header.subject for header in headers if header.subject in known.difference(network.exchanges)}
    if len(inside) < FEWEST:
        return ()
    substances = network_substances(network)
    return tuple(
        header.text
        for header in headers
        if header.kind == "substance"
        and not (header.unit or header.direction or header.place)
        and header.subject not in known
        and REACTION_ID.match(header.subject)
        and header.subject.lower() not in substances
    )


def network_substances(network: MetabolicNetwork) -> frozenset[str]:
    """Ids and names of what a network exchanges, in lower case, without compartment."""
    carried = (network.metabolite_table[row] for row in np.flatnonzero(_exchanged(network)))
    return frozenset(
        text.lower() for metabolite in carried for text in (re.sub(r"_\w+$", "", metabolite.id), metabolite.name)
    )


def _exchanged(network: MetabolicNetwork) -> np.ndarray:
    columns = network.stoichiometry.to_scipy().tocsc()[:, network.exchange_indices]
    return np.asarray(abs(columns).sum(axis=1)).ravel() > 0


def empty_deviations(deviations: np.ndarray, rates: np.ndarray, inside: bool) -> np.ndarray:
    """Whether a deviation of zero stands for none: beside a rate of zero, in a column of zeros, or of no exchange.

    Programs that fit fluxes to labels write 0 where they found no deviation, and so does rounding of a growth of .04.
    A zero in a column of deviations of an exchange is a mistake, and stays for the caller to refuse.

    Args:
        deviations: As given, NaN for an empty cell, shape `[samples]`.
        rates: The rates beside them, the same shape.
        inside: Whether the column measures an internal reaction or growth.
    """
    return np.asarray((deviations == 0) & (inside | (rates == 0) | ~(deviations > 0).any()))
