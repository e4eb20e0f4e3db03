import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from metagnn.datasets import uniform_media
from metagnn.errors import InputError, NetworkError, TableError
from metagnn.fba import simulate_fluxes
from metagnn.models import FluxGNN, FluxGNNConfig
from metagnn.models.constraint import CONSTRAINTS
from metagnn.models.flux_gnn import SMALLEST_SPREAD, TYPICAL_SPREAD
from metagnn.network import MetabolicNetwork
from metagnn.network.compression import compress
from metagnn.network.conditions import Conditions
from metagnn.testing import assert_balanced, assert_permutation_equivariant, random_network, toy_network

SMALL = FluxGNNConfig(hidden_channels=8, num_layers=2, steps=8)
INPUTS = ("EX_glc__D_e", "EX_o2_e")

Media = tuple[Tensor, Tensor, np.ndarray]


@pytest.fixture(scope="module")
def media(core: MetabolicNetwork) -> Media:
    """Lower and upper bounds of twelve media, and the growth that FBA finds."""
    table = uniform_media({"EX_glc__D_e": (3, 10), "EX_o2_e": (3, 20)}, 12)
    growth = simulate_fluxes(core, table, "fba").growth.to_numpy()
    lower, upper = core.uptake_bounds(list(table.columns), table.to_numpy())
    return torch.from_numpy(lower), torch.from_numpy(upper), growth


def untrained(network: MetabolicNetwork, constraint: str = "steady_state", config: FluxGNNConfig = SMALL) -> FluxGNN:
    torch.manual_seed(0)
    inputs = INPUTS if network.id == "e_coli_core" else network.exchanges[:1]
    return FluxGNN(network, inputs, constraint, config)


def lively(network: MetabolicNetwork, constraint: str = "steady_state", config: FluxGNNConfig = SMALL) -> FluxGNN:
    """A model whose head says something else of every reaction, as after training."""
    model = untrained(network, constraint, config)
    torch.nn.init.normal_(model.head.weight, std=0.2)
    torch.nn.init.uniform_(model.splitting.relaxation, 0.5, 1.5)
    torch.nn.init.uniform_(model.splitting.momentum, -0.2, 0.2)
    return model


def network_bounds(network: MetabolicNetwork, samples: int = 3) -> tuple[Tensor, Tensor]:
    return tuple(
        torch.tensor(bound).expand(samples, len(network.reactions))
        for bound in (network.bounds.lower, network.bounds.upper)
    )


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_relabelling_the_nodes_permutes_the_prediction(core: MetabolicNetwork, media: Media, constraint):
    weights = lively(core).state_dict()

    def predict(network: MetabolicNetwork, lower: Tensor) -> Tensor:
        model = FluxGNN(network, INPUTS, constraint, SMALL)
        model.load_state_dict(weights)
        return model.double()(Conditions(lower, network_bounds(network, len(lower))[1])).fluxes.detach()

    assert_permutation_equivariant(predict, core, media[0], tolerance=1e-8)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_relabelling_random_networks_permutes_the_prediction(seed):
    network = random_network(seed)
    weights = lively(network).state_dict()

    def predict(other: MetabolicNetwork, lower: Tensor) -> Tensor:
        model = FluxGNN(other, network.exchanges[:1], "steady_state", SMALL)
        model.load_state_dict(weights)
        return model.double()(Conditions(lower, network_bounds(other, len(lower))[1])).fluxes.detach()

    assert_permutation_equivariant(predict, network, network_bounds(network)[0], seed, tolerance=1e-7)


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_a_batch_is_a_loop(core: MetabolicNetwork, media: Media, constraint):
    model, (lower, upper, _) = lively(core, constraint).double(), media
    together = model(Conditions(lower, upper)).fluxes
    assert together.shape == (12, 95)
    for row in range(12):
        assert torch.allclose(model(Conditions(lower[row], upper[row])).fluxes, together[row], rtol=0, atol=1e-9)
    assert torch.allclose(
        model(Conditions(lower.reshape(3, 4, 95), upper.reshape(3, 4, 95))).fluxes.reshape(12, 95), together
    )
    assert together.std(dim=0).max() > 0.1


def check_constraint_holds(network: MetabolicNetwork, lower: Tensor, upper: Tensor) -> None:
    within = lively(network, "soft")(Conditions(lower, upper)).fluxes
    assert within.dtype == torch.float64
    assert bool(((within >= lower) & (within <= upper)).all())
    steady = lively(network, "steady_state")(Conditions(lower, upper)).fluxes
    assert_balanced(network, steady, tolerance=1e-9)
    assert steady.abs().max() > 0.1


