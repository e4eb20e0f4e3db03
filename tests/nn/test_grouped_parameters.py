import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.network.compression import compress
from metagnn.nn.grouped_parameters import group_measurements, group_parameters
from metagnn.nn.reaction_groups import ReactionGroups
from metagnn.nn.splitting import SplittingParameters
from metagnn.testing import random_network

SEEDS = st.integers(0, 2**32 - 1)


def tensor(values: object) -> torch.Tensor:
    return torch.tensor(np.array(values), dtype=torch.float64)


def drawn(seed: int) -> tuple[ReactionGroups, SplittingParameters, np.random.Generator]:
    compression = compress(random_network(seed).stoichiometry)
    groups = ReactionGroups.from_coupled(compression.coupled, compression.basis)
    rng, width = np.random.default_rng(seed), len(groups.group)
    scale, shrinkage = (tensor(np.exp(rng.normal(size=width))) for _ in range(2))
    drive, start = tensor(rng.normal(size=(3, width))), tensor(rng.normal(size=width))
    return groups, SplittingParameters(scale, drive, shrinkage, start), rng


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_a_local_step_of_groups_has_the_objective_of_the_step_of_their_reactions(seed: int):
    # What a step minimises: |v − (start + scale · drive)|² + shrinkage |v|², both in 1/scale², but for a constant.
    groups, parameters, rng = drawn(seed)
    grouped = group_parameters(groups, parameters)

    def objective(p: SplittingParameters, values: torch.Tensor) -> torch.Tensor:
        target = p.start + p.scale * p.drive[0]
        away = (values - target).square() + p.shrinkage * values.square()
        return (away / p.scale.square()).sum(-1)

    values = tensor(rng.normal(size=(4, groups.groups)))
    apart = objective(parameters, groups.expand(values)) - objective(grouped, values)
    # Reactions that cannot carry flux are in no group: they add a constant.
    assert torch.allclose(apart, apart[:1], rtol=0, atol=1e-9 * (1 + float(apart.abs().max())))


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_measurements_of_groups_have_the_misfit_of_those_of_their_reactions(seed: int):
    groups, parameters, rng = drawn(seed)
    width = len(groups.group)
    measured = tensor(np.where(rng.random((2, width)) < 0.5, rng.normal(size=(2, width)), np.nan))
    deviation, trust = tensor(np.exp(rng.normal(size=(2, width)))), tensor(np.exp(rng.normal(size=width)))
    seen, precision = group_measurements(groups, measured, deviation, trust, parameters.scale)
    grouped = group_parameters(groups, parameters).scale

    def misfits(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        fluxes = groups.expand(values)
        of_reactions = (trust * ((fluxes - measured) / deviation).square()).nan_to_num().sum(-1)
        return of_reactions, (precision * ((values - seen) / grouped).square()).sum(-1)

    one, other = (misfits(tensor(rng.normal(size=(2, groups.groups)))) for _ in range(2))
    change = one[0] - other[0]
    assert torch.allclose(change, one[1] - other[1], rtol=0, atol=1e-9 * (1 + float(one[0].max())))


def test_without_a_measurement_nothing_is_weighed():
    groups, parameters, _ = drawn(0)
    nothing = torch.full((2, len(groups.group)), torch.nan, dtype=torch.float64)
    seen, precision = group_measurements(groups, nothing, nothing, parameters.scale, parameters.scale)
    assert not seen.any()
    assert not precision.any()
