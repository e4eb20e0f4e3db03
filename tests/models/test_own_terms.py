import torch

from metagnn.models.own_terms import carry_over


def test_what_is_a_substrates_own_goes_with_its_name() -> None:
    saved = {
        "bounds.uptake.own": torch.tensor([[1.0, 2.0, 3.0]]),
        "bounds.pairs.own": torch.arange(9.0)[None],
        "bounds.uptake.weight": torch.ones(1, 4),
        "seen": torch.tensor([1.0, 0.0, 1.0]),
        "steps": torch.tensor(300),
    }
    fresh = {"steps": torch.tensor(-1)}
    moved = carry_over(saved, fresh, torch.tensor([7, 8, 9]), torch.tensor([9, 5]))
    assert moved["bounds.uptake.own"].tolist() == [[3.0, 0.0]]
    assert moved["bounds.pairs.own"].tolist() == [[8.0, 0.0, 0.0, 0.0]]
    assert torch.equal(moved["bounds.uptake.weight"], saved["bounds.uptake.weight"])
    assert moved["seen"].tolist() == [1.0, 0.0]
    assert moved["steps"].item() == -1