def test_each_constraint_holds_exactly_on_core(core: MetabolicNetwork, media: Media):
    lower, upper, _ = media
    check_constraint_holds(core, lower, upper)
    # The other law is not given away for free.
    assert core.stoichiometry(lively(core, "soft")(Conditions(lower, upper)).fluxes).abs().max() > 1e-2
    assert (lively(core)(Conditions(lower, upper)).fluxes - lower).min() < -1e-2


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_each_constraint_holds_exactly_on_random_networks(seed):
    network = random_network(seed)
    check_constraint_holds(network, *network_bounds(network))


def test_untrained_it_is_a_truncated_flux_balance_analysis(core: MetabolicNetwork, media: Media):
    lower, upper, growth = media
    few = untrained(core, config=FluxGNNConfig(8, 1, 48))(Conditions(lower, upper)).growth.detach().numpy()
    many = untrained(core, config=FluxGNNConfig(8, 1, 400))(Conditions(lower, upper)).growth.detach().numpy()
    assert growth.std() > 0.1
    assert np.corrcoef(few, growth)[0, 1] > 0.9
    assert np.corrcoef(many, growth)[0, 1] > 0.95
    assert np.median(np.abs(many / growth - 1)) < 0.03
    # Nothing of it is learned: the encoder's weights have no say yet.
    torch.manual_seed(1)
    other = FluxGNN(core, INPUTS, config=FluxGNNConfig(8, 1, 48))
    assert np.allclose(other(Conditions(lower, upper)).growth.detach().numpy(), few, atol=1e-5)


def test_gradients_reach_every_parameter_that_has_a_say(core: MetabolicNetwork, media: Media):
    lower, upper, _ = media
    model = lively(core)
    model(Conditions(lower, upper)).fluxes.square().mean().backward()
    silent = {name for name, parameter in model.named_parameters() if parameter.grad is None}
    # Trust in measurements has no reader without measurements.
    assert silent == {"log_trust"}
    heard = {name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}
    assert all(gradient.isfinite().all() and gradient.abs().max() > 0 for gradient in heard.values())
    # Columns of the head: trust, the third, goes unheard, and the drive of the last step, which has faded out.
    assert (heard["head.weight"].abs().sum(dim=1) == 0).nonzero().flatten().tolist() == [2, 4 + SMALL.steps - 1]


def test_with_measurements_trust_has_a_say_and_unmeasured_reactions_poison_nothing(
    core: MetabolicNetwork, media: Media
):
    lower, upper, _ = media
    measured, deviation = torch.full_like(lower, torch.nan), torch.full_like(lower, torch.nan)
    acetate = core.reaction_index("EX_ac_e")
    measured[:, acetate], deviation[:, acetate] = 2.0, 0.1
    model = lively(core)
    model(Conditions(lower, upper, measured, deviation)).fluxes.square().mean().backward()
    heard = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert all(gradient.isfinite().all() for gradient in heard.values())
    assert heard["log_trust"] != 0
    assert heard["head.weight"][2].abs().max() > 0


def test_no_parameter_belongs_to_a_reaction_so_weights_serve_another_network(core: MetabolicNetwork, media: Media):
    weights = lively(core).state_dict()
    for network in (random_network(3), random_network(5, 20, 50)):
        model = FluxGNN(network, network.exchanges[:1], config=SMALL)
        model.load_state_dict(weights)
        fluxes = model(Conditions(*network_bounds(network))).fluxes
        assert fluxes.shape == (3, len(network.reactions))
        assert_balanced(network, fluxes, tolerance=1e-9)
        assert fluxes.abs().max() > 1e-3
    assert not any({72, 95, 28, 360} & set(tensor.shape) for tensor in weights.values())


def test_which_exchanges_vary_is_a_feature(core: MetabolicNetwork, media: Media):
    lower, upper, _ = media
    model, blind = lively(core), FluxGNN(core, (), config=SMALL)
    blind.load_state_dict(model.state_dict())
    assert not torch.allclose(model(Conditions(lower, upper)).fluxes, blind(Conditions(lower, upper)).fluxes, atol=1e-3)


def measurements(lower: Tensor, index: int, value: float, deviation: float) -> tuple[Tensor, Tensor]:
    measured, spread = torch.full_like(lower, torch.nan), torch.full_like(lower, torch.nan)
    measured[:, index], spread[:, index] = value, deviation
    return measured, spread


