import copy
import dataclasses
import json

import numpy as np
import pytest
import torch
from torch import Tensor

from metagnn.datasets import FluxBatch
from metagnn.errors import InputError, TableError
from metagnn.files.tensor_file import read_tensors, write_tensors
from metagnn.models import FluxGNN, FluxGNNConfig, Polytope, Soft, SteadyState
from metagnn.models.constraint import (
    CONSTRAINTS,
    AbstractConstraint,
    Unfinished,
    as_constraint,
    constraint_from_document,
)
from metagnn.models.growth_drive import DRIVES
from metagnn.models.loss_terms import BoundTerm, balance_terms
from metagnn.network import MetabolicNetwork
from metagnn.network.conditions import Conditions
from metagnn.nn.splitting import SplittingResult
from metagnn.testing import assert_balanced, toy_network
from metagnn.training import TrainingConfig, default_objective

INPUTS = ("EX_a", "EX_o")
SMALL = FluxGNNConfig(hidden_channels=4, num_layers=2, steps=6)
WITH_OPTIONS = Polytope(energy="free", open_exchanges=("EX_a",))


def lively(toy: MetabolicNetwork, constraint: str | AbstractConstraint = "steady_state", inputs=INPUTS) -> FluxGNN:
    """A model whose head says something else of every reaction, as after training."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = FluxGNN(toy, inputs, constraint, SMALL)
        torch.nn.init.normal_(model.head.weight, std=0.2)
    return model.eval()


def bounds_of(network: MetabolicNetwork) -> Conditions:
    """One sample with the network's own bounds."""
    return Conditions(*(torch.tensor(bound)[None] for bound in (network.bounds.lower, network.bounds.upper)))


# What a constraint is.


def test_a_name_is_the_constraint_without_options_and_a_constraint_is_itself():
    assert {name: type(as_constraint(name)) for name in CONSTRAINTS} == {
        "soft": Soft, "steady_state": SteadyState, "polytope": Polytope,
    }  # fmt: skip
    for name in CONSTRAINTS:
        assert as_constraint(name) == CONSTRAINTS[name]()
        assert as_constraint(name).spelling() == as_constraint(name).name == name
    assert as_constraint(WITH_OPTIONS) is WITH_OPTIONS
    assert WITH_OPTIONS.spelling() is WITH_OPTIONS
    assert len({Soft(), SteadyState(), Polytope(), Polytope("free"), WITH_OPTIONS, Polytope()}) == 5


@pytest.mark.parametrize("kind", CONSTRAINTS.values())
def test_a_constraint_is_not_changed(kind: type[AbstractConstraint]):
    constraint, names = kind(open_exchanges=["EX_a"]), ("energy", "open_exchanges", "name")
    assert constraint.open_exchanges == ("EX_a",)
    for name in names:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(constraint, name, "free")
    assert constraint == kind("auto", ("EX_a",))


def test_a_model_s_constraint_is_read_only(toy):
    model = lively(toy)
    with pytest.raises(InputError, match="`constraint` of a model cannot be changed; ask for `with_constraint"):
        model.constraint = Polytope()
    assert model.constraint == SteadyState()


@pytest.mark.parametrize("wrong", ["polytop", "Soft", ""])
def test_an_unknown_constraint_is_refused_wherever_it_enters(toy, samples, wrong: str):
    model = lively(toy)
    for enter in (
        lambda: as_constraint(wrong),
        lambda: FluxGNN(toy, INPUTS, wrong, SMALL),
        lambda: default_objective(toy, wrong, samples.scale(), TrainingConfig()),
        lambda: model.with_constraint(wrong),
    ):
        with pytest.raises(InputError, match=f"`constraint`: '{wrong}' is no constraint"):
            enter()
    with pytest.raises(InputError, match="did you mean 'polytope'"):
        as_constraint("polytop")


