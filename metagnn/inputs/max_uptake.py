"""Inputs of "max_uptake": the largest uptake of every exchange."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import torch

from metagnn.files.table_values import numeric_values, require_rows, table_knockouts
from metagnn.inputs.columns import input_columns, input_exchanges
from metagnn.inputs.kind import AbstractInputKind
from metagnn.network.conditions import Conditions
from metagnn.network.metabolic_network import MetabolicNetwork


class MaxUptake(AbstractInputKind):
    """Media: columns are exchanges or substances, values the largest uptakes ≥ 0 [mmol/gDW/h].

    An exchange that is not named keeps the network's bound. A column `knockout` names the reactions or genes that a
    sample goes without, separated by ";", "," or spaces.
    """

    name = "max_uptake"

    def read(self, network: MetabolicNetwork, table: pd.DataFrame, expected: Sequence[str] | None = None) -> Conditions:
        """See the base class; an uptake that is negative, NaN or infinite is refused."""
        table = require_rows(table, "inputs")
        knockouts = table_knockouts(network, table)
        table = input_columns(table)
        names = input_exchanges(network, [str(name) for name in table.columns], expected)
        lower, upper = network.uptake_bounds(names, numeric_values(table))
        knockouts.close(lower, upper)
        closed = knockouts.to_mask(lower.shape[1])
        return Conditions(torch.from_numpy(lower), torch.from_numpy(upper), closed=closed, exchanges=tuple(names))
