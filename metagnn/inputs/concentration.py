"""Inputs of "concentration": how much of every nutrient a medium holds, where no uptake was ever measured."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from metagnn.inputs.max_uptake import MaxUptake
from metagnn.inputs.present import Present
from metagnn.network.conditions import Conditions
from metagnn.network.metabolic_network import MetabolicNetwork


class Concentration(Present):
    r"""Concentrations in media: columns are exchanges or substances, values ≥ 0 [mM].

    As `Present`, with uptakes that saturate: $u\,c/(K + c)$ with a K for every substrate, learned too.
    """

    name = "concentration"
    saturates = True

    def read(self, network: MetabolicNetwork, table: pd.DataFrame, expected: Sequence[str] | None = None) -> Conditions:
        """See the base class; a concentration that is negative, NaN or infinite is refused."""
        return MaxUptake.read(self, network, table, expected)