def test_unknown_options_are_refused(core):
    with pytest.raises(InputError, match="`energy`: 'fre' is no way to treat maintenance; did you mean 'free'"):
        Polytope(energy="fre")
    with pytest.raises(InputError, match="`open_exchanges` is 'EX_co2_e'; expected several names"):
        Soft(open_exchanges="EX_co2_e")
    with pytest.raises(TableError, match="'EX_glc_e' is no exchange of e_coli_core; did you mean 'EX_glc__D_e'"):
        FluxGNN(core, constraint=Soft(open_exchanges=("EX_glc_e",)))
    with pytest.raises(TableError, match="'PGI' is a reaction of e_coli_core but no exchange"):
        Soft(open_exchanges=("PGI",)).relax(core)


@pytest.mark.parametrize("constraint", [*(kind() for kind in CONSTRAINTS.values()), WITH_OPTIONS, Soft("free")])
def test_a_document_brings_the_constraint_back(constraint: AbstractConstraint):
    text = json.dumps(constraint.to_document())
    again = constraint_from_document(json.loads(text))
    assert again == constraint
    assert type(again) is type(constraint)


@pytest.mark.parametrize("change", [{"name": "rigid"}, {"name": None}, {"name": []}, {"open_exchanges": 3}])
def test_a_damaged_document_is_no_constraint(change: dict):
    document = Polytope().to_document()
    with pytest.raises((KeyError, ValueError)):
        constraint_from_document(document | change)
    for name in document:
        with pytest.raises(KeyError, match=name):
            constraint_from_document({key: value for key, value in document.items() if key != name})


# What it owns.


def unfinished(samples: FluxBatch, training: bool = False) -> Unfinished:
    """Fluxes that break every law; the nearest feasible ones are a hundred more, to be told apart."""
    random = torch.Generator().manual_seed(0)
    within, steady = (100 * torch.randn(20, 6, dtype=torch.float64, generator=random) for _ in range(2))
    size = torch.linspace(1, 2, 20, dtype=torch.float64)[:, None]
    return Unfinished(
        samples.conditions, 5, SplittingResult(within, steady), size, lambda fluxes: fluxes.flip(-1),
        lambda fluxes: fluxes + 100, lambda fluxes: fluxes + 7, training,
    )  # fmt: skip


@pytest.mark.parametrize("training", [True, False])
def test_each_owns_the_last_operation(samples, training: bool):
    given = unfinished(samples, training)
    lower, upper = samples.conditions.lower, samples.conditions.upper
    clipped = torch.clamp(given.result.within_bounds.flip(-1) * given.size, lower, upper)
    steady = given.result.at_steady_state.flip(-1) * given.size
    assert torch.equal(Soft().last_operation(given), clipped)
    assert torch.equal(SteadyState().last_operation(given), steady if training else steady + 7)
    assert torch.equal(Polytope().last_operation(given), steady if training else steady + 100)


def test_each_owns_its_loss_terms(toy, samples, wrong):
    config = TrainingConfig(bound_weight=0.3, carbon_weight=0.5, nitrogen_weight=0.7, steady_state_weight=0.9)
    soft = Soft().loss_terms(toy, config)
    assert {name: weight for name, (weight, _) in soft.items()} == {
        "carbon_balance": 0.5, "nitrogen_balance": 0.7, "steady_state": 0.9,
    }  # fmt: skip
    for name, (_, term) in balance_terms(toy, config).items():
        assert torch.equal(soft[name][1](wrong, samples), term(wrong, samples))
    for exact in (SteadyState(), Polytope(), WITH_OPTIONS):
        ((name, (weight, term)),) = exact.loss_terms(toy, config).items()
        assert (name, weight) == ("bound_violation", 0.3)
        assert torch.equal(term(wrong, samples), BoundTerm()(wrong, samples))
    # And the objective is made of these, however the constraint is spelled.
    for name, kind in CONSTRAINTS.items():
        spelled, made = (default_objective(toy, it, samples.scale(), config) for it in (name, kind()))
        assert torch.equal(spelled(wrong, samples)[0], made(wrong, samples)[0])
        assert spelled.weights == {"flux_error": 1.0} | {n: w for n, (w, _) in kind().loss_terms(toy, config).items()}


