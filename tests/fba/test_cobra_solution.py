import cobra.io
import numpy as np
import pandas as pd
import pytest

from metagnn.errors import InputError, NetworkError
from metagnn.fba import FluxSolutions, simulate_fluxes, to_cobra_solution
from metagnn.network import MetabolicNetwork


@pytest.fixture(scope="module")
def model() -> cobra.Model:
    return cobra.io.load_model("textbook")


@pytest.fixture(scope="module")
def solutions(core: MetabolicNetwork) -> FluxSolutions:
    with pytest.warns(UserWarning, match="infeasible"):
        return simulate_fluxes(core, pd.DataFrame({"EX_glc__D_e": [10.0, 5.0, 0.0]}), "pfba")


def test_cobra_summarises_the_fluxes_as_its_own(model: cobra.Model, solutions: FluxSolutions):
    own = cobra.flux_analysis.pfba(model)
    back = solutions.to_cobra(model, 0)
    assert (back.status, back.objective_value) == ("optimal", pytest.approx(own.fluxes["Biomass_Ecoli_core"]))
    assert list(back.fluxes.index) == [reaction.id for reaction in model.reactions]
    assert np.abs(back.fluxes - own.fluxes).max() < 1e-6
    ours, theirs = (model.summary(solution=solution).to_frame() for solution in (back, own))
    assert np.allclose(ours["flux"], theirs["flux"], atol=1e-6)
    assert model.metabolites.atp_c.summary(solution=back).to_frame()["flux"].abs().max() > 1.0


def test_the_objective_is_that_of_the_model(model: cobra.Model, solutions: FluxSolutions):
    with model:
        model.objective = {model.reactions.ATPM: 2.0, model.reactions.EX_glc__D_e: -1.0}
        back = to_cobra_solution(model, solutions.fluxes.iloc[1].sample(frac=1.0, random_state=0))
    fluxes = solutions.fluxes.iloc[1]
    assert back.objective_value == pytest.approx(2.0 * fluxes["ATPM"] - fluxes["EX_glc__D_e"])


def test_what_is_no_solution_of_the_model_is_refused(model: cobra.Model, solutions: FluxSolutions):
    with pytest.raises(InputError, match="row 2 is infeasible"):
        solutions.to_cobra(model, 2)
    with pytest.raises(InputError, match="`row` is 3; expected 0 to 2"):
        solutions.to_cobra(model, 3)
    with pytest.raises(InputError, match="is NaN for 'ACALD'"):
        to_cobra_solution(model, solutions.fluxes.iloc[2])
    with pytest.raises(NetworkError, match="'PGI' is no reaction that has a flux"):
        to_cobra_solution(model, solutions.fluxes.iloc[0].drop("PGI"))
    with pytest.raises(NetworkError, match="'PGX' is no reaction of the model"):
        to_cobra_solution(model, pd.concat([solutions.fluxes.iloc[0], pd.Series({"PGX": 1.0})]))
