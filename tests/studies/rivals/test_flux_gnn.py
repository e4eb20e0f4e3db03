import numpy as np
import pytest

from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.studies.extrapolation.source import SparseMedia
from metagnn.studies.harness.samples import Samples, SampleStore
from metagnn.studies.rivals.flux_gnn import predict_under, train_flux_gnn
from metagnn.studies.rivals.problem import QUICK


@pytest.fixture(scope="module")
def samples() -> Samples:
    return SparseMedia(24).samples(SampleStore(), 0)


@pytest.fixture(scope="module")
def predictor(core: MetabolicNetwork, samples: Samples) -> FluxPredictor:
    return train_flux_gnn(core, samples, "polytope", QUICK, 3)


def test_the_effort_and_the_seed_reach_the_predictor(predictor: FluxPredictor) -> None:
    assert (predictor.training, predictor.config) == (QUICK.training, QUICK.config)
    assert (predictor.constraint, predictor.seed, len(predictor.history_)) == ("polytope", 3, 2)


def test_the_same_weights_answer_under_another_constraint(
    core: MetabolicNetwork, samples: Samples, predictor: FluxPredictor
) -> None:
    exact = predictor.predict(samples.media)
    balanced = predict_under(predictor, "steady_state", samples.media).to_numpy()
    # The predictor answers as before: under its own constraint.
    np.testing.assert_array_equal(predictor.predict(samples.media), exact)
    np.testing.assert_array_equal(predict_under(predictor, "polytope", samples.media), exact)
    assert not np.allclose(balanced, exact)
    alike = train_flux_gnn(core, samples, "steady_state", QUICK, 3)
    np.testing.assert_allclose(balanced, alike.predict(samples.media), atol=1e-9)