def test_each_owns_what_follows_training(toy, samples):
    scale = samples.scale(growth_index=5)
    for constraint in (Soft(), SteadyState()):
        model = lively(toy, constraint)
        before = copy.deepcopy(model.state_dict())
        constraint.after_training(model, samples, scale)
        model.after_training(samples, scale)
        assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    model, other = lively(toy, "polytope"), lively(toy, "polytope")
    Polytope().after_training(model, samples, scale)
    other.after_training(samples, scale)
    # The labels grow as fast as they can.
    assert model.growth_drive == other.growth_drive == DRIVES[-1]


# Bounds that it lifts.


def test_without_options_nothing_is_lifted(core):
    for kind in CONSTRAINTS.values():
        assert kind().relax(core) is core


def test_free_energy_lifts_maintenance_and_turns_no_reaction_round(core):
    relaxed, maintenance = Polytope(energy="free").relax(core), core.reaction_index("ATPM")
    own, free = core.bounds, relaxed.bounds
    assert own.lower[maintenance] > 8
    assert (free.lower[maintenance], free.upper[maintenance]) == (0.0, own.upper[maintenance])
    others = np.arange(95) != maintenance
    assert np.array_equal(free.lower[others], own.lower[others])
    assert np.array_equal(free.upper, own.upper)
    assert own is core.bounds
    # Nothing to eat: nothing that pays for maintenance either.
    starving = core.with_medium({})
    assert np.array_equal(starving.bounds.lower[core.exchange_indices], np.zeros(20))
    free, paying = (constraint.relax(starving) for constraint in (Polytope(energy="free"), Polytope()))
    assert_balanced(core, lively(free, "polytope", ())(bounds_of(free)).fluxes.detach(), tolerance=1e-8)
    with pytest.warns(UserWarning, match="1 of 1 samples have no nearest feasible flux"):
        assert torch.isnan(lively(paying, "polytope", ())(bounds_of(paying)).fluxes).all()


def test_free_energy_lifts_demands_either_way_and_leaves_exchanges_and_growth_as_they_are():
    bounds = {
        "EX_a": (-10, -1),
        "forth": (2, 8),
        "back": (-8, -2),
        "both": (-3, 3),
        "fixed": (4, 4),
        "growth": (0.5, 9),
    }
    equations = dict.fromkeys(("forth", "back", "both", "fixed"), "b <=> c")
    network = toy_network({"EX_a": "a <=>", "r": "a -> b", **equations, "growth": "c ->"}, "growth", bounds)
    relaxed = Soft(energy="free").relax(network).bounds
    found = dict(zip(network.reactions, zip(relaxed.lower, relaxed.upper, strict=True), strict=True))
    assert found == bounds | {"forth": (0, 8), "back": (-8, 0), "fixed": (0, 4), "r": (0, 1000)}


def test_an_open_exchange_carries_any_flux_either_way(core):
    names = ("EX_co2_e", "EX_glc__D_e")
    opened = Soft(open_exchanges=names).relax(core).bounds
    positions = [core.reaction_index(name) for name in names]
    widest = np.abs(core.bounds.upper).max()
    assert opened.lower[positions].tolist() == [-widest] * 2
    assert opened.upper[positions].tolist() == [widest] * 2
    others = np.setdiff1d(np.arange(95), positions)
    assert np.array_equal(opened.lower[others], core.bounds.lower[others])
    assert np.array_equal(opened.upper[others], core.bounds.upper[others])


def test_where_bounds_are_infinite_an_open_exchange_has_none():
    infinite, equations = float("inf"), {"EX_a": "a <=>", "EX_b": "b ->", "r": "a <=> b", "growth": "b ->"}
    bounds = {"EX_a": (-10, 5), "EX_b": (0, 0), "r": (-infinite, infinite), "growth": (0, infinite)}
    network = toy_network(equations, "growth", bounds)
    opened = Soft(open_exchanges=("EX_b",)).relax(network).bounds
    assert (opened.lower[1], opened.upper[1]) == (-infinite, infinite)
    assert (opened.lower[0], opened.upper[0]) == (-10.0, 5.0)


# A constraint of one's own.


