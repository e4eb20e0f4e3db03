"""A fitted predictor of every kind: copies, threads, worker processes, and another default of torch's numbers."""

import copy
import pickle
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.datasets import uniform_media
from metagnn.datasets.flux_batch import FluxBatch
from metagnn.fba import simulate_fluxes
from metagnn.models import BalanceMLP, BalanceMLPConfig, FluxGNNConfig, MediumGNNConfig
from metagnn.network import MetabolicNetwork
from metagnn.network.conditions import Conditions
from metagnn.predictor import FluxPredictor
from metagnn.studies.rivals.feed_forward import FeedForward, FeedForwardConfig
from metagnn.training import TrainingConfig
from tests.copies_and_threads import in_threads, in_workers
from tests.toy_samples import toy as toy

CONFIG = FluxGNNConfig(hidden_channels=4, num_layers=2, steps=6)
GLC, O2 = "EX_glc__D_e", "EX_o2_e"
SAMPLES = 12

CASES = {
    "steady_state": {"constraint": "steady_state"},
    "soft": {"constraint": "soft"},
    "polytope": {"constraint": "polytope"},
    "rates": {"inputs": "rates"},
    "elemental": {"inputs": "rates", "composition": "elemental"},
    "present": {"inputs": "present", "config": MediumGNNConfig(hidden_channels=4, num_layers=1)},
}

Table = pd.DataFrame


@dataclass(frozen=True)
class Source:
    """A network with inputs of every kind and the fluxes to learn."""

    network: MetabolicNetwork
    inputs: dict[str, Table]
    targets: Table


@pytest.fixture(scope="module")
def sources(toy: MetabolicNetwork, core: MetabolicNetwork) -> dict[str, Source]:
    """A toy, which is fast; and a network whose biomass can change its carbon alone."""
    made = {}
    for network, names in ((toy, ("EX_a", "EX_o")), (core, (GLC, O2))):
        media = uniform_media(dict.fromkeys(names, (3, 10)), SAMPLES)
        fluxes = simulate_fluxes(network, media).fluxes
        held = Table(dict(zip(names, ([1.0] * SAMPLES, [0.0, 1.0] * (SAMPLES // 2)), strict=True)))
        inputs = {"max_uptake": media, "rates": fluxes[list(names)], "present": held}
        made[network.id] = Source(network, inputs, fluxes[[network.growth_reaction, names[1]]])
    return made


def fit(sources: dict[str, Source], case: str) -> tuple[FluxPredictor, Table]:
    """A predictor of a case, fitted for an epoch, and its inputs."""
    source = sources["e_coli_core" if case == "elemental" else "toy"]
    made = FluxPredictor(source.network, **({"config": CONFIG, "training": TrainingConfig(epochs=1)} | CASES[case]))
    inputs, targets = source.inputs[made.inputs], source.targets
    if made.inputs == "present":
        targets = targets[[made.growth_reaction]]
    with warnings.catch_warnings():
        # After one epoch of a few samples, a composition is not determined.
        warnings.simplefilter("ignore", UserWarning)
        return made.fit(inputs, targets), inputs


@pytest.fixture(scope="module", params=CASES)
def fitted(request: pytest.FixtureRequest, sources: dict[str, Source]):
    return fit(sources, request.param)


def same(one: Table, other: Table) -> None:
    pd.testing.assert_frame_equal(one, other, check_exact=True)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))])
def test_a_copy_predicts_the_same_to_the_last_bit(fitted, duplicate):
    predictor, inputs = fitted
    expected = predictor.predict(inputs)
    copied = duplicate(predictor)
    same(copied.predict(inputs), expected)
    same(copied.diagnose(inputs), predictor.diagnose(inputs))
    same(copied.history_, predictor.history_)
    assert copied.network.fingerprint == predictor.network.fingerprint
    # One that has not predicted yet, and therefore made nothing for it.
    same(duplicate(copied).predict(inputs), expected)


def test_worker_processes_predict_the_same_to_the_last_bit(fitted):
    predictor, inputs = fitted
    parts = [inputs.iloc[:5], inputs.iloc[5:]]
    for part, predicted in zip(parts, in_workers(predictor.predict, parts), strict=True):
        same(predicted, predictor.predict(part))


def test_threads_predict_the_same_to_the_last_bit(fitted):
    predictor, inputs = fitted
    items = [inputs.iloc[[row % SAMPLES]] for row in range(240)]
    expected = [predictor.predict(item) for item in items[:SAMPLES]]
    # A copy, on which the threads meet with nothing made yet.
    for row, predicted in enumerate(in_threads(copy.deepcopy(predictor).predict, items)):
        same(predicted, expected[row % SAMPLES])


@pytest.fixture
def float64() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("case", CASES)
def test_it_learns_where_float64_is_the_default_as_it_does_in_float32(sources, case, float64):
    wide, inputs = fit(sources, case)
    predicted = wide.predict(inputs)
    assert {parameter.dtype for parameter in wide.model.parameters()} == {torch.float64}
    assert np.isfinite(wide.history_.to_numpy()).all()
    torch.set_default_dtype(torch.float32)
    # Predictions do not depend on the default that they are asked under.
    same(wide.predict(inputs), predicted)
    single, _ = fit(sources, case)
    there = predicted.notna().to_numpy()
    assert (there == single.predict(inputs).notna().to_numpy()).all()
    assert there.any()
    # Initial weights are other draws: what is shared is the task, not the digits.
    assert np.isfinite(wide.history_["loss"].iloc[-1] / single.history_["loss"].iloc[-1])
    torch.set_default_dtype(torch.float64)
    expected = fit(sources, case)[0].predict(inputs)
    same(expected, predicted)


def test_feed_forward_rivals_compute_in_the_default(core: MetabolicNetwork, float64):
    media = uniform_media({GLC: (3, 10), O2: (5, 20)}, SAMPLES)
    fluxes = torch.from_numpy(simulate_fluxes(core, media).fluxes.to_numpy())
    lower, upper = map(torch.from_numpy, core.uptake_bounds([GLC, O2], media.to_numpy()))
    conditions = Conditions(lower, upper, measured=fluxes)
    plain = FeedForward(core, FluxBatch(conditions, fluxes), FeedForwardConfig(4))
    heads = BalanceMLP(core, (GLC, O2), fluxes, BalanceMLPConfig(4, ("co2", "internal")))
    for model in (plain, heads):
        assert {tensor.dtype for tensor in model.state_dict().values() if tensor.is_floating_point()} == {torch.float64}
        assert torch.isfinite(model(conditions).fluxes).all()
