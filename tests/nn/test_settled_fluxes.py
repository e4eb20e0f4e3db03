import numpy as np
import pytest
import torch
from torch.func import jvp, vmap

from metagnn.network import Incidence, MetabolicNetwork
from metagnn.nn import SteadyStateProjection
from metagnn.nn.settled_fluxes import SettledFluxes
from tests.copies_and_threads import COPIES


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def balanced(core: MetabolicNetwork) -> torch.Tensor:
    return SteadyStateProjection(core.stoichiometry)(10 * randn(6, 95))


def test_what_balances_stays_to_the_digit_and_what_does_not_is_moved_little(core: MetabolicNetwork, balanced):
    settle, given = SettledFluxes(core.stoichiometry), balanced.clone()
    assert torch.equal(settle(given), balanced)
    given[2] += 1e-5 * randn(95, seed=1)
    found = settle(given)
    assert torch.equal(found[[0, 1, 3, 4, 5]], balanced[[0, 1, 3, 4, 5]])
    assert core.stoichiometry(given).abs().max() > 1e-6
    assert core.stoichiometry(found).abs().max() < 1e-12
    assert (found - given).abs().max() < 1e-3


def test_a_reaction_without_flux_stays_without(core: MetabolicNetwork, balanced):
    moving = np.ones(95, dtype=bool)
    moving[[core.reaction_index(name) for name in ("PFK", "EX_for_e")]] = False
    given = balanced * torch.from_numpy(moving)
    found = SettledFluxes(core.stoichiometry, moving)(given)
    assert core.stoichiometry(given).abs().max() > 1
    assert torch.equal(found[:, ~torch.from_numpy(moving)], torch.zeros(6, 2, dtype=torch.float64))
    assert core.stoichiometry(found).abs().max() < 1e-12
    assert found.abs().max() > 1


def test_what_cannot_balance_is_missing_and_said_so(core: MetabolicNetwork, balanced):
    # In units of 1e-20, rounding alone is far above the promise; what is zero balances all the same.
    coefficients = [[1e20, np.sqrt(2) * 1e20, np.pi * 1e20, 0.0]]
    settle = SettledFluxes(Incidence.from_dense(coefficients, ["a"], ["w", "x", "y", "z"]))
    given = torch.tensor([[0.0, 0.0, 0.0, 5.0], [1.0, 2.0, 5.0, 5.0]], dtype=torch.float64)
    with pytest.warns(UserWarning, match="1 of 2 samples failed"):
        found = settle(given)
    assert found.isnan().any(-1).tolist() == found.isnan().all(-1).tolist() == [False, True]
    assert torch.equal(found[0], given[0])
    broken = balanced.clone()
    broken[1, 3] = torch.nan
    assert SettledFluxes(core.stoichiometry)(broken)[1, 3].isnan()


def test_the_derivative_is_that_of_the_identity_and_leading_dimensions_are_a_loop(core: MetabolicNetwork, balanced):
    settle, given = SettledFluxes(core.stoichiometry), (balanced + 1e-6 * randn(6, 95, seed=3)).requires_grad_()
    weights = randn(6, 95, seed=4)
    (slope,) = torch.autograd.grad((settle(given) * weights).sum(), given)
    assert torch.equal(slope, weights)
    assert torch.equal(jvp(settle, (given.detach(),), (weights,))[1], weights)
    expected = settle(given.detach())
    for found in (vmap(settle)(given.detach()), settle(given.detach().reshape(2, 3, 95)).reshape(6, 95)):
        assert torch.allclose(found, expected, rtol=0, atol=1e-13)
    for duplicate in COPIES:
        assert torch.equal(duplicate(settle)(given.detach()), expected)
