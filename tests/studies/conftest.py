"""The experiments in small: three epochs, small models, few test samples; the code is that of the large ones."""

import dataclasses
import json
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from metagnn.models import FluxGNNConfig
from metagnn.predictor import FluxPredictor
from metagnn.studies.harness import measured_rates
from metagnn.studies.harness.measured_rates import CO2, MeasuredRates, RatesTask, draw_task
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.paper import composition, hidden_co2, less_data, reproduce
from metagnn.studies.paper.labelled_fluxes import LabelledFluxes
from metagnn.studies.rivals import rate_rivals
from metagnn.studies.rivals.problem import Effort
from metagnn.training import TrainingConfig

EPOCHS, TEST_SAMPLES = 3, 12


def quick_predictor(*args: Any, training: TrainingConfig | None = None, **kwargs: Any) -> FluxPredictor:
    """The predictor of an experiment with three epochs."""
    return FluxPredictor(*args, training=dataclasses.replace(training or TrainingConfig(), epochs=EPOCHS), **kwargs)


def make_small(patch: pytest.MonkeyPatch) -> None:
    tiny = partial(FluxGNNConfig, hidden_channels=4, num_layers=1, steps=4)
    patch.setattr(rate_rivals, "FluxPredictor", quick_predictor)
    patch.setattr(rate_rivals, "FluxGNNConfig", tiny)
    patch.setattr(less_data, "FluxPredictor", partial(quick_predictor, config=tiny()))
    for name in ("TUNED", "AS_DESCRIBED"):
        patch.setattr(rate_rivals, name, dataclasses.replace(getattr(rate_rivals, name), epochs=EPOCHS))
    patch.setattr(less_data, "TUNED", rate_rivals.TUNED)
    patch.setattr(less_data, "MLP_STEPS", EPOCHS)
    patch.setattr(less_data, "QUICK_SIZES", (10, 12))
    for module in (measured_rates, hidden_co2, less_data):
        patch.setattr(module, "TEST_SAMPLES", TEST_SAMPLES)
    # Their default is bound already.
    for module in (hidden_co2, composition):
        patch.setattr(module, "TRAIN_SAMPLES", TEST_SAMPLES)
        patch.setattr(module, "draw_task", partial(draw_task, samples=TEST_SAMPLES))


def small_form(experiment: LabelledFluxes) -> LabelledFluxes:
    """The experiment with few samples and three epochs."""
    samples = dataclasses.replace(experiment.samples, train_samples=12, test_samples=20)
    training = TrainingConfig(epochs=EPOCHS)
    return dataclasses.replace(experiment, samples=samples, effort=Effort(training, mlp_training=training))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    make_small(monkeypatch)


@pytest.fixture(scope="session")
def store() -> SampleStore:
    return SampleStore()


@pytest.fixture(scope="session")
def make_task(store: SampleStore) -> Callable[..., RatesTask]:
    """A task of twelve training and twelve test samples."""

    def make(hidden: tuple[str, ...] = (CO2,), known: bool = True, seed: int = 0) -> RatesTask:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(measured_rates, "TEST_SAMPLES", TEST_SAMPLES)
            return draw_task(store, seed, hidden, TEST_SAMPLES, known)

    return make


@pytest.fixture(scope="session")
def without_noise() -> Callable[[RatesTask], RatesTask]:
    """The same task, its rates and growth as they are."""

    def exact(samples: MeasuredRates) -> MeasuredRates:
        truth = samples.truth
        return MeasuredRates(truth, truth[list(samples.rates)], truth[list(samples.growth)])

    return lambda task: dataclasses.replace(task, train=exact(task.train), test=exact(task.test))


@pytest.fixture(scope="session")
def tampered() -> Callable[[RatesTask], RatesTask]:
    """The same measurements with another truth behind them, and other rates where nothing was measured."""

    def tamper(task: RatesTask) -> RatesTask:
        def other(samples: MeasuredRates) -> MeasuredRates:
            rates = samples.rates.copy()
            rates[[name for name in rates if name not in task.inputs]] = 1e3
            return MeasuredRates(3 * samples.truth + 7, rates, samples.growth)

        return dataclasses.replace(task, train=other(task.train), test=other(task.test))

    return tamper


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Folder and `results.json` of every experiment with every contestant, in small."""
    folder = tmp_path_factory.mktemp("whole") / "out"
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch)
        experiments = tuple(small_form(e) if isinstance(e, LabelledFluxes) else e for e in reproduce.EXPERIMENTS)
        patch.setattr(reproduce, "EXPERIMENTS", experiments)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "the data do not determine")
            reproduce.reproduce(folder, "quick", jobs=1)
    return folder, json.loads((folder / "results.json").read_text())
