import contextlib
import io
import re
import warnings

import cobra.flux_analysis
import cobra.io
import numpy as np
import pandas as pd
import pytest

from metagnn.errors import InputError, NetworkError, TableError
from metagnn.fba import METHODS, FluxSimulator, simulate_fluxes
from metagnn.fba.simulate import media_bounds, warn_unsolved
from metagnn.network import from_cobra
from tests.copies_and_threads import in_threads, same

RANGES = {"EX_glc__D_e": 10, "EX_gln__L_e": 10, "EX_glu__L_e": 10, "EX_lac__D_e": 10, "EX_o2_e": 20}


def _media(samples, seed=0):
    draws = np.random.default_rng(seed).uniform(0, list(RANGES.values()), (samples, len(RANGES)))
    return pd.DataFrame(draws, columns=list(RANGES), index=[f"medium {row}" for row in range(samples)])


@pytest.fixture(scope="module")
def cobra_core():
    return cobra.io.load_model("textbook")


def _cobra_growth(model, medium):
    with model:
        for name, uptake in medium.items():
            model.reactions.get_by_id(name).lower_bound = -uptake
        return model.slim_optimize()


@pytest.mark.filterwarnings("ignore:.*media are infeasible")
@pytest.mark.parametrize("method", METHODS)
def test_growth_equals_cobra_and_every_label_obeys_the_network(core, cobra_core, method):
    media = _media(25)
    solutions = simulate_fluxes(core, media, method)
    expected = [_cobra_growth(cobra_core, medium) for _, medium in media.iterrows()]
    assert solutions.feasible.sum() >= 20
    assert list(solutions.fluxes.columns) == list(core.reactions)
    assert solutions.fluxes.index.equals(media.index)
    assert np.allclose(solutions.growth, expected, atol=1e-6, equal_nan=True)
    fluxes = solutions.fluxes[solutions.feasible].to_numpy()
    lower, upper = core.uptake_bounds(list(media), media[solutions.feasible].to_numpy())
    assert np.abs(core.stoichiometry.to_scipy() @ fluxes.T).max() < 1e-8
    assert max((lower - fluxes).max(), (fluxes - upper).max()) < 1e-8


def test_pfba_fluxes_equal_those_of_cobra(core, cobra_core):
    media = _media(6, seed=3)
    solutions = simulate_fluxes(core, media, "pfba")
    assert solutions.feasible.all()
    for name, medium in media.iterrows():
        with cobra_core:
            for exchange, uptake in medium.items():
                cobra_core.reactions.get_by_id(exchange).lower_bound = -uptake
            expected = cobra.flux_analysis.pfba(cobra_core).fluxes
        assert np.abs(solutions.fluxes.loc[name, list(expected.index)] - expected).max() < 1e-5


