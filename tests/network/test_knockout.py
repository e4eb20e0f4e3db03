import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.errors import TableError
from metagnn.network import MetabolicNetwork
from metagnn.network.knockout import Knockouts, no_knockouts, read_knockouts, split_ids
from metagnn.testing import random_network


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_bounds_are_those_of_the_knocked_out_network(seed: int) -> None:
    network, random = random_network(seed, 9, 18), np.random.default_rng(seed)
    missing = [list(random.choice(network.reactions, size=random.integers(0, 4), replace=False)) for _ in range(5)]
    knockouts = read_knockouts(network, [" ; ".join(names) for names in missing])
    lower, upper = (np.repeat(bound[None], 5, axis=0) for bound in (network.bounds.lower, network.bounds.upper))
    knockouts.close(lower, upper)
    for row, names in enumerate(missing):
        bounds = network.knock_out(names).bounds
        assert np.array_equal(lower[row], bounds.lower)
        assert np.array_equal(upper[row], bounds.upper)


def test_genes_of_a_sample_are_missing_together(core: MetabolicNetwork) -> None:
    # Two isoenzymes of phosphofructokinase: only without both is the reaction gone.
    texts = ["b3916", "b1723", "b3916;b1723", "PGI;b3916;b1723;", ""]
    knockouts = read_knockouts(core, texts)
    names = [core.reactions[index] for index in knockouts.reactions]
    closed = [[name for name, gone in zip(names, row, strict=True) if gone] for row in knockouts.closed]
    assert closed == [[], [], ["PFK"], ["PFK", "PGI"], []]
    for text, row in zip(texts, closed, strict=True):
        genes = [name for name in text.split(";") if name.startswith("b")]
        reactions = [name for name in text.split(";") if name == "PGI"]
        expected = core.knock_out(reactions, genes).bounds
        assert np.array_equal(core.knock_out(row).bounds.lower, expected.lower)


def test_an_alias_is_the_reaction(core: MetabolicNetwork) -> None:
    ((alias, name),) = core.aliases.items()
    assert read_knockouts(core, [alias]).reactions.tolist() == [core.reaction_index(name)]


def test_rows_keep_their_knockouts(core: MetabolicNetwork) -> None:
    knockouts = read_knockouts(core, ["PGI", "", "PFK"])
    for row, expected in ((0, "PGI"), (1, ""), (2, "PFK")):
        one, alone = knockouts.rows(slice(row, row + 1)), read_knockouts(core, [expected])
        assert set(one.reactions[one.closed[0]]) == set(alone.reactions)


@pytest.mark.parametrize("text", ["PGI;TPI", "PGI, TPI", "PGI TPI", "PGI ,; TPI;", "TPI\tPGI"])
def test_knockouts_are_separated_by_a_semicolon_a_comma_or_a_space(core: MetabolicNetwork, text: str) -> None:
    knockouts = read_knockouts(core, [text])
    assert {core.reactions[index] for index in knockouts.reactions[knockouts.closed[0]]} == {"PGI", "TPI"}


def test_an_id_that_holds_a_separator_is_not_cut() -> None:
    ids = frozenset({"a b", "a, b", "c"})
    assert split_ids("a b;c", ids) == ["a b", "c"]
    assert split_ids("a, b; c", ids) == ["a, b", "c"]
    assert split_ids("c, a b", ids) == ["c", "a b"]


def test_the_wild_type_is_left_as_it_is(core: MetabolicNetwork) -> None:
    for knockouts in (read_knockouts(core, ["", ";"]), no_knockouts(2)):
        lower, upper = np.full((2, 95), -1.0), np.full((2, 95), 1.0)
        knockouts.close(lower, upper)
        assert (lower == -1.0).all()
        assert (upper == 1.0).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PGII", "column 'knockout', row 1: 'PGII' is no reaction or gene of e_coli_core; did you mean 'PGI'"),
        ("PGI;b1778", "'b1778' is no reaction or gene of e_coli_core; did you mean 'b1779'"),
        ("PGI,PFKK", "'PFKK' is no reaction or gene of e_coli_core"),
        ("PGI+PFK", r"'PGI\+PFK' is no reaction or gene of e_coli_core"),
    ],
)
def test_an_unknown_id_is_refused_with_the_nearest(core: MetabolicNetwork, text: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        read_knockouts(core, ["PGI", text])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), samples=st.integers(0, 6))
def test_a_mask_and_its_knockouts_are_the_same(seed: int, samples: int) -> None:
    mask = torch.rand(samples, 18, generator=torch.Generator().manual_seed(seed)) < 0.1
    knockouts = Knockouts.from_mask(mask, samples)
    assert knockouts.closed.shape == (samples, len(knockouts.reactions))
    # Only reactions that some sample goes without are named.
    assert knockouts.closed.any(axis=0).all()
    lower, upper = np.full((samples, 18), -1.0), np.full((samples, 18), 1.0)
    knockouts.close(lower, upper)
    assert np.array_equal(lower == 0, mask.numpy())
    assert np.array_equal(upper == 0, mask.numpy())
    again = knockouts.to_mask(18)
    assert (again is None) == (not mask.any())
    assert again is None or torch.equal(again, mask)


def test_wild_types_have_no_mask(core: MetabolicNetwork) -> None:
    assert no_knockouts(3).to_mask(95) is None
    assert read_knockouts(core, ["", ""]).to_mask(95) is None
    wild = Knockouts.from_mask(None, 3)
    assert wild.closed.shape == (3, 0)
    assert len(wild.reactions) == 0


def test_the_mask_of_a_table_names_its_reactions(core: MetabolicNetwork) -> None:
    mask = read_knockouts(core, ["PGI;b1779", "", "PFK"]).to_mask(95)
    assert mask is not None
    assert mask.dtype == torch.bool
    gone = [{core.reactions[index] for index in row.nonzero().flatten().tolist()} for row in mask]
    assert gone == [{"PGI", "GAPD"}, set(), {"PFK"}]
