import warnings

import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.lifted_demands import LiftedDemandsWarning, lift_where_needed
from metagnn.models.constraint import SteadyState
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.predictor_setup import SampleTables
from metagnn.testing import toy_network
from tests.measured_cells import Table, cell, small, wasteful


def demanding(least: float) -> MetabolicNetwork:
    """Cells with a maintenance of at least `least`."""
    equations = {"EX_a": "a <=>", "r": "a -> 2 b", "maintain": "b -> ", "growth": "3 b ->"}
    bounds = {"EX_a": (-10, 1000), "maintain": (least, 1000)}
    return toy_network(equations, "growth", bounds, {"a": "C6H12O6N2", "b": "C3H6O3N"})


def frugal(maintenance: float = 0.5, seed: int = 0) -> tuple[Table, Table]:
    """Media, and measured growth and food of cells that need little."""
    random = np.random.default_rng(seed)
    food = random.uniform(2, 6, 16)
    growth = (2 * 0.9 * food - maintenance) / 3
    measured = Table({"growth": growth, "r": 0.9 * food})
    return Table({"EX_a": food}), measured * random.normal(1.0, 0.01, measured.shape)


def lifted(network: MetabolicNetwork, media: Table, measured: Table, **choices: object) -> bool:
    setup = small(network, **choices)._setup()
    tables = SampleTables(media, measured)
    return lift_where_needed(setup, setup.read_samples(tables), tables)[0].lifted


def test_a_demand_that_measured_cells_do_not_meet_is_lifted_and_said():
    media, measured = frugal()
    network = demanding(3.0)
    with pytest.warns(LiftedDemandsWarning, match=r"demands of toy.*fluxes are 0\.\d+ off, without them 0\.\d+"):
        assert lifted(network, media, measured)
    # A demand that no food meets leaves no flux at all.
    with pytest.warns(LiftedDemandsWarning, match="no flux of the model meets the demands of toy .* in 8 of 16 rows"):
        assert lifted(demanding(9.0), media, measured)


@pytest.mark.parametrize(
    ("network", "constraint"),
    [(demanding(0.3), "steady_state"), (cell(), "steady_state"), (demanding(3.0), SteadyState(energy="model"))],
    ids=["met", "no demand", "kept by choice"],
)
def test_a_demand_is_kept_where_it_is_met_or_the_user_says_so(network, constraint):
    media, measured = frugal() if "r" in network.reactions else wasteful()[::2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not lifted(network, media, measured, constraint=constraint)


def test_what_is_lifted_is_returned_with_its_samples():
    media, measured = frugal()
    network, tables = demanding(3.0), SampleTables(media, measured)
    setup = small(network)._setup()
    samples = setup.read_samples(tables)
    with pytest.warns(LiftedDemandsWarning):
        found, others = lift_where_needed(setup, samples, tables)
    at = network.reaction_index("maintain")
    assert (samples.conditions.lower[:, at] == 3.0).all()
    assert (others.conditions.lower[:, at] == 0.0).all()
    assert found.relaxed.bounds.lower[at] == 0.0
    assert setup.relaxed.bounds.lower[at] == 3.0
    torch.testing.assert_close(others.observed, samples.observed, equal_nan=True)
    kept = small(network, constraint=SteadyState(energy="model"))._setup()
    same, own = lift_where_needed(kept, samples, tables)
    assert same is kept
    assert own is samples


def test_a_predictor_lifts_what_its_targets_need_and_says_so_when_loaded(tmp_path):
    media, measured = frugal()
    network = demanding(3.0)
    with pytest.warns(LiftedDemandsWarning):
        model = small(network).fit(media, measured)
    at = network.reaction_index("maintain")
    fluxes = model.predict(media)
    assert fluxes["maintain"].max() < 2.0
    assert fluxes["growth"].sub(measured["growth"]).abs().max() < 0.1
    assert model.network_.bounds.lower[at] == 0.0
    assert network.bounds.lower[at] == 3.0
    assert model.diagnose(media)["max_bound_violation"].max() <= 1e-9
    model.save(tmp_path)
    loaded = FluxPredictor.load(tmp_path, network)
    assert loaded.network_.bounds.lower[at] == 0.0
    pd.testing.assert_frame_equal(loaded.predict(media), fluxes, check_exact=True)
    kept = small(network, constraint=SteadyState(energy="model")).fit(media, measured)
    assert kept.predict(media)["maintain"].min() >= 3.0 - 1e-9
    assert kept.errors_.loc["prediction", "training samples"] > 2 * model.errors_.loc["prediction", "training samples"]
