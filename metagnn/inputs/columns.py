"""Which columns of a table are inputs, and whether they are those of the fit."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from metagnn.errors import TableError
from metagnn.files.flux_columns import flux_columns
from metagnn.network.knockout import KNOCKOUT
from metagnn.network.medium import check_exchanges
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.vocabulary.named_exchanges import resolved


def input_columns(table: pd.DataFrame) -> pd.DataFrame:
    """The columns that may name exchanges."""
    return flux_columns(table, "inputs").drop(columns=KNOCKOUT, errors="ignore")


def input_exchanges(
    network: MetabolicNetwork, names: Sequence[str], expected: Sequence[str] | None, inner: bool = False
) -> list[str]:
    """Return the exchanges of the columns of a table, which must be those of the fit.

    Args:
        network: The network.
        names: Names of columns: exchanges or substances.
        expected: Exchanges that the table must name, in any order; None takes them as they come.
        inner: Whether columns may name reactions inside the cell, and growth, beside exchanges.

    Raises:
        TableError: Naming what is unknown, ambiguous, duplicated, missing or not expected.
    """
    if not names:
        raise TableError("`inputs` names no exchange; expected exchange ids, such as 'EX_glc__D_e'")
    network.require_exchanges()
    inside = [inner and name in network.reactions for name in names]
    names = [name if own else resolved(network, [name])[0] for name, own in zip(names, inside, strict=True)]
    check_exchanges(names, network.reactions if inner else network.exchanges, network.reactions, network.id)
    if expected is None:
        return names
    missing = [name for name in expected if name not in names]
    extra = [name for name in names if name not in expected]
    if missing or extra:
        parts = [
            f"{what} {', '.join(map(repr, these))}" for what, these in (("lacks", missing), ("adds", extra)) if these
        ]
        raise TableError(f"`inputs` {' and '.join(parts)}; expected the columns of the fit: {', '.join(expected)}")
    return names