def test_what_was_not_measured_has_no_influence(core: MetabolicNetwork, media: Media):
    (lower, upper, _), model = media, lively(core)
    plain = model(Conditions(lower, upper)).fluxes
    nothing = torch.full_like(lower, torch.nan)
    assert torch.equal(model(Conditions(lower, upper, nothing, nothing)).fluxes, plain)
    assert torch.equal(model(Conditions(lower, upper, nothing, torch.full_like(lower, 0.01))).fluxes, plain)
    measured, deviation = measurements(lower, core.reaction_index("EX_ac_e"), 4.0, 0.1)
    once = model(Conditions(lower, upper, measured, deviation)).fluxes
    filled = torch.where(torch.isnan(measured), 1e-3, deviation)
    assert torch.equal(model(Conditions(lower, upper, measured, filled)).fluxes, once)
    assert not torch.allclose(once, plain, atol=0.1)


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_the_smaller_the_deviation_the_nearer_to_the_measurement(core: MetabolicNetwork, media: Media, constraint):
    lower, upper, _ = media
    # Steps enough to settle: far from there, the drive and the pull have only begun to trade off.
    model = untrained(core, constraint, FluxGNNConfig(8, 1, 300))
    exchange = core.reaction_index("EX_co2_e")
    misses = []
    for deviation in (10.0, 1.0, 0.1, 0.01):
        fluxes = model(Conditions(lower, upper, *measurements(lower, exchange, 6.0, deviation))).fluxes[:, exchange]
        misses.append((fluxes - 6.0).abs().mean().item())
    assert misses == sorted(misses, reverse=True)
    assert misses[0] > 3
    assert misses[-1] < 0.05


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_twice_the_limits_are_twice_the_fluxes(core: MetabolicNetwork, media: Media, constraint):
    (lower, upper, _), model = media, lively(core, constraint)
    plain = model(Conditions(lower, upper)).fluxes
    assert torch.allclose(model(Conditions(2 * lower, 2 * upper)).fluxes, 2 * plain, rtol=1e-12)
    measured, deviation = measurements(lower, core.reaction_index("EX_co2_e"), 6.0, 0.1)
    told = model(Conditions(lower, upper, measured, deviation)).fluxes
    assert torch.allclose(
        model(Conditions(2 * lower, 2 * upper, 2 * measured, 2 * deviation)).fluxes, 2 * told, rtol=1e-12
    )
    assert not torch.allclose(told, plain, atol=0.1)
    # Bounds that limit nothing are no part of a sample's size; an uptake is.
    size = model.sample_size(lower, upper)
    assert size.shape == (12, 1)
    assert 1 < size.min() < size.max() < 100


def test_moving_or_casting_the_model_never_changes_the_network(core: MetabolicNetwork, media: Media):
    lower, upper, _ = media
    before, address = core.stoichiometry.value.clone(), core.stoichiometry.value.data_ptr()
    model = lively(core)
    expected = model(Conditions(lower, upper)).fluxes
    single = model.to(torch.float32)
    assert single.stoichiometry.value.dtype == torch.float64
    assert torch.equal(single(Conditions(lower, upper)).fluxes, expected)
    assert_balanced(core, single(Conditions(lower, upper)).fluxes, tolerance=1e-9)
    moved = single.to("meta")
    assert moved.stoichiometry.value.device.type == moved.composition.basis().device.type == "meta"
    assert core.stoichiometry.value.device.type == "cpu"
    assert core.stoichiometry.value.data_ptr() == address
    assert torch.equal(core.stoichiometry.value, before)


def test_bounds_in_float32_are_served_too(core: MetabolicNetwork, media: Media):
    (lower, upper, _), model = media, lively(core)
    assert torch.allclose(
        model(Conditions(lower.float(), upper.float())).fluxes, model(Conditions(lower, upper)).fluxes, atol=1e-2
    )


def test_unknown_constraints_are_refused_with_the_valid_ones(core: MetabolicNetwork):
    with pytest.raises(InputError, match="'steady' is no constraint; did you mean 'steady_state'"):
        FluxGNN(core, constraint="steady")
    for constraint in CONSTRAINTS:
        assert FluxGNN(core, constraint=constraint, config=SMALL).constraint.name == constraint


@pytest.mark.parametrize("name", ["hidden_channels", "num_layers", "steps"])
def test_sizes_below_one_are_refused(name):
    with pytest.raises(InputError, match=f"`{name}` is 0; expected at least 1"):
        FluxGNNConfig(**{name: 0})


def test_a_network_without_growth_and_unknown_inputs_are_refused(core: MetabolicNetwork):
    with pytest.raises(NetworkError, match="toy has no objective"):
        FluxGNN(toy_network({"EX_a": "a <=>", "r": "a ->"}))
    with pytest.raises(TableError, match="'EX_glc_e' is no exchange of e_coli_core; did you mean 'EX_glc__D_e'"):
        FluxGNN(core, ["EX_glc_e"])


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_what_is_blocked_is_zero_and_what_is_coupled_keeps_its_ratio(core: MetabolicNetwork, media: Media, constraint):
    lower, upper, _ = media
    model = lively(core, constraint).eval()
    fluxes = model(Conditions(lower, upper)).fluxes.detach()
    lowest, highest = core.bounds.lower.copy(), core.bounds.upper.copy()
    varied = [core.reaction_index(name) for name in INPUTS]
    lowest[varied], highest[varied] = -np.inf, np.inf
    compression = compress(core.stoichiometry, lowest, highest)
    blocked = torch.from_numpy(compression.coupled.group < 0)
    assert blocked[core.reaction_index("FRUpts2")]
    assert torch.equal(fluxes[:, blocked], torch.zeros_like(fluxes[:, blocked]))
    ratio = torch.from_numpy(compression.coupled.ratio)
    sizes = np.bincount(compression.coupled.group[compression.coupled.group >= 0])
    assert (sizes > 1).sum() > 5
    for group in np.flatnonzero(sizes > 1):
        members = np.flatnonzero(compression.coupled.group == group)
        per_group = fluxes[:, members] / ratio[members]
        assert torch.allclose(per_group, per_group[:, :1].expand_as(per_group), rtol=1e-9, atol=1e-9)


