import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from metagnn.datasets import FluxBatch
from metagnn.errors import FolderError
from metagnn.models import FluxPrediction
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.network.conditions import Conditions
from metagnn.nn import BiomassComposition
from metagnn.training import FluxModule, Objective, TrainingConfig, default_objective, fit_fluxes


class Recorder(AbstractFluxModel):
    """A model of one number that keeps what it is called with."""

    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.growth_index = 5
        self.calls: list[Conditions] = []

    def forward(self, conditions: Conditions) -> FluxPrediction:
        self.calls.append(conditions)
        return FluxPrediction(conditions.lower.clamp(-5, 5) + self.shift, self.growth_index)


@pytest.fixture
def module(toy, samples: FluxBatch) -> FluxModule:
    config = TrainingConfig(learning_rate=0.1, weight_decay=0.03)
    objective = default_objective(toy, "soft", samples.scale(), config)
    return FluxModule(Recorder(), objective, config, rounds=[20])


class Weighed(nn.Module):
    """A term that keeps what it was, and how many samples it was of."""

    def __init__(self, term: nn.Module) -> None:
        super().__init__()
        self.term = term
        self.seen: list[tuple[int, float, bool]] = []

    def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> Tensor:
        value = self.term(prediction, batch)
        self.seen.append((len(batch), value.item(), value.requires_grad))
        return value


@pytest.mark.parametrize("fraction", [0.0, 0.4])
def test_the_history_of_an_epoch_is_the_mean_of_its_batches_by_their_samples(toy, samples, fraction):
    config = TrainingConfig(epochs=4, batch_size=7, learning_rate=0.1, validation_fraction=fraction)
    plain = default_objective(toy, "soft", samples.scale(), config)
    objective = Objective({name: (plain.weights[name], Weighed(term)) for name, term in plain.terms.items()})
    history = fit_fluxes(Recorder(), objective, samples, config)
    # Twenty samples are batches of 7, 7 and 6; twelve of 7 and 5, and eight are watched at once.
    per_epoch = {"": [7, 7, 6]} if fraction == 0.0 else {"": [7, 5], "validation_": [8]}
    for prefix, sizes in per_epoch.items():
        total = np.zeros(config.epochs)
        for name, term in objective.terms.items():
            seen = [(count, value) for count, value, training in term.seen if training == (prefix == "")]
            counts, values = (np.array(column).reshape(config.epochs, len(sizes)) for column in zip(*seen, strict=True))
            assert counts.tolist() == [sizes] * config.epochs
            expected = (counts * values).sum(axis=1) / sum(sizes)
            np.testing.assert_allclose(history[prefix + name], expected, rtol=1e-5)
            total += objective.weights[name] * expected
        np.testing.assert_allclose(history[prefix + "loss"], total, rtol=1e-5)
    names = {prefix + name for prefix in per_epoch for name in ("loss", *objective.terms)}
    assert set(history.columns) == names | {"epoch"}


def test_the_model_sees_bounds_and_measurements_but_no_targets(toy, samples):
    told = samples.conditions
    told = dataclasses.replace(told, measured=told.lower + 1, deviation=told.lower + 2, exchanges=("EX_a", "EX_o"))
    rates = dataclasses.replace(samples, conditions=told)
    config = TrainingConfig(epochs=1, batch_size=20)
    for batch in (samples, rates):
        model = Recorder()
        fit_fluxes(model, default_objective(toy, "soft", samples.scale(), config), batch, config)
        (conditions,) = model.calls
        seen, sent = (told.rows(told.lower[:, 0].argsort()) for told in (conditions, batch.conditions))
        for name in ("lower", "upper", "measured", "deviation"):
            one, other = getattr(seen, name), getattr(sent, name)
            assert (one is None) == (other is None)
            assert other is None or torch.equal(one, other)
        assert seen.exchanges == sent.exchanges


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


class Apart(AbstractFluxModel):
    """One weight beside an "elemental" composition; only what is asked for takes part in the growth."""

    def __init__(self, network, used: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3, dtype=torch.float64))
        self.composition = BiomassComposition(network, "elemental")
        self.used, self.growth_index = used, self.composition.growth_index

    def forward(self, conditions: Conditions) -> FluxPrediction:
        fluxes = torch.ones_like(conditions.lower) * self.weight.sum()
        return FluxPrediction(fluxes, self.growth_index, self.composition.change() if self.used else None)


