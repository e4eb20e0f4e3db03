import copy
import dataclasses
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.optimize
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn import FluxPredictor, TrainingConfig, reconcile, simulate_fluxes, to_networkx
from metagnn.analysis.growth_limits import bottlenecks, reduced_costs, shadow_prices
from metagnn.analysis.nearest_flux import moma
from metagnn.datasets.label_file import simulate_to_file
from metagnn.datasets.rates import read_rates
from metagnn.errors import NetworkError, TableError
from metagnn.fba.single_deletion import dispensable_reactions
from metagnn.graph import layout_network, node_features, to_hetero_data
from metagnn.network import MetabolicNetwork, load_network
from metagnn.network.document import network_from_document, network_to_document
from metagnn.network.summary import summarise
from metagnn.nn.polytope import PolytopeProjection
from metagnn.testing import random_network, toy_network
from tests.constrained_networks import constrained

MEDIA = pd.DataFrame({"EX_glc__D_e": [10.0, 5.0, 18.0, 8.0, 12.0], "EX_o2_e": [20.0, 3.0, 1000.0, 9.0, 30.0]})


@pytest.fixture(scope="module")
def core() -> MetabolicNetwork:
    return load_network("e_coli_core")


@pytest.fixture(scope="module")
def limited(core: MetabolicNetwork) -> MetabolicNetwork:
    """Half of what leaves G6P goes through the pentose phosphate pathway, and glycolysis and respiration share 50."""
    budget = {"PFK": 1.0, "PGK": -1.0, "CS": 1.0, "CYTBD": 0.5, "EX_ac_e": 1.0}
    ratio = {"PGI": 1.0, "G6PDH2r": -1.0}
    return constrained(core, {"ratio": (ratio, 0.0, 0.0), "budget": (budget, -np.inf, 50.0)})


def by_linprog(network: MetabolicNetwork, lower: np.ndarray, upper: np.ndarray, rows: dict) -> float:
    """Largest growth, by scipy, with the constraints as inequalities."""
    S = network.stoichiometry.to_dense().numpy()
    A = np.zeros((len(rows), len(network.reactions)))
    for place, (coefficients, _, _) in enumerate(rows.values()):
        for name, value in coefficients.items():
            A[place, network.reaction_index(name)] = value
    limits = np.array([row[1:] for row in rows.values()])
    cost = np.zeros(len(network.reactions))
    cost[network.reaction_index(network.growth_reaction)] = -1.0
    right, finite = np.concatenate([limits[:, 1], -limits[:, 0]]), np.isfinite(limits.T[::-1].ravel())
    found = scipy.optimize.linprog(
        cost, np.vstack([A, -A])[finite], right[finite], S, np.zeros(len(S)), np.column_stack([lower, upper])
    )
    return -found.fun if found.status == 0 else np.nan


def test_a_network_without_further_constraints_is_as_it_was(core: MetabolicNetwork) -> None:
    fluxes = np.ones((2, 95))
    assert core.slacks == ()
    assert core.own_reactions is core.reactions
    assert core.own_fluxes(fluxes) is fluxes
    assert core.further_constraints.settle(core.stoichiometry.to_scipy(), fluxes) is fluxes
    assert "constraint" not in repr(core)
    assert all("constraint" not in what for what, _ in summarise(core))