def test_calibration_measures_in_the_root_of_the_spread(core: MetabolicNetwork, media: Media):
    lower, upper, _ = media
    model, plain = lively(core).double(), lively(core).double()
    assert torch.equal(model.flux_scale, torch.ones_like(model.flux_scale))
    generator = torch.Generator().manual_seed(0)
    unit = torch.randn(12, 95, dtype=torch.float64, generator=generator)
    spread = torch.linspace(0, 4, 95, dtype=torch.float64)
    fluxes = (unit - unit.mean(0)) / unit.std(0, correction=0) * spread * model.sample_size(lower, upper)
    model.calibrate(fluxes, lower, upper)
    # In a unit of the network's own, in which what varies has a typical spread.
    typical = spread / spread[spread > 0].square().mean().sqrt() * TYPICAL_SPREAD
    assert torch.allclose(model.flux_scale, typical.clamp(min=SMALLEST_SPREAD).sqrt(), rtol=1e-6)
    assert not torch.allclose(model(Conditions(lower, upper)).fluxes, plain(Conditions(lower, upper)).fluxes, atol=1e-2)
    assert_balanced(core, model(Conditions(lower, upper)).fluxes, tolerance=1e-9)
    # In media twice as rich everything varies twice as much, which is the same; where everything varies alike,
    # calibration changes nothing but the unit.
    once = model.flux_scale.clone()
    model.calibrate(2 * fluxes, 2 * lower, 2 * upper)
    assert torch.allclose(model.flux_scale, once, rtol=1e-6)
    model.calibrate(torch.zeros_like(fluxes), lower, upper)
    assert torch.allclose(model.flux_scale, torch.full_like(once, SMALLEST_SPREAD**0.5))
    # Of the network and its media, so no part of the weights.
    assert "flux_scale" not in model.state_dict()


def test_calibration_without_samples_is_refused_and_changes_nothing(core: MetabolicNetwork, media: Media):
    lower, upper, _ = media
    model = lively(core).double()
    before = model(Conditions(lower, upper)).fluxes
    with pytest.raises(InputError, match="`fluxes` has no samples"):
        model.calibrate(torch.zeros(0, 95, dtype=torch.float64), lower[:0], upper[:0])
    assert torch.equal(model(Conditions(lower, upper)).fluxes, before)


def test_the_drive_raises_growth_up_to_the_optimum_of_fba(core: MetabolicNetwork, media: Media):
    lower, upper, optimum = media
    model = lively(core, "polytope").eval()
    growths = []
    for drive in (0.0, 10.0, 100.0, 1e3):
        model.growth_drive.fill_(drive)
        prediction = model(Conditions(lower, upper))
        assert_balanced(core, prediction.fluxes, tolerance=1e-9)
        growths.append(prediction.growth.detach().numpy())
    assert (np.diff(growths, axis=0) >= -1e-7).all()
    assert np.abs(growths[0] / optimum - 1).max() > 0.02
    assert growths[-1] == pytest.approx(optimum, abs=1e-6)


def test_the_drive_acts_in_the_exact_layer_alone(core: MetabolicNetwork, media: Media):
    lower, upper, _ = media
    for constraint, training in (("soft", False), ("steady_state", False), ("polytope", True)):
        model = lively(core, constraint).train(training)
        plain = model(Conditions(lower, upper)).fluxes
        model.growth_drive.fill_(1e4)
        assert torch.equal(model(Conditions(lower, upper)).fluxes, plain)


def test_a_fresh_model_can_be_differentiated_by_a_transform(toy: MetabolicNetwork):
    lower, upper = (torch.from_numpy(bound)[None] for bound in (toy.bounds.lower, toy.bounds.upper))
    fresh, used = FluxGNN(toy).eval(), FluxGNN(toy).eval()
    used.load_state_dict(fresh.state_dict())
    used(lower, upper)
    first, later = (
        torch.func.jacrev(lambda bound, model=model: model(lower, bound).fluxes)(upper) for model in (fresh, used)
    )
    assert torch.isfinite(first).all()
    assert torch.equal(first, later)
