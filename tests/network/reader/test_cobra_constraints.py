import cobra
import cobra.io
import numpy as np
import pandas as pd
import pytest

from metagnn import simulate_fluxes
from metagnn.errors import ModelWarning, NetworkError
from metagnn.network import load_network

MEDIA = pd.DataFrame({"EX_glc__D_e": [10.0, 5.0], "EX_o2_e": [20.0, 1000.0]})


@pytest.fixture(scope="module")
def textbook() -> cobra.Model:
    return cobra.io.load_model("textbook")


@pytest.fixture
def model(textbook: cobra.Model) -> cobra.Model:
    return textbook.copy()


def growth(model: cobra.Model) -> list[float]:
    found = []
    for glucose, oxygen in MEDIA.to_numpy():
        with model:
            model.reactions.EX_glc__D_e.lower_bound, model.reactions.EX_o2_e.lower_bound = -glucose, -oxygen
            found.append(model.slim_optimize())
    return found


def agrees(model: cobra.Model) -> None:
    network = load_network(model)
    for method in ("fba", "pfba", "min_norm"):
        labels = simulate_fluxes(network, MEDIA, method)
        np.testing.assert_allclose(labels.growth, growth(model), rtol=0, atol=1e-8)
        assert list(labels.fluxes) == [reaction.id for reaction in model.reactions]


def add(model: cobra.Model, expression, lb, ub, name="extra") -> None:
    model.add_cons_vars(model.problem.Constraint(expression, lb=lb, ub=ub, name=name))


def test_a_ratio_and_a_budget_give_cobras_growth(model: cobra.Model) -> None:
    r = model.reactions
    add(model, r.PGI.flux_expression - 2 * r.G6PDH2r.flux_expression, 0, 0, "ratio")
    add(model, sum(r.get_by_id(n).forward_variable for n in ("PFK", "CS", "CYTBD")), None, 40, "budget")
    assert growth(model)[0] < 0.8
    agrees(model)


def test_a_budget_of_both_directions_gives_cobras_growth(model: cobra.Model) -> None:
    inside = [reaction for reaction in model.reactions if len(reaction.metabolites) > 1]
    add(model, sum(reaction.forward_variable + reaction.reverse_variable for reaction in inside), None, 300)
    agrees(model)


def test_an_enzyme_pool_as_a_variable_gives_cobras_growth(model: cobra.Model) -> None:
    pool = model.problem.Variable("pool", lb=0, ub=0.2)
    model.add_cons_vars(pool)
    expression = sum(0.01 * model.reactions.get_by_id(name).flux_expression for name in ("PFK", "CS")) - pool
    add(model, expression, None, 0)
    agrees(model)


def test_a_variable_in_a_metabolites_balance_is_kept(model: cobra.Model) -> None:
    leak = model.problem.Variable("leak", lb=0.5, ub=3)
    model.add_cons_vars(leak)
    model.solver.update()
    model.constraints["atp_c"].set_linear_coefficients({leak: -1.0})
    agrees(model)
    model.constraints["nadph_c"].ub = 2.0
    with pytest.warns(ModelWarning, match="1 balance that need not be zero: 'nadph_c'|2 balances"):
        agrees(model)


def test_the_order_of_columns_is_that_of_every_run(model: cobra.Model) -> None:
    inside = [reaction for reaction in model.reactions if len(reaction.metabolites) > 1]
    add(model, sum(reaction.forward_variable + reaction.reverse_variable for reaction in inside), None, 300)
    forward = [name for name in load_network(model).slacks if name.endswith("_forward")]
    assert forward == sorted(forward)


@pytest.mark.parametrize("kind", ["integer", "binary"])
def test_an_integer_variable_is_refused_by_name(model: cobra.Model, kind: str) -> None:
    model.add_cons_vars(model.problem.Variable("on_PFK", lb=0, ub=1, type=kind))
    with pytest.raises(NetworkError, match=f"variable 'on_PFK' is {kind}; expected linear constraints of continuous"):
        load_network(model)


def test_a_quadratic_constraint_is_refused_by_name(model: cobra.Model) -> None:
    product = model.reactions.PFK.forward_variable * model.reactions.PGI.forward_variable

    class Quadratic:
        name, expression, is_Linear = "product", product, False

    class Held(cobra.Model):
        constraints = (Quadratic(),)

    model.__class__ = Held
    with pytest.raises(NetworkError, match="constraint 'product' is not linear; expected linear constraints"):
        load_network(model)


def test_an_objective_over_a_variable_is_no_growth(model: cobra.Model) -> None:
    pool = model.problem.Variable("pool", lb=0, ub=0.2)
    model.add_cons_vars(pool)
    model.objective = model.problem.Objective(pool, direction="min")
    with pytest.warns(ModelWarning, match="objective holds 'pool', no flux of a reaction, .* choose `growth`"):
        network = load_network(model)
    with pytest.raises(NetworkError, match="no objective"):
        _ = network.growth_reaction
    assert load_network(model, growth="Biomass_Ecoli_core").growth_reaction == "Biomass_Ecoli_core"


def test_an_objective_of_total_flux_is_no_growth(model: cobra.Model) -> None:
    model.objective = model.problem.Objective(
        sum(r.forward_variable + r.reverse_variable for r in list(model.reactions)[:3]), direction="min"
    )
    with pytest.warns(ModelWarning, match="forward and backward flux of 'ACALD', 'ACALDt', 'ACKr' apart"):
        load_network(model)