class Silent(nn.Module):
    """Nothing, and nothing to learn of the composition."""

    def __init__(self, model: Apart) -> None:
        super().__init__()
        # In a list, so that the objective does not hold the parameters too.
        self.model = [model]

    def forward(self, prediction: FluxPrediction, batch: FluxBatch) -> Tensor:
        return 0.0 * self.model[0].composition.raw.sum()


@pytest.fixture
def core_samples(core) -> FluxBatch:
    lower, upper = (torch.from_numpy(bounds.copy()).expand(8, -1) for bounds in (core.bounds.lower, core.bounds.upper))
    random = torch.Generator().manual_seed(0)
    return FluxBatch(Conditions(lower, upper), torch.randn(lower.shape, generator=random, dtype=torch.float64))


def test_sgd_is_plain_gradient_descent(core, core_samples):
    config = TrainingConfig(
        epochs=1, optimizer="sgd", learning_rate=1e-3, composition_learning_rate=1e-5, weight_decay=0, gradient_clip=1e9
    )
    objective = default_objective(core, "soft", core_samples.scale(), config)
    model = Apart(core)
    model.composition.reset_contents(30.0, 7.0)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    total, _ = objective(model(core_samples.conditions), core_samples)
    gradients = dict(zip(before, torch.autograd.grad(total, list(model.parameters())), strict=True))
    fit_fluxes(model, objective, core_samples, config)
    for name, rate in (("weight", 1e-3), ("composition.raw", 1e-5)):
        assert gradients[name].abs().min() > 0
        expected = before[name] - rate * gradients[name]
        assert torch.allclose(model.get_parameter(name), expected, rtol=1e-9, atol=0), name


def test_sgd_has_a_constant_rate_and_no_momentum(core, core_samples):
    config = TrainingConfig(optimizer="sgd", learning_rate=0.2)
    objective = default_objective(core, "soft", core_samples.scale(), config)
    optimizer = FluxModule(Recorder(), objective, config, rounds=[5]).configure_optimizers()
    assert isinstance(optimizer, torch.optim.SGD)
    (group,) = optimizer.param_groups
    assert (group["lr"], group["momentum"], group["nesterov"]) == (0.2, 0, False)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_a_composition_has_its_own_rate_and_no_decay(core, core_samples, optimizer):
    config = TrainingConfig(optimizer=optimizer, learning_rate=0.01, composition_learning_rate=0.3, weight_decay=0.07)
    model = Apart(core)
    objective = default_objective(core, "soft", core_samples.scale(), config)
    chosen = FluxModule(model, objective, config, rounds=[20]).configure_optimizers()
    weights, composition = (chosen["optimizer"] if optimizer == "adamw" else chosen).param_groups
    assert [id(p) for p in weights["params"]] == [id(model.weight)]
    assert [id(p) for p in composition["params"]] == [id(model.composition.raw)]
    rate = "max_lr" if optimizer == "adamw" else "lr"
    assert (weights[rate], composition[rate]) == (0.01, 0.3)
    assert (weights["weight_decay"], composition["weight_decay"]) == (0.07, 0.0)


def test_decay_leaves_a_composition_where_the_data_say_nothing(core, core_samples):
    config = TrainingConfig(epochs=3, learning_rate=0.01, weight_decay=20.0)
    model = Apart(core, used=False)
    model.composition.reset_contents(30.0, 7.0)
    start = model.composition.raw.detach().clone()
    objective = default_objective(core, "soft", core_samples.scale(), config)
    # A gradient of zero, not one that is missing: the optimiser passes over the latter whatever the decay.
    silent = Objective(
        {**{n: (objective.weights[n], t) for n, t in objective.terms.items()}, "silent": (1.0, Silent(model))}
    )
    fit_fluxes(model, silent, core_samples, config)
    assert torch.equal(model.composition.raw, start)
    assert not torch.allclose(model.weight, torch.ones_like(model.weight), atol=0.1)
