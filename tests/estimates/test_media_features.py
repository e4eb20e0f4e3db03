import numpy as np
import pytest

from metagnn.estimates.media_features import MediaFeatures

NAMES = ("EX_glc__D_e", "EX_gln__L_e", "EX_ac_e")
MEDIA = np.array([[10.0, 0.0, 0.0], [20.0, 0.0, 0.0], [10.0, 2.0, 0.0], [0.0, 0.0, 5.0], [0.0, 0.0, 0.0]])


@pytest.fixture(scope="module")
def read(core):
    return MediaFeatures(core, amounts=True).read(NAMES, MEDIA, NAMES, np.zeros((5, 0)))


def test_growth_and_batch_follow_what_a_medium_holds(read):
    growth, batch = read.mechanistic[:, 0], read.mechanistic[:, 9]
    assert growth[1] > growth[0] > growth[3] > 0
    assert growth[2] > growth[0]
    assert batch[1] == pytest.approx(2.0 * batch[0], rel=1e-6)
    assert (read.mechanistic[4] == 0).all()


def test_contents_are_those_of_the_formulas(read):
    carbon, other, electrons, nitrogen, acids, bases = read.mechanistic[2, 3:9]
    assert carbon == 10 * 6 + 2 * 5
    assert other == 2 * 5
    assert nitrogen == 2 * 2
    assert electrons == 10 * 24 + 2 * 18
    assert (acids, bases) == (1, 0)


def test_the_main_source_has_most_carbon_and_is_left_out_of_its_view(read):
    assert read.main.argmax(axis=1).tolist() == [0, 0, 0, 2, 0]
    assert read.main.any(axis=1).tolist() == [True, True, True, True, False]
    assert (read.view("without main source", 1).inputs == [[0, 0, 0], [0, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]]).all()


def test_a_medium_has_the_same_features_alone_and_among_others(core, read):
    reader = MediaFeatures(core, amounts=True)
    for row in range(len(MEDIA)):
        alone = reader.read(NAMES, MEDIA[[row]], NAMES, np.zeros((1, 0)))
        assert np.allclose(alone.mechanistic, read.mechanistic[[row]], rtol=1e-9, atol=1e-9)


def test_a_nutrient_beyond_the_training_counts_in_the_features_only(core, read):
    more = MediaFeatures(core, amounts=True).read(
        (*NAMES, "EX_fru_e"), np.array([[10.0, 0, 0, 5.0]]), NAMES, np.zeros((1, 0))
    )
    assert more.values.shape == (1, 3)
    assert more.mechanistic[0, 0] > read.mechanistic[0, 0]


def test_where_amounts_are_unknown_the_best_food_is_the_main_source(core):
    # Glutamine has fewer carbons than glucose, acetate feeds less than it has carbon.
    found = MediaFeatures(core, amounts=False).main_sources(NAMES, np.array([[1.0, 1, 1], [0, 1, 1], [0, 0, 0]]))
    assert found.tolist() == [0, 1, -1]