def test_minimum_norm_does_not_depend_on_order_or_company(core):
    media = _media(300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        forward = simulate_fluxes(core, media)
        shuffled = simulate_fluxes(core, media.sample(frac=1.0, random_state=1))
    assert shuffled.status.loc[media.index].equals(forward.status)
    assert np.nanmax(np.abs(shuffled.fluxes.loc[media.index] - forward.fluxes)) < 1e-9
    for name in media.index[:10]:
        alone = simulate_fluxes(core, media.loc[[name]])
        assert np.abs(alone.fluxes.loc[name] - forward.fluxes.loc[name]).max() < 1e-9


@pytest.mark.filterwarnings("ignore:.*media are infeasible")
def test_minimum_norm_is_the_least_of_the_three_and_pfba_has_the_least_total(core):
    media = _media(20, seed=2)
    fluxes = {method: simulate_fluxes(core, media, method).fluxes.dropna() for method in METHODS}
    squares = {method: (table**2).sum(axis=1) for method, table in fluxes.items()}
    totals = {method: table.abs().sum(axis=1) for method, table in fluxes.items()}
    for other in ("pfba", "fba"):
        assert (squares["min_norm"] <= squares[other] + 1e-6).all()
    for other in ("min_norm", "fba"):
        assert (totals["pfba"] <= totals[other] + 1e-6).all()
    # Not the same flux under three names.
    assert (squares["min_norm"] < squares["pfba"] - 1e-3).any()


@pytest.mark.parametrize("method", METHODS)
def test_infeasible_media_keep_their_row_and_are_counted(core, method):
    media = pd.DataFrame({"EX_glc__D_e": [10.0, 0.0, 5.0], "EX_o2_e": [20.0, 0.0, 10.0]}, index=["a", "b", "c"])
    with pytest.warns(UserWarning, match="1 of 3 media are infeasible; their rows are NaN"):
        solutions = simulate_fluxes(core, media, method)
    assert solutions.status.to_dict() == {"a": "optimal", "b": "infeasible", "c": "optimal"}
    assert solutions.fluxes.loc["b"].isna().all()
    assert solutions.feasible.to_dict() == {"a": True, "b": False, "c": True}
    assert solutions.fluxes.drop("b").notna().all(axis=None)


@pytest.mark.parametrize("method", METHODS)
def test_unbounded_media_say_so(make_network, method):
    # EX_0 supplies m0, EX_1 drains m1; r2 (growth) has no upper bound and EX_0's own bound is infinite.
    matrix = np.array([[-1.0, 0.0, -1.0], [0.0, -1.0, 1.0]])
    lower, upper = np.array([-np.inf, 0.0, 0.0]), np.full(3, np.inf)
    network = make_network(matrix, lower, upper, exchanges=2)
    with pytest.warns(UserWarning, match="1 of 1 media are unbounded"):
        unbounded = simulate_fluxes(network, pd.DataFrame({"EX_1": [0.0]}), method)
    assert unbounded.status.tolist() == ["unbounded"]
    bounded = simulate_fluxes(network, pd.DataFrame({"EX_0": [3.0]}), method)
    assert bounded.fluxes.to_numpy() == pytest.approx(np.array([[-3.0, 3.0, 3.0]]))


def test_minimum_norm_solved_by_hand(make_network):
    # Uptake 4 splits over two equal routes (r2, r3), and growth r4 takes both: the least norm is the even split.
    matrix = np.array([[-1.0, 0.0, -1.0, -1.0, 0.0], [0.0, -1.0, 1.0, 1.0, -1.0]])
    network = make_network(matrix, np.array([-9.0, 0, 0, 0, 0]), np.full(5, 10.0), exchanges=2)
    found = simulate_fluxes(network, pd.DataFrame({"EX_0": [4.0, 20.0]}))
    assert found.fluxes.to_numpy()[0] == pytest.approx(np.array([-4.0, 0.0, 2.0, 2.0, 4.0]))
    # Above 10 growth itself is the limit; the surplus stays out.
    assert found.fluxes.to_numpy()[1] == pytest.approx(np.array([-10.0, 0.0, 5.0, 5.0, 10.0]))


@pytest.mark.parametrize("method", METHODS)
def test_progress_rises_to_the_total(core, method):
    calls = []
    simulate_fluxes(core, _media(12, seed=2), method, progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (12, 12)
    assert [done for done, _ in calls] == sorted({done for done, _ in calls})


def test_sample_column_and_unnamed_exchanges_are_left_alone(core):
    media = pd.DataFrame({"sample": ["first"], "EX_o2_e": [20.0]})
    assert simulate_fluxes(core, media).fluxes["EX_glc__D_e"].tolist() == pytest.approx([-10.0])


def test_genome_scale_labels_are_unique_and_feasible(iJO1366):
    media = _media(4)
    forward, backward = simulate_fluxes(iJO1366, media), simulate_fluxes(iJO1366, media[::-1])
    assert forward.feasible.all()
    assert np.abs(backward.fluxes.loc[media.index] - forward.fluxes).max().max() < 1e-4
    growth = simulate_fluxes(iJO1366, media, "fba").growth
    assert np.allclose(forward.growth, growth, atol=1e-6)
    assert np.allclose(simulate_fluxes(iJO1366, media[:2], "pfba").growth, growth[:2], atol=1e-6)


@pytest.mark.parametrize(
    ("media", "text"),
    [
        (pd.DataFrame({"EX_o2_e": []}), "`media` has no rows"),
        (pd.DataFrame(index=[0]), "`media` has no columns"),
        (pd.DataFrame({"sample": ["a"]}), "`media` names no exchange"),
        (pd.DataFrame({"EX_glc_e": [1.0]}), "did you mean 'EX_glc__D_e'"),
        (pd.DataFrame({"PFK": [1.0]}), "'PFK' is a reaction of e_coli_core but no exchange"),
        (pd.DataFrame([[1.0, 2.0]], columns=["EX_o2_e", "EX_o2_e"]), "'EX_o2_e' appears more than once"),
        (pd.DataFrame({"EX_o2_e": [1.0, "much"]}), "column 'EX_o2_e', row 1: 'much' is no number"),
        (pd.DataFrame({"EX_o2_e": [1.0, -2.0]}), "row 1 is negative"),
        (pd.DataFrame({"EX_o2_e": [1.0, None]}), "row 1 is NaN"),
        (pd.DataFrame({"EX_o2_e": [np.inf]}), "row 0 is infinite"),
    ],
)
def test_bad_media_are_named(core, media, text):
    with pytest.raises(TableError, match=re.escape(text)):
        simulate_fluxes(core, media)


def test_unknown_method_and_missing_growth_are_named(core, cobra_core):
    with pytest.raises(InputError, match="'min-norm' is no method; did you mean 'min_norm'"):
        simulate_fluxes(core, _media(1), "min-norm")
    with cobra_core:
        cobra_core.objective = {}
        without = from_cobra(cobra_core)
    with pytest.raises(NetworkError, match="has no objective"):
        simulate_fluxes(without, _media(1))


def test_simulator_serves_batch_after_batch(core):
    media = _media(60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = simulate_fluxes(core, media)
    simulator = FluxSimulator(core, list(media))
    parts = [simulator.solve(media.to_numpy()[rows])[0] for rows in (slice(0, 25), slice(25, 26), slice(26, 60))]
    calls: list[tuple[int, int]] = []
    # Known regions decide the whole batch: progress must be reported all the same.
    simulator.solve(media.to_numpy()[:25], lambda *call: calls.append(call))
    assert calls[-1] == (25, 25)
    assert np.nanmax(np.abs(np.concatenate(parts) - whole.fluxes.to_numpy())) < 1e-9


def test_warning_counts_each_kind_and_is_silent_without():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_unsolved(pd.Series(["optimal", "optimal"]))
    with pytest.warns(UserWarning, match="2 of 4 media are infeasible, 1 of 4 media failed; their rows are NaN"):
        warn_unsolved(pd.Series(["infeasible", "optimal", "failed: time", "infeasible"]))


@pytest.mark.filterwarnings("ignore:.*media are infeasible")
@pytest.mark.parametrize(("method", "jobs"), [("min_norm", 1), ("min_norm", 2), ("pfba", 1)])
def test_knockouts_are_those_of_the_knocked_out_network(core, method, jobs):
    texts = ["", "PGI", "b3916;b1723", "PGI; G6PDH2r", None] * 5
    media = _media(25, seed=5)
    solutions = simulate_fluxes(core, media.assign(knockout=texts), method, jobs=jobs)
    networks = {
        "": core,
        "PGI": core.knock_out(["PGI"]),
        "b3916;b1723": core.knock_out(genes=["b3916", "b1723"]),
        "PGI; G6PDH2r": core.knock_out(["PGI", "G6PDH2r"]),
    }
    for text, network in networks.items():
        rows = [(given or "") == text for given in texts]
        expected = simulate_fluxes(network, media[rows], method)
        assert solutions.status[rows].equals(expected.status)
        assert np.allclose(solutions.fluxes[rows], expected.fluxes, atol=1e-6, equal_nan=True)
    lower, upper = media_bounds(core, media.assign(knockout=texts))
    fluxes = solutions.fluxes.to_numpy()[solutions.feasible]
    assert np.maximum(lower - np.nan_to_num(solutions.fluxes), 0)[solutions.feasible].max() < 1e-8
    assert (fluxes <= upper[solutions.feasible] + 1e-8).all()


def test_an_unknown_knockout_is_refused_before_anything_is_solved(core):
    with pytest.raises(TableError, match="column 'knockout', row 1: 'PGJ' is no reaction or gene of e_coli_core"):
        simulate_fluxes(core, _media(2).assign(knockout=["", "PGJ"]))
    with pytest.raises(TableError, match="column 'knockout' appears more than once"):
        simulate_fluxes(core, pd.DataFrame([[1.0, "", ""]], columns=["EX_glc__D_e", "knockout", "knockout"]))


@pytest.mark.filterwarnings("ignore:.*media are infeasible")
@pytest.mark.parametrize("method", METHODS)
def test_many_threads_at_once_label_as_one_after_another(core, method):
    tables = [_media(12, seed) for seed in range(16)]
    expected = [simulate_fluxes(core, media, method) for media in tables]
    found = in_threads(lambda media: simulate_fluxes(core, media, method), tables)
    assert all(map(same, found, expected))


def test_progress_is_shown_if_asked_for_and_changes_no_flux(core, capsys):
    media, calls = _media(5), []
    quiet = simulate_fluxes(core, media, progress=False)
    assert capsys.readouterr().err == ""
    with contextlib.redirect_stderr(_Terminal()) as terminal:
        shown = simulate_fluxes(core, media, progress=True)
    assert "media" in terminal.getvalue()
    assert "5/5" in terminal.getvalue()
    counted = simulate_fluxes(core, media, progress=lambda *call: calls.append(call))
    assert calls[-1] == (5, 5)
    assert quiet.fluxes.equals(shown.fluxes)
    assert quiet.fluxes.equals(counted.fluxes)


class _Terminal(io.StringIO):
    def isatty(self):
        return True
