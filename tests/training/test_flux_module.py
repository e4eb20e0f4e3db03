import pytest
import torch
from torch import nn

from metagnn.datasets import FluxBatch
from metagnn.errors import FolderError
from metagnn.models import FluxPrediction
from metagnn.training import FluxModule, TrainingConfig, default_objective


class Recorder(nn.Module):
    """A model of one number that keeps what it is called with."""

    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.calls: list[tuple] = []

    def forward(self, lower, upper, measured=None, deviation=None) -> FluxPrediction:
        self.calls.append((lower, upper, measured, deviation))
        return FluxPrediction(lower.clamp(-5, 5) + self.shift, 5)


@pytest.fixture
def module(toy, samples: FluxBatch) -> FluxModule:
    config = TrainingConfig(learning_rate=0.1, weight_decay=0.03)
    objective = default_objective(toy, "soft", samples.scale(), config)
    return FluxModule(Recorder(), objective, config, total_steps=20)


@pytest.mark.parametrize(("step", "prefix"), [("training_step", ""), ("validation_step", "validation_")])
def test_the_loss_is_the_objective_and_every_term_is_logged_by_name(module, samples, monkeypatch, step, prefix):
    logged = {}

    def log(terms, **settings):
        logged.update(terms)
        assert settings == {"on_step": False, "on_epoch": True, "batch_size": len(samples)}

    monkeypatch.setattr(module, "log_dict", log)
    loss = getattr(module, step)(samples, 0)
    total, terms = module.objective(module.model(samples.lower, samples.upper), samples)
    assert torch.equal(loss, total)
    assert loss.requires_grad
    assert logged.keys() == {prefix + name for name in ("loss", *terms)}
    assert logged[prefix + "loss"].item() == total.item()
    assert all(logged[prefix + name].item() == value.item() for name, value in terms.items())
    assert not any(value.requires_grad for value in logged.values())


def test_the_model_sees_bounds_and_measurements_but_no_targets(module, samples, monkeypatch):
    monkeypatch.setattr(module, "log_dict", lambda *_, **__: None)
    rates = FluxBatch(samples.lower, samples.upper, samples.observed, samples.lower + 1, samples.lower + 2)
    module.training_step(samples, 0)
    module.training_step(rates, 0)
    assert module.model.calls[0] == (samples.lower, samples.upper, None, None)
    assert all(seen is sent for seen, sent in zip(
        module.model.calls[1], (rates.lower, rates.upper, rates.measured, rates.deviation), strict=True
    ))  # fmt: skip


def test_adamw_runs_through_one_cycle(module):
    settings = module.configure_optimizers()
    optimizer, schedule = settings["optimizer"], settings["lr_scheduler"]
    assert isinstance(optimizer, torch.optim.AdamW)
    assert optimizer.param_groups[0]["weight_decay"] == 0.03
    assert [p for group in optimizer.param_groups for p in group["params"]] == list(module.model.parameters())
    assert schedule["interval"] == "step"
    rates = []
    for _ in range(20):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule["scheduler"].step()
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(0.1)
    assert 0 < peak < 19
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] < 1e-3 * max(rates)


def test_a_checkpoint_knows_its_run(module):
    checkpoint = {"state_dict": module.state_dict()}
    module.on_save_checkpoint(checkpoint)
    module.on_load_checkpoint(checkpoint)
    with pytest.raises(FolderError, match="the checkpoint is of 7 steps, not 20; resume with the settings"):
        module.on_load_checkpoint(checkpoint | {"total_steps": 7})
    with pytest.raises(FolderError, match="the checkpoint is of another model"):
        module.on_load_checkpoint(checkpoint | {"state_dict": {"model.shift": torch.zeros(2)}})
