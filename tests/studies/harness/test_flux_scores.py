import numpy as np
import pytest

from metagnn.datasets.media import uniform_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.fba import simulate_fluxes
from metagnn.network import MetabolicNetwork
from metagnn.studies.harness.flux_scores import score_fluxes


@pytest.mark.filterwarnings("ignore:.*media are infeasible")
def test_labels_score_perfectly_and_their_errors_show(core: MetabolicNetwork) -> None:
    media = uniform_media(E_COLI_CORE_RANGES, 30, seed=5)
    labels = simulate_fluxes(core, media)
    media, fluxes = media[labels.feasible], labels.fluxes[labels.feasible].to_numpy()
    bounds = core.uptake_bounds(list(media.columns), media.to_numpy())
    perfect = score_fluxes(core, bounds, fluxes, fluxes)
    assert perfect["growth_r2"] == perfect["median_flux_r2"] == perfect["q10_flux_r2"] == 1.0
    assert perfect["max_abs_sv"] < 1e-9
    assert perfect["max_bound_violation"] < 1e-9

    wrong = fluxes.copy()
    wrong[4, core.reaction_index("EX_o2_e")] -= 100.0
    scores = score_fluxes(core, bounds, fluxes, wrong)
    assert scores["max_abs_sv"] == pytest.approx(100.0)
    assert scores["mean_sv2"] == pytest.approx(100.0**2 / (len(fluxes) * 72))
    below = -media["EX_o2_e"].to_numpy()[4] - wrong[4, core.reaction_index("EX_o2_e")]
    assert scores["max_bound_violation"] == pytest.approx(below)
    assert scores["growth_r2"] == 1.0


def test_the_mean_explains_nothing(core: MetabolicNetwork) -> None:
    media = uniform_media({"EX_glc__D_e": (5.0, 10.0)}, 10, seed=5)
    fluxes = simulate_fluxes(core, media).fluxes.to_numpy()
    mean = np.repeat(fluxes.mean(axis=0, keepdims=True), len(fluxes), axis=0)
    bounds = core.uptake_bounds(list(media.columns), media.to_numpy())
    scores = score_fluxes(core, bounds, fluxes, mean)
    assert scores["growth_r2"] == pytest.approx(0.0, abs=1e-9)
    assert scores["median_flux_r2"] == pytest.approx(0.0, abs=1e-9)


def test_violations_count_on_both_sides_and_only_beyond_the_bounds(core: MetabolicNetwork) -> None:
    fluxes = np.zeros((3, len(core.reactions)))
    inside = score_fluxes(core, (fluxes - 1.0, fluxes + 1.0), fluxes + np.arange(3)[:, None], fluxes)
    assert inside["max_bound_violation"] == 0.0
    above, below = fluxes.copy(), fluxes.copy()
    above[1, 4], below[2, 7] = 1.5, -1.25
    labels = fluxes + np.arange(3)[:, None]
    assert score_fluxes(core, (fluxes - 1.0, fluxes + 1.0), labels, above)["max_bound_violation"] == 0.5
    assert score_fluxes(core, (fluxes - 1.0, fluxes + 1.0), labels, below)["max_bound_violation"] == 0.25