@given(seed=st.integers(0, 10_000))
@settings(max_examples=5, deadline=None)
def test_every_method_meets_random_constraints_and_grows_as_scipy_finds(seed: int) -> None:
    network = random_network(seed)
    random = np.random.default_rng(seed)
    rows = {}
    for place in range(int(random.integers(1, 4))):
        members = random.choice(network.reactions, size=3, replace=False)
        low = float(random.uniform(-60, 0)) if random.random() < 0.7 else -1e3
        coefficients = {str(name): float(random.choice([-2.0, -0.5, 1.0, 3.0])) for name in members}
        rows[f"row{place}"] = (coefficients, low, float(random.uniform(0, 60)))
    exchange = network.exchanges[0]
    media = pd.DataFrame({exchange: [3.0, 30.0]})
    best = [by_linprog(network, *(b[row] for b in network.uptake_bounds([exchange], media.to_numpy())), rows)
            for row in range(2)]  # fmt: skip
    for method in ("fba", "pfba", "min_norm"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            labels = simulate_fluxes(constrained(network, rows), media, method)
        assert list(labels.fluxes) == list(network.reactions)
        np.testing.assert_allclose(labels.growth, best, atol=1e-8)
        for coefficients, low, high in rows.values():
            values = labels.fluxes[list(coefficients)].dropna() @ pd.Series(coefficients)
            assert values.between(low - 1e-8, high + 1e-8).all()


def test_pfba_and_least_norm_count_reactions_only(core: MetabolicNetwork, limited: MetabolicNetwork) -> None:
    # A redundant constraint with a large slack changes no label.
    wide = constrained(core, {"wide": (dict.fromkeys(core.reactions, 30.0), -1e6, 1e6)})
    for method in ("pfba", "min_norm"):
        ours, plain = (simulate_fluxes(network, MEDIA, method).fluxes for network in (wide, core))
        np.testing.assert_allclose(ours, plain, atol=1e-7)
    assert np.square(simulate_fluxes(limited, MEDIA, "min_norm").fluxes).sum(axis=1).le(
        np.square(simulate_fluxes(limited, MEDIA, "pfba").fluxes).sum(axis=1) + 1e-6
    ).all()  # fmt: skip


def test_what_serves_constraints_is_no_reaction(limited: MetabolicNetwork, core: MetabolicNetwork) -> None:
    assert limited.slacks == ("slack_ratio", "slack_budget")
    assert limited.own_reactions == core.reactions
    assert limited.exchanges == core.exchanges
    assert limited.outside_exchanges == core.outside_exchanges
    assert limited.imports_forward.tolist() == core.imports_forward.tolist()
    assert limited.checkable_reactions[:95].tolist() == core.checkable_reactions.tolist()
    assert not limited.checkable_reactions[95:].any()
    assert limited.unbalanced_reactions() == core.unbalanced_reactions()
    assert limited.biomass_content("C") == core.biomass_content("C")
    assert limited.medium() == core.medium()
    assert not set(dispensable_reactions(limited, MEDIA)) & set(limited.slacks)
    with pytest.raises(NetworkError, match="'slack_budge'") as error:
        limited.knock_out(reactions=["slack_budge"])
    assert "slack_budget" not in str(error.value)
    with pytest.raises(NetworkError, match="'slack_budget'"):
        limited.knock_out(reactions=["slack_budget"])
    with pytest.raises(TableError, match="slack_ratio"):
        limited.with_medium({"slack_ratio": 1.0})


def test_they_are_shown_counted_and_kept(limited: MetabolicNetwork, core: MetabolicNetwork) -> None:
    assert repr(limited) == "MetabolicNetwork('e_coli_core', 72 metabolites, 95 reactions, 2 further constraints)"
    assert ("further constraints", "2") in summarise(limited)
    assert "further constraints" in limited._repr_html_()
    assert limited.fingerprint != core.fingerprint
    column = limited.stoichiometry.to_dense()[:, limited.reaction_index(limited.growth_reaction)].numpy()
    for other in (
        limited.with_medium({"EX_glc__D_e": 5.0}),
        limited.knock_out(genes=["b1779"]),
        limited.with_biomass(column),
        copy.deepcopy(limited),
        pickle.loads(pickle.dumps(limited)),
        network_from_document(network_to_document(limited)),
    ):
        assert other.slacks == limited.slacks
        assert other.further_constraints.count == 2
        assert other.bounds.upper[-1] == 50.0
        assert other.bounds.lower[-1] == -np.inf


def test_the_polytope_layer_keeps_them(limited: MetabolicNetwork) -> None:
    layer = PolytopeProjection(limited.stoichiometry, limited.bounds.lower, limited.bounds.upper)
    target = torch.randn(5, 97, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 20
    fluxes = layer(
        target, *(torch.tensor(b).expand(5, 97) for b in (limited.bounds.lower, limited.bounds.upper))
    ).numpy()
    assert np.abs(fluxes @ limited.stoichiometry.to_dense().numpy().T).max() < 1e-9
    own = dict(zip(limited.reactions, fluxes.T, strict=True))
    np.testing.assert_allclose(own["PGI"], own["G6PDH2r"], atol=1e-9)
    assert (own["PFK"] - own["PGK"] + own["CS"] + 0.5 * own["CYTBD"] + own["EX_ac_e"]).max() < 50 + 1e-9


@pytest.mark.parametrize("constraint", ["steady_state", "polytope", "soft"])
def test_a_predictor_speaks_of_reactions_only(limited: MetabolicNetwork, constraint: str, tmp_path) -> None:
    labels = simulate_fluxes(limited, MEDIA)
    model = FluxPredictor(limited, constraint=constraint, training=TrainingConfig(epochs=1))
    model.fit(MEDIA, labels.fluxes)
    fluxes = model.predict(MEDIA)
    assert list(fluxes) == list(limited.own_reactions)
    model.save(tmp_path / "model")
    pd.testing.assert_frame_equal(FluxPredictor.load(tmp_path / "model").predict(MEDIA), fluxes)
    report = model.diagnose(MEDIA)
    ratio = (fluxes["PGI"] - fluxes["G6PDH2r"]).abs().max()
    if constraint == "soft":
        # The balances of metabolites alone make |S·v|; a constraint that is missed is a bound that is missed.
        S = load_network("e_coli_core").stoichiometry.to_dense().numpy()
        np.testing.assert_allclose(report["max_abs_sv"], np.abs(fluxes.to_numpy() @ S.T).max(axis=1))
        assert report["max_bound_violation"].max() >= ratio
    else:
        assert report["max_abs_sv"].max() < 1e-9
    if constraint == "polytope":
        assert ratio < 1e-9
        assert report["max_bound_violation"].max() < 1e-9
    assert np.isfinite(model.score(MEDIA, labels.fluxes))


def test_tables_hold_the_models_own_reactions(limited: MetabolicNetwork, tmp_path) -> None:
    own = list(limited.own_reactions)
    written = simulate_to_file(limited, MEDIA, "pfba", tmp_path / "labels.csv")
    assert list(written.read_fluxes()) == own
    assert written.max_abs_sv < 1e-8
    assert written.max_bound_violation < 1e-8
    wild = simulate_fluxes(limited, MEDIA).fluxes
    mutant = moma(limited, wild, reactions=["ACKr"])
    assert list(mutant) == own
    np.testing.assert_allclose(mutant["PGI"], mutant["G6PDH2r"], atol=1e-9)
    assert list(reduced_costs(limited, MEDIA[:1])) == own
    assert list(shadow_prices(limited, MEDIA[:1])) == list(limited.metabolites[:72])


def test_a_constraint_that_limits_growth_is_named(limited: MetabolicNetwork) -> None:
    rows = bottlenecks(limited, MEDIA[:1]).set_index("reaction")
    assert rows.loc["budget", "kind"] == "constraint"
    assert rows.loc["budget", "gain"] > 0
    assert rows.loc["ratio", "kind"] == "constraint"


def test_reconciliation_keeps_them(limited: MetabolicNetwork) -> None:
    truth = simulate_fluxes(limited, MEDIA).fluxes
    table = truth[["EX_glc__D_e", "EX_o2_e", "EX_co2_e", "EX_ac_e"]].assign(growth=truth[limited.growth_reaction])
    _, found = reconcile(
        limited,
        read_rates(limited, table.add_suffix(" [mmol/gDW/h]").rename(columns={"growth [mmol/gDW/h]": "growth [1/h]"})),
    )
    assert list(found.fluxes) == list(limited.own_reactions)
    assert (found.status == "optimal").all()
    np.testing.assert_allclose(found.fluxes["PGI"], found.fluxes["G6PDH2r"], atol=1e-7)


def test_graphs_show_reactions_and_features_are_finite(limited: MetabolicNetwork) -> None:
    graph = to_networkx(limited)
    assert not set(graph) & {*limited.slacks, "ratio", "budget"}
    drawing = layout_network(limited, reactions=["PGI", "G6PDH2r", "PFK"])
    assert "ratio" not in {m.id for m in drawing.metabolites} | set(drawing.left_out)
    features = node_features(limited)
    assert torch.isfinite(features.metabolite).all()
    assert torch.isfinite(features.reaction).all()
    data = to_hetero_data(limited)
    assert data["reaction"].slack.nonzero().flatten().tolist() == [95, 96]
    assert data["metabolite"].is_constraint.nonzero().flatten().tolist() == [72, 73]


def test_an_exchange_in_a_constraint_stays_one(core: MetabolicNetwork) -> None:
    network = constrained(core, {"row": ({"EX_glc__D_e": 5.0, "EX_o2_e": 3.0}, -100.0, np.inf)})
    assert network.outside_exchanges == core.outside_exchanges
    assert network.imports_forward.tolist() == core.imports_forward.tolist()
    assert network.element_balance("C").to_dense()[0, 95] == 0.0
    growth = by_linprog(
        core, core.bounds.lower, core.bounds.upper, {"row": ({"EX_glc__D_e": 5.0, "EX_o2_e": 3.0}, -100.0, np.inf)}
    )
    labels = simulate_fluxes(network, pd.DataFrame({"EX_glc__D_e": [10.0]}))
    assert labels.growth[0] == pytest.approx(growth, abs=1e-8)


def test_what_a_constraint_forbids_is_infeasible() -> None:
    toy = toy_network({"EX_a": "a <=>", "growth": "a ->"}, "growth", {"EX_a": (-10, 1000)})
    network = constrained(toy, {"much": ({"growth": 1.0}, 20.0, np.inf)})
    with pytest.warns(UserWarning, match="infeasible"):
        labels = simulate_fluxes(network, pd.DataFrame({"EX_a": [5.0, 25.0]}))
    assert labels.status.tolist() == ["infeasible", "optimal"]


def test_slacks_follow_the_fluxes(limited: MetabolicNetwork) -> None:
    further, S = limited.further_constraints, limited.stoichiometry.to_scipy()
    fluxes = np.random.default_rng(0).normal(size=(4, 95))
    complete = further.complete(S, fluxes)
    np.testing.assert_allclose(further.own(complete), fluxes)
    np.testing.assert_allclose((S @ complete.T)[72:], 0.0, atol=1e-12)
    narrow = dataclasses.replace(limited.bounds, upper=np.minimum(limited.bounds.upper, 99.0))
    assert further.unlimited(narrow) == 1000.0
