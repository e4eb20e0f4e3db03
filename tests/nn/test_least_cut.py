import torch

from metagnn.nn.least_cut import CAPACITY, LEAK, LeastCut


def two_functions() -> LeastCut:
    """Growth is the lesser of u and 3."""
    cuts = LeastCut(1)
    slopes, offsets = torch.tensor([[1.0], [0.0], [1.0], [2.0]]), torch.tensor([0.0, 3.0, 0.0, torch.nan])
    cuts.add(slopes.double(), offsets.double(), torch.zeros(4, dtype=torch.long))
    return cuts


def test_growth_is_the_least_of_what_is_known() -> None:
    cuts = two_functions()
    assert len(cuts) == 2
    uptakes = torch.tensor([[[0.0], [1.0], [2.0], [5.0]]])
    nobody = torch.zeros(4, dtype=torch.long)
    assert cuts(uptakes, nobody).tolist() == [[0.0, 1.0, 2.0, 3.0]]
    soft = cuts(uptakes.requires_grad_(True), nobody, 0.5)
    # Above the least, below the largest, and an uptake in excess is learned from.
    assert (soft >= cuts(uptakes, nobody)).all()
    (slope,) = torch.autograd.grad(soft[0, 3], uptakes)
    assert slope[0, 3] != 0


def test_a_medium_that_starves_says_where_it_starves_less() -> None:
    cuts = LeastCut(1)
    cuts.add(torch.tensor([[1.0]]), torch.tensor([-2.0]), torch.zeros(1, dtype=torch.long))
    uptake = torch.ones(1, 1, 1, dtype=torch.float64, requires_grad=True)
    growth = cuts(uptake, torch.zeros(1, dtype=torch.long))
    growth.backward()
    assert (growth.item(), uptake.grad.item()) == (-LEAK, LEAK)


def test_functions_of_knockouts_hold_for_them_alone() -> None:
    cuts = two_functions()
    cuts.add(torch.zeros(1, 1), torch.ones(1), torch.ones(1, dtype=torch.long))
    assert cuts(torch.full((1, 3, 1), 2.0), torch.tensor([0, 1, 2])).tolist() == [[2.0, 1.0, 2.0]]
    assert cuts(torch.full((1, 2, 1), 9.0), torch.tensor([0, 1]), 1e-6).tolist() == [[3.0, 1.0]]


def test_the_oldest_are_forgotten_and_a_state_is_whole() -> None:
    cuts = LeastCut(1)
    for part in torch.arange(2.0 * CAPACITY).split(CAPACITY // 2):
        cuts.add(torch.zeros(len(part), 1), part, torch.zeros(len(part), dtype=torch.long))
    assert len(cuts) == CAPACITY
    again = LeastCut(1)
    again.load_state_dict(cuts.state_dict())
    at = torch.zeros(1, 1, 1), torch.zeros(1, dtype=torch.long)
    assert again(*at).item() == cuts(*at).item() == CAPACITY
