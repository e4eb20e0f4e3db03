import numpy as np
import pandas as pd
import pytest

from metagnn.analysis.nearest_flux.minimal_adjustment import moma
from metagnn.errors import NetworkError, TableError
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.optimize.quadratic_program import QuadraticProgram
from tests.copies_and_threads import assert_copies_are_the_same, in_threads


@pytest.fixture(scope="module")
def wild(core: MetabolicNetwork) -> pd.DataFrame:
    media = pd.DataFrame({"EX_glc__D_e": [10.0, 6.0], "EX_o2_e": [20.0, 8.0]}, index=["rich", "poor"])
    return simulate_fluxes(core, media).fluxes


@pytest.mark.parametrize("lost", ["PGI", "PFK", "TPI"])
def test_it_is_the_nearest_flux_of_the_knockout(core: MetabolicNetwork, wild: pd.DataFrame, lost: str):
    fluxes, knocked = moma(core, wild, reactions=[lost]), core.knock_out(reactions=[lost])
    program = QuadraticProgram(core.stoichiometry.to_scipy())
    for name, reference in wild.iterrows():
        nearest = program.solve(reference.to_numpy(), knocked.bounds.lower, knocked.bounds.upper).values
        assert np.abs(fluxes.loc[name] - nearest).max() < 1e-6
    assert (fluxes[lost] == 0).all()
    # Adjusting less, it grows no faster than the knockout could.
    assert (fluxes[core.growth_reaction] < wild[core.growth_reaction]).all()


def test_without_a_loss_nothing_is_adjusted_and_a_gene_is_its_reactions(core: MetabolicNetwork, wild: pd.DataFrame):
    assert np.abs(moma(core, wild) - wild).max(axis=None) < 1e-7
    pd.testing.assert_frame_equal(moma(core, wild, genes=["b4025"]), moma(core, wild, reactions=["PGI"]))


def test_a_knockout_that_leaves_nothing_is_nan_and_counted(core: MetabolicNetwork, wild: pd.DataFrame):
    with pytest.warns(UserWarning, match="2 of 2 samples"):
        assert moma(core, wild, reactions=["GLCpts"]).isna().all(axis=None)


def test_bad_input_is_refused(core: MetabolicNetwork, wild: pd.DataFrame):
    with pytest.raises(TableError, match="`wild_type` lacks 'PGI'"):
        moma(core, wild.drop(columns="PGI"))
    with pytest.raises(TableError, match="NaN"):
        moma(core, wild.assign(PGI=np.nan))
    with pytest.raises(NetworkError, match="did you mean 'PGI'"):
        moma(core, wild, reactions=["PGII"])


def test_copies_are_the_same_and_threads_give_the_serial_fluxes(core):
    wild = simulate_fluxes(core, pd.DataFrame({"EX_glc__D_e": [10.0, 5.0]})).fluxes
    expected = moma(core, wild, reactions=["PGI"])
    assert_copies_are_the_same(expected)
    assert all(found.equals(expected) for found in in_threads(lambda _: moma(core, wild, reactions=["PGI"]), range(8)))
