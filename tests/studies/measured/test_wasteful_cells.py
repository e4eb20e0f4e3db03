import dataclasses

import numpy as np
import pytest

from metagnn.fba.simulate import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.studies.measured.wasteful_cells import (
    FUTILE,
    MAINTENANCE,
    RICHER,
    SUBSTRATES,
    CellLaws,
    CellModel,
    WastefulCells,
)


@pytest.fixture(scope="module")
def model(core: MetabolicNetwork) -> CellModel:
    return CellModel(core)


@pytest.fixture(scope="module")
def cells(model: CellModel) -> WastefulCells:
    return model.draw(SUBSTRATES, 25, 3)


def test_fluxes_balance_and_stay_within_what_is_offered(cells: WastefulCells, core: MetabolicNetwork) -> None:
    fluxes = cells.fluxes.to_numpy()
    assert np.abs(core.stoichiometry.to_scipy() @ fluxes.T).max() < 1e-8
    lower, upper = core.uptake_bounds(list(cells.uptakes.columns), cells.uptakes.to_numpy())
    # These cells need less maintenance than the network asks for: the one bound that they break.
    lower[:, core.reaction_index(MAINTENANCE)] = model_maintenance = CellLaws().maintenance
    assert model_maintenance < core.bounds.lower[core.reaction_index(MAINTENANCE)]
    assert (fluxes >= lower - 1e-7).all()
    assert (fluxes <= upper + 1e-7).all()


def test_the_budget_holds_and_binds_for_some(cells: WastefulCells, model: CellModel) -> None:
    spent = np.abs(cells.fluxes.to_numpy()) @ model.costs()
    assert spent.max() <= model.laws.budget + 1e-5
    rich = model.draw(RICHER, 5, 0).fluxes.to_numpy()
    assert (np.abs(rich) @ model.costs()).max() == pytest.approx(model.laws.budget, rel=1e-6)


def test_glucose_lowers_the_uptake_of_all_else(cells: WastefulCells, model: CellModel) -> None:
    for name in SUBSTRATES:
        if name != "EX_glc__D_e":
            kept = 1.0 / (1.0 + model.laws.repression * cells.uptakes["EX_glc__D_e"])
            assert (-cells.fluxes[name] <= kept * cells.uptakes[name] + 1e-7).all()


def test_waste_costs_growth_and_differs_between_cells(cells: WastefulCells, core: MetabolicNetwork) -> None:
    assert cells.fluxes[MAINTENANCE].std() > 1.0
    assert (cells.fluxes[FUTILE] > 0).any()
    best = simulate_fluxes(core, cells.uptakes, "fba").fluxes[core.growth_reaction]
    assert cells.fluxes[core.growth_reaction].mean() < 0.95 * best.mean()


def test_without_these_laws_cells_are_optimal(core: MetabolicNetwork) -> None:
    demand = float(core.bounds.lower[core.reaction_index(MAINTENANCE)])
    laws = CellLaws(maintenance=demand, waste=0.0, futile=0.0, repression=0.0, budget=1e6)
    cells = CellModel(core, laws).draw(SUBSTRATES, 5, 0)
    best = simulate_fluxes(core, cells.uptakes, "fba").fluxes[core.growth_reaction]
    assert cells.fluxes[core.growth_reaction].to_numpy() == pytest.approx(best.to_numpy(), abs=1e-6)


def test_a_seed_draws_the_same_cells_and_an_organism_keeps_its_costs(model: CellModel, cells: WastefulCells) -> None:
    again = model.draw(SUBSTRATES, 25, 3)
    assert again.uptakes.equals(cells.uptakes)
    assert again.fluxes.to_numpy() == pytest.approx(cells.fluxes.to_numpy(), abs=1e-6)
    other = CellModel(model.network, dataclasses.replace(model.laws, organism=8))
    assert (model.costs() == CellModel(model.network).costs()).all()
    assert (model.costs() != other.costs()).any()
