import logging
import signal
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from metagnn.datasets import FluxBatch
from metagnn.errors import FolderError
from metagnn.models import FluxPrediction
from metagnn.progress import _PipeLines
from metagnn.training import Checkpoints, Objective, TrainingConfig, default_objective, fit_fluxes

FIVE = TrainingConfig(epochs=5, batch_size=7, learning_rate=0.02)


class KilledError(Exception):
    """The run ends here."""


class Tripwire(nn.Module):
    """A term that is nothing until some call, and then ends the run as a kill would: in the middle of an epoch."""

    def __init__(self, calls: int, error: type[BaseException] = KilledError) -> None:
        super().__init__()
        self.left, self.error = calls, error

    def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> Tensor:
        self.left -= 1
        if self.left < 0:
            raise self.error
        return prediction.fluxes.new_zeros(())


@pytest.fixture
def objective(toy, samples: FluxBatch) -> Objective:
    return default_objective(toy, "steady_state", samples.scale(growth_index=5), FIVE)


def with_tripwire(objective: Objective, calls: int, error: type[BaseException] = KilledError) -> Objective:
    terms = {name: (objective.weights[name], term) for name, term in objective.terms.items()}
    return Objective({**terms, "tripwire": (0.0, Tripwire(calls, error))})


def fluxes(model: nn.Module, samples: FluxBatch) -> Tensor:
    with torch.no_grad():
        return model(samples.conditions).fluxes


@pytest.fixture
def trained(make_model, objective, samples) -> Tensor:
    model = make_model()
    fit_fluxes(model, objective, samples, FIVE)
    return fluxes(model, samples)


def test_it_learns_and_tells_every_term_of_every_epoch(make_model, objective, samples):
    model = make_model()
    before = fluxes(model, samples)
    config = TrainingConfig(epochs=30, batch_size=7, learning_rate=0.03)
    history = fit_fluxes(model, objective, samples, config)
    assert list(history.columns) == ["epoch", "loss", "flux_error", "bound_violation"]
    assert history["epoch"].tolist() == list(range(30))
    assert np.isfinite(history.to_numpy()).all()
    assert np.allclose(history["loss"], history["flux_error"] + 1e-3 * history["bound_violation"], rtol=1e-5)
    assert history["loss"].iloc[-1] < 0.2 * history["loss"].iloc[0]
    error = [(v - samples.observed).square().mean().item() for v in (before, fluxes(model, samples))]
    assert error[1] < 0.5 * error[0]
    assert not model.training


def test_the_first_epoch_of_one_batch_reports_the_untrained_loss(make_model, objective, samples):
    model = make_model()
    total, _ = objective(model(samples.conditions), samples)
    history = fit_fluxes(model, objective, samples, TrainingConfig(epochs=1, batch_size=20))
    assert history["loss"][0] == pytest.approx(total.item(), rel=1e-5)


def test_the_same_seed_gives_the_same_model_and_another_another(make_model, objective, samples, trained):
    models = [make_model() for _ in range(2)]
    for model, seed in zip(models, (0, 1), strict=True):
        fit_fluxes(model, objective, samples, FIVE, seed=seed)
    assert torch.equal(fluxes(models[0], samples), trained)
    assert not torch.allclose(fluxes(models[1], samples), trained, atol=1e-6)


@pytest.fixture
def set_threads() -> Iterator[Callable[[int], None]]:
    threads = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(threads)


def test_the_result_does_not_depend_on_the_threads_at_hand(make_model, objective, samples, set_threads):
    models = [make_model(hidden_channels=8) for _ in range(2)]
    answers = []
    for threads, model in zip((1, 2), models, strict=True):
        set_threads(threads)
        fit_fluxes(model, objective, samples, TrainingConfig(epochs=10, batch_size=7))
        assert torch.get_num_threads() == threads
        answers.append(fluxes(model, samples))
    assert torch.allclose(*answers, rtol=0, atol=1e-9)


