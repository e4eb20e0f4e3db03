import numpy as np
import pandas as pd
import pytest

from metagnn.datasets import random_knockouts, uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.errors import InputError, NetworkError
from metagnn.fba import dispensable_reactions
from metagnn.network import MetabolicNetwork

MEDIA = uniform_media(E_COLI_CORE_RANGES, 400, seed=1)


def _names(text: str) -> list[str]:
    return text.split(";") if text else []


def test_half_of_the_samples_go_without_one_or_two_dispensable_reactions(core: MetabolicNetwork) -> None:
    table = random_knockouts(core, MEDIA, seed=3)
    pd.testing.assert_frame_equal(table.drop(columns="knockout"), MEDIA)
    drawn = table["knockout"].map(_names)
    counts = drawn.map(len).value_counts(normalize=True)
    assert counts[0] == pytest.approx(0.5, abs=0.08)
    assert counts[1] == pytest.approx(counts[2], abs=0.1)
    assert all(len(set(names)) == len(names) for names in drawn)
    # 200 samples with 1.5 knockouts on average reach nearly all of the 71.
    assert set(drawn.explode().dropna()) <= set(dispensable_reactions(core, MEDIA))
    assert len(set(drawn.explode().dropna())) > 60


def test_the_seed_decides_and_the_callers_table_stays(core: MetabolicNetwork) -> None:
    before = MEDIA.copy()
    one, same, other = (random_knockouts(core, MEDIA, seed=seed)["knockout"] for seed in (0, 0, 1))
    assert one.equals(same)
    assert not one.equals(other)
    assert MEDIA.equals(before)


def test_excluded_reactions_are_never_drawn_and_no_others_than_those_named(core: MetabolicNetwork) -> None:
    held_out = ("PGI", "FUM", "TPI")
    trained = random_knockouts(core, MEDIA, 1.0, exclude=held_out)["knockout"].map(_names)
    tested = random_knockouts(core, MEDIA, 1.0, most=1, among=held_out)["knockout"].map(_names)
    assert not set(trained.explode()) & set(held_out)
    assert set(tested.explode()) == set(held_out)
    assert (tested.map(len) == 1).all()


def test_bad_input_is_refused(core: MetabolicNetwork) -> None:
    with pytest.raises(InputError, match=r"`fraction` is 1\.5; expected a share from 0 to 1"):
        random_knockouts(core, MEDIA, 1.5)
    with pytest.raises(InputError, match="`most` is 3; expected 1 to 1, the reactions to choose from"):
        random_knockouts(core, MEDIA, most=3, among=["PGI", "FUM"], exclude=["FUM"])
    with pytest.raises(NetworkError, match="'PGII' is no reaction of e_coli_core; did you mean 'PGI'"):
        random_knockouts(core, MEDIA, exclude=["PGII"])
    with pytest.raises(InputError, match="`fraction` is nan"):
        random_knockouts(core, MEDIA, np.nan)