@dataclasses.dataclass(frozen=True)
class Alive(SteadyState):
    """No flux at all where growth is below a threshold."""

    name = "alive"
    least: float = 0.0
    weight: float = 2.0

    def last_operation(self, unfinished: Unfinished) -> Tensor:
        fluxes = super().last_operation(unfinished)
        return torch.where(fluxes[:, [unfinished.growth_index]] < self.least, 0.0, fluxes)

    def loss_terms(self, network, weights):
        return {"violation": (self.weight, BoundTerm())}


def test_a_constraint_of_ones_own_needs_its_class_alone(toy, samples, monkeypatch):
    monkeypatch.setitem(CONSTRAINTS, Alive.name, Alive)
    steady = lively(toy)
    unchanged = predicted(steady, samples)
    growth = unchanged[:, [steady.growth_index]]
    constraint = Alive(least=float(growth.median()), weight=0.5)
    again = constraint_from_document(json.loads(json.dumps(constraint.to_document())))
    assert again == constraint
    assert again.spelling() is again
    assert default_objective(toy, again, torch.ones(6), TrainingConfig()).weights["violation"] == 0.5
    expected = torch.where(growth < constraint.least, 0.0, unchanged)
    assert not torch.equal(expected, unchanged)
    assert torch.equal(predicted(steady.with_constraint(again), samples), expected)
    assert lively(toy, "alive").constraint == Alive()


# Another constraint for a model.


def predicted(model: FluxGNN, samples: FluxBatch) -> Tensor:
    with torch.no_grad():
        return model(samples.conditions).fluxes


@pytest.mark.parametrize("own", CONSTRAINTS)
@pytest.mark.parametrize("other", CONSTRAINTS)
def test_another_constraint_is_another_model_and_the_original_stays(toy, samples, own: str, other: str):
    model = lively(toy, own)
    before, weights = predicted(model, samples), copy.deepcopy(model.state_dict())
    copied = model.with_constraint(other)
    assert (model.constraint.name, copied.constraint.name) == (own, other)
    answer = predicted(copied, samples)
    # With the weights of the first, it predicts as if it had been made for that constraint.
    assert torch.equal(answer, predicted(lively(toy, other), samples))
    with torch.no_grad():
        for parameter in copied.parameters():
            parameter.add_(0.1)
        copied.growth_drive.fill_(100.0)
    assert not torch.equal(predicted(copied, samples), answer)
    assert torch.equal(predicted(model, samples), before)
    assert all(torch.equal(tensor, weights[name]) for name, tensor in model.state_dict().items())
    assert torch.equal(predicted(model.with_constraint(CONSTRAINTS[other]()), samples), answer)


def test_bounds_that_are_part_of_the_model_are_not_lifted_afterwards(toy):
    with pytest.raises(InputError, match="`constraint` has energy 'free'; expected 'auto', for which the model was"):
        lively(toy).with_constraint(SteadyState(energy="free"))
    with pytest.raises(
        InputError, match=r"has open_exchanges \('EX_b',\); expected \(\), for which the model was made"
    ):
        lively(toy).with_constraint(Soft(open_exchanges=("EX_b",)))
    model = lively(toy, Soft(energy="free"))
    with pytest.raises(InputError, match="has energy 'auto'; expected 'free'"):
        model.with_constraint("polytope")
    assert model.with_constraint(Polytope(energy="free")).constraint == Polytope(energy="free")


@pytest.mark.parametrize("start", ["steady_state", "polytope"])
def test_a_saved_polytope_model_and_the_one_in_memory_agree(toy, samples, tmp_path, start: str):
    model = lively(toy, start).with_constraint("polytope")
    model.calibrate(samples.observed, samples.conditions.lower, samples.conditions.upper)
    model.after_training(samples, samples.scale(growth_index=5))
    expected = predicted(model, samples)
    beside = {name: getattr(model, name) for name in model.beside}
    write_tensors(tmp_path / "model", model.state_dict() | beside, model.constraint.to_document())
    tensors, document = read_tensors(tmp_path / "model")
    again = FluxGNN(toy, INPUTS, constraint_from_document(document), SMALL).eval()
    for name in again.beside:
        setattr(again, name, tensors.pop(name))
    again.load_state_dict(tensors)
    assert torch.equal(predicted(again, samples), expected)
    assert not torch.allclose(expected, predicted(model.with_constraint("soft"), samples), atol=1e-2)