@pytest.mark.parametrize("calls", [3, 8, 14])
def test_a_killed_run_resumes_to_where_it_would_have_come(make_model, objective, samples, trained, tmp_path, calls):
    checkpoints = Checkpoints(tmp_path / "run", resume=True, every=1)
    with pytest.raises(KilledError):
        fit_fluxes(make_model(), with_tripwire(objective, calls), samples, FIVE, checkpoints=checkpoints)
    assert checkpoints.path.is_file()
    # Three batches make an epoch, and every epoch a checkpoint.
    resumed, steps = make_model(), with_tripwire(objective, 15 - 3 * (calls // 3))
    history = fit_fluxes(resumed, steps, samples, FIVE, checkpoints=checkpoints)
    assert torch.equal(fluxes(resumed, samples), trained)
    # Nothing was computed twice that had been saved, and nothing left out.
    assert steps.terms["tripwire"].left == 0
    assert history["epoch"].tolist() == list(range(5))
    whole = fit_fluxes(make_model(), objective, samples, FIVE)
    pd.testing.assert_frame_equal(history[whole.columns], whole)


def test_a_run_that_is_complete_resumes_to_itself(make_model, objective, samples, trained, tmp_path):
    checkpoints = Checkpoints(tmp_path, resume=True, every=1)
    history = fit_fluxes(make_model(), objective, samples, FIVE, checkpoints=checkpoints)
    model = make_model()
    again = fit_fluxes(model, with_tripwire(objective, 0), samples, FIVE, checkpoints=checkpoints)
    assert torch.equal(fluxes(model, samples), trained)
    pd.testing.assert_frame_equal(again, history)


def test_without_resume_an_old_checkpoint_is_replaced(make_model, objective, samples, trained, tmp_path):
    fit_fluxes(make_model(), objective, samples, FIVE, seed=3, checkpoints=Checkpoints(tmp_path, every=2))
    model = make_model()
    fit_fluxes(model, objective, samples, FIVE, checkpoints=Checkpoints(tmp_path, every=2))
    assert torch.equal(fluxes(model, samples), trained)
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


def test_a_damaged_checkpoint_is_refused_and_none_means_a_fresh_start(
    make_model, objective, samples, trained, tmp_path
):
    checkpoints = Checkpoints(tmp_path, resume=True, every=1)
    model = make_model()
    fit_fluxes(model, objective, samples, FIVE, checkpoints=checkpoints)
    assert torch.equal(fluxes(model, samples), trained)
    checkpoints.path.write_bytes(checkpoints.path.read_bytes()[:-20])
    with pytest.raises(FolderError, match=r"last.ckpt' is damaged"):
        fit_fluxes(make_model(), objective, samples, FIVE, checkpoints=checkpoints)


def test_a_killed_run_that_watches_validation_samples_resumes_to_where_it_would_have_come(
    make_model, objective, samples, tmp_path
):
    config = TrainingConfig(epochs=5, batch_size=7, learning_rate=0.02, validation_fraction=0.25, patience=4)
    whole, resumed, checkpoints = make_model(), make_model(), Checkpoints(tmp_path, resume=True, every=1)
    history = fit_fluxes(whole, objective, samples, config)
    with pytest.raises(KilledError):
        fit_fluxes(make_model(), with_tripwire(objective, 11), samples, config, checkpoints=checkpoints)
    again = fit_fluxes(resumed, objective, samples, config, checkpoints=checkpoints)
    assert torch.equal(fluxes(resumed, samples), fluxes(whole, samples))
    pd.testing.assert_frame_equal(again[history.columns], history)


def test_the_checkpoint_of_another_run_is_refused(make_model, objective, samples, tmp_path):
    checkpoints = Checkpoints(tmp_path, resume=True, every=1)
    fit_fluxes(make_model(), objective, samples, FIVE, checkpoints=checkpoints)
    with pytest.raises(FolderError, match="the checkpoint is of another model; resume with the settings"):
        fit_fluxes(make_model(hidden_channels=5), objective, samples, FIVE, checkpoints=checkpoints)
    longer = TrainingConfig(epochs=7, batch_size=7, learning_rate=0.02)
    with pytest.raises(FolderError, match="the checkpoint is of 15 steps, not 21"):
        fit_fluxes(make_model(), objective, samples, longer, checkpoints=checkpoints)


def test_early_stopping_stops_what_no_longer_improves(make_model, samples):
    class Flat(nn.Module):
        def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> Tensor:
            return 1.0 + 0.0 * prediction.fluxes.sum()

    config = TrainingConfig(epochs=20, validation_fraction=0.25, patience=3)
    history = fit_fluxes(make_model(), Objective({"flat": (1.0, Flat())}), samples, config)
    assert len(history) == 4
    assert list(history.columns) == ["epoch", "validation_loss", "validation_flat", "loss", "flat"]


def test_early_stopping_lets_run_what_improves(make_model, objective, samples):
    config = TrainingConfig(epochs=6, learning_rate=0.01, validation_fraction=0.25, patience=3)
    history = fit_fluxes(make_model(), objective, samples, config)
    assert len(history) == 6
    assert history["validation_loss"].iloc[-1] < history["validation_loss"].iloc[0]


def test_validation_samples_are_not_trained_on(make_model, objective, samples):
    seen = []

    class Watch(nn.Module):
        def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> Tensor:
            seen.append((prediction.fluxes.requires_grad, batch.conditions.lower[:, 0].tolist()))
            return prediction.fluxes.new_zeros(())

    watched = Objective({"flux_error": (1.0, objective.terms["flux_error"]), "watch": (0.0, Watch())})
    fit_fluxes(make_model(), watched, samples, TrainingConfig(epochs=3, batch_size=4, validation_fraction=0.3), seed=2)
    trained_on = {uptake for training, batch in seen if training for uptake in batch}
    watched_on = {uptake for training, batch in seen if not training for uptake in batch}
    assert (len(trained_on), len(watched_on)) == (14, 6)
    assert not trained_on & watched_on


def test_a_fraction_that_rounds_to_nothing_holds_nothing_out(make_model, objective, samples):
    history = fit_fluxes(make_model(), objective, samples, TrainingConfig(epochs=1, validation_fraction=0.01))
    assert "validation_loss" not in history


def test_random_states_logs_and_warnings_are_left_as_they_were(make_model, objective, samples, tmp_path, capfd):
    states = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    levels = [logging.getLogger(name).level for name in ("lightning.pytorch", "lightning.fabric")]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # torch's own, on any model: nothing that a user could do about it.
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        fit_fluxes(make_model(), objective, samples, FIVE, checkpoints=Checkpoints(tmp_path))
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.random.get_state()[1].tolist() == states[1]  # noqa: NPY002
    assert [logging.getLogger(name).level for name in ("lightning.pytorch", "lightning.fabric")] == levels
    assert capfd.readouterr() == ("", "")


def test_progress_is_shown_on_request(make_model, objective, samples, monkeypatch, capfd):
    monkeypatch.setattr(_PipeLines, "wait", 0.0)
    fit_fluxes(make_model(), objective, samples, FIVE, progress=True)
    assert "epochs: 5 of 5" in "".join(capfd.readouterr())


def test_an_interrupt_is_an_interrupt_and_not_the_last(make_model, objective, samples):
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        fit_fluxes(make_model(), with_tripwire(objective, 4, KeyboardInterrupt), samples, FIVE)
    assert signal.getsignal(signal.SIGINT) is handler


def test_an_exit_is_an_exit(make_model, objective, samples):
    with pytest.raises(SystemExit):
        fit_fluxes(make_model(), with_tripwire(objective, 4, SystemExit), samples, FIVE)


def test_a_watch_looks_every_fifth_epoch_and_at_the_last_and_changes_nothing(make_model, objective, samples):
    config = TrainingConfig(epochs=8, batch_size=7, learning_rate=0.02)
    looked: list[Tensor] = []

    def watch(model: nn.Module) -> dict[str, float]:
        looked.append(model(samples.conditions).fluxes)
        return {"first": looked[-1][0, 0].item()}

    watched, plain = make_model(), make_model()
    history = fit_fluxes(watched, objective, samples, config, watch=watch)
    pd.testing.assert_frame_equal(history.drop(columns="first"), fit_fluxes(plain, objective, samples, config))
    assert torch.equal(fluxes(watched, samples), fluxes(plain, samples))
    assert np.flatnonzero(history["first"].notna()).tolist() == [0, 5, 7]
    assert history["first"].dropna().tolist() == [seen[0, 0].item() for seen in looked]
    assert torch.equal(looked[-1], fluxes(watched, samples))
    assert not any(seen.requires_grad for seen in looked)


def test_what_was_watched_is_kept_by_a_checkpoint(make_model, objective, samples, tmp_path):
    def watch(model: nn.Module) -> dict[str, float]:
        return {"first": fluxes(model, samples)[0, 0].item()}

    config = TrainingConfig(epochs=7, batch_size=7, learning_rate=0.02)
    checkpoints = Checkpoints(tmp_path, resume=True, every=1)
    with pytest.raises(KilledError):
        fit_fluxes(make_model(), with_tripwire(objective, 11), samples, config, checkpoints=checkpoints, watch=watch)
    resumed = fit_fluxes(make_model(), objective, samples, config, checkpoints=checkpoints, watch=watch)
    whole = fit_fluxes(make_model(), objective, samples, config, watch=watch)
    pd.testing.assert_frame_equal(resumed[whole.columns], whole)


def test_a_soft_model_learns_too(toy, make_model, samples):
    config = TrainingConfig(epochs=5, batch_size=7, learning_rate=0.02)
    model = make_model("soft")
    history = fit_fluxes(model, default_objective(toy, "soft", samples.scale(), config), samples, config)
    assert list(history.columns[1:]) == ["loss", "flux_error", "carbon_balance", "nitrogen_balance", "steady_state"]
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    out = fluxes(model, samples)
    assert bool(((out >= samples.conditions.lower) & (out <= samples.conditions.upper)).all())
