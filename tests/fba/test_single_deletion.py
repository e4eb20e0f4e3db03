import cobra.flux_analysis
import cobra.io
import numpy as np
import pandas as pd
import pytest

from metagnn.errors import TableError
from metagnn.fba import dispensable_reactions
from metagnn.testing import toy_network


def test_a_detour_can_go_and_a_bottleneck_cannot() -> None:
    network = toy_network(
        {"EX_a": "a <=>", "in": "a -> b", "one": "b -> c", "other": "b -> c", "idle": "c -> b", "cost": "b -> a",
         "growth": "c ->"},
        objective="growth",
        bounds={"cost": (1.0, 5.0)},
    )  # fmt: skip
    media = pd.DataFrame({"sample": ["poor", "rich"], "EX_a": [0.0, 3.0]})
    assert dispensable_reactions(network, media) == ("one", "other", "idle")
    with pytest.raises(TableError, match="toy does not grow on the largest uptakes"):
        dispensable_reactions(network, media[:1])


def test_those_that_cobra_finds_viable(core) -> None:
    media = pd.DataFrame({"EX_glc__D_e": [10.0, 2.0], "EX_o2_e": [5.0, 20.0]})
    model = cobra.io.load_model("textbook")
    model.reactions.EX_glc__D_e.lower_bound, model.reactions.EX_o2_e.lower_bound = -10.0, -20.0
    wild_type = model.slim_optimize()
    growth = cobra.flux_analysis.single_reaction_deletion(model, processes=1)
    by_name = {next(iter(ids)): value for ids, value in zip(growth["ids"], growth["growth"], strict=True)}
    internal = [name for name in core.reactions if name not in (*core.exchanges, core.growth_reaction, "ATPM")]
    expected = tuple(name for name in internal if np.nan_to_num(by_name[name]) >= 0.01 * wild_type)
    assert dispensable_reactions(core, media) == expected
