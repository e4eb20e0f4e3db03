import torch

from metagnn.nn.substrate_term import SubstrateTerm


def test_it_is_what_the_node_says_and_the_substrates_own() -> None:
    term, states = SubstrateTerm(2, 3, 4), torch.randn(4, 3)
    assert not term(states).any()
    with torch.no_grad():
        term.weight.normal_()
        term.own[:, 1] = 5.0
    expected = torch.einsum("mf,sf->ms", term.weight, states) + term.own
    assert torch.allclose(term(states), expected)


def test_large_differences_cost_little_more_than_middling_ones() -> None:
    term = SubstrateTerm(1, 0, 10, width=0.3)

    def cost(size: float) -> float:
        with torch.no_grad():
            term.own.fill_(size)
        return term.penalty().item()

    # Quadratic near zero, logarithmic far away: the width follows the data.
    assert cost(0.02) / cost(0.01) > 3.9
    assert cost(3.0) - cost(1.5) < cost(0.6) - cost(0.0)


def test_the_width_is_that_of_the_substrates_that_were_seen() -> None:
    term = SubstrateTerm(1, 0, 6, width=0.3)
    seen = torch.tensor([True, True, True, True, False, False])
    narrow = term.spread(seen).item()
    with torch.no_grad():
        term.own[:, 4:] = 9.0
        assert term.spread(seen).item() == narrow
        term.own[:, :4] = 1.0
    assert term.spread(seen).item() > 1.5 * narrow
