import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import FolderError, InputError
from metagnn.estimates.completion import FluxCompletion, complete_fluxes
from metagnn.estimates.flux_estimate import FluxEstimate, fit_flux_estimate
from metagnn.estimates.flux_knowledge import FluxKnowledge
from metagnn.estimates.made_by_fba import made_by_fba
from metagnn.fba.label_simulator import LabelSimulator
from metagnn.inputs.max_uptake import MaxUptake
from metagnn.inputs.rates import Rates
from metagnn.network import MetabolicNetwork

NAMES = ["EX_glc__D_e", "EX_o2_e"]
MEASURED = ["PGI", "PFK", "PYK", "CS", "MDH", "Biomass_Ecoli_core"]


def wasteful(core: MetabolicNetwork, samples: int = 12, waste: float = 0.8) -> FluxBatch:
    """Cells that take up more than they use: fluxes of a smaller medium, some of them measured with noise."""
    generator = np.random.default_rng(0)
    uptakes = generator.uniform([3.0, 10.0], [10.0, 20.0], (samples, 2))
    conditions = MaxUptake().read(core, pd.DataFrame(uptakes, columns=NAMES))
    fluxes = LabelSimulator(core, NAMES).solve(waste * uptakes)[0]
    observed = np.full(fluxes.shape, np.nan)
    at = [core.reaction_index(name) for name in MEASURED]
    observed[:, at] = fluxes[:, at] * generator.normal(1.0, 0.02, (samples, len(at)))
    return FluxBatch(conditions, torch.from_numpy(observed))


@pytest.fixture(scope="module")
def fitted(core: MetabolicNetwork) -> FluxEstimate:
    return fit_flux_estimate(core, wasteful(core))


def test_what_was_not_observed_is_nan(core: MetabolicNetwork, fitted: FluxEstimate) -> None:
    mean, deviation = fitted.predict(wasteful(core).conditions)
    assert sorted(core.reactions[place] for place in fitted.positions) == sorted(MEASURED)
    held = np.zeros(mean.shape[1], dtype=bool)
    held[fitted.positions] = True
    assert np.isfinite(mean[:, held]).all()
    assert (deviation[:, held] >= 0).all()
    assert np.isnan(mean[:, ~held]).all()


def test_measured_cells_are_predicted_better_than_by_fba(core: MetabolicNetwork, fitted: FluxEstimate) -> None:
    truth = wasteful(core, 30)
    new = FluxBatch(truth.conditions.rows(slice(12, None)), truth.observed[12:])
    mean, _ = fitted.predict(new.conditions)
    own = fitted.knowledge.own_fluxes(new.conditions)
    observed, at = new.observed.numpy(), fitted.positions
    ours, theirs = (np.linalg.norm(guess[:, at] - observed[:, at]) for guess in (mean, own))
    assert ours < 0.4 * theirs


def test_arrays_bring_back_the_same_estimate(core: MetabolicNetwork, fitted: FluxEstimate) -> None:
    again = FluxEstimate.from_arrays(core, fitted.to_arrays())
    conditions = wasteful(core).conditions
    for one, other in zip(again.predict(conditions), fitted.predict(conditions), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
    with pytest.raises(FolderError, match="lacks"):
        FluxEstimate.from_arrays(core, {})


def test_nothing_observed_is_refused(core: MetabolicNetwork) -> None:
    samples = wasteful(core, 3)
    with pytest.raises(InputError, match="no observed flux"):
        fit_flux_estimate(core, FluxBatch(samples.conditions, samples.observed * torch.nan))


def test_completion_balances_keeps_bounds_and_is_idempotent(core: MetabolicNetwork, fitted: FluxEstimate) -> None:
    conditions = wasteful(core).conditions
    mean, deviation = fitted.predict(conditions)
    fluxes = complete_fluxes(core, conditions, mean, deviation)
    imbalance = np.abs(core.stoichiometry.to_scipy() @ fluxes.T).max()
    assert imbalance <= 1e-9 * max(1.0, np.abs(fluxes).max())
    assert (fluxes >= conditions.lower.numpy()).all()
    assert (fluxes <= conditions.upper.numpy()).all()
    again = FluxCompletion(core, conditions).complete(fluxes, np.ones_like(fluxes))
    np.testing.assert_allclose(again, fluxes, atol=1e-7)


def test_completion_moves_what_is_certain_least(core: MetabolicNetwork, fitted: FluxEstimate) -> None:
    conditions = wasteful(core).conditions
    mean, deviation = fitted.predict(conditions)
    completion, at = FluxCompletion(core, conditions), core.reaction_index("PFK")
    usual = completion.complete(mean, np.where(np.isnan(deviation), np.nan, 1.0))
    sure = np.where(np.isnan(deviation), np.nan, 1.0)
    sure[:, at] = 0.1
    moved = [np.abs(fluxes[:, at] - mean[:, at]).mean() for fluxes in (completion.complete(mean, sure), usual)]
    assert moved[0] < moved[1]


def test_a_medium_that_cannot_be_met_is_nan(core: MetabolicNetwork, fitted: FluxEstimate) -> None:
    conditions = MaxUptake().read(core, pd.DataFrame({"EX_glc__D_e": [10.0, 0.0], "EX_o2_e": [20.0, 20.0]}))
    mean, deviation = fitted.predict(conditions)
    assert np.isfinite(mean[:, fitted.positions]).all()
    fluxes = complete_fluxes(core, conditions, mean, deviation)
    assert np.isfinite(fluxes[0]).all()
    assert np.isnan(fluxes[1]).all()


def test_a_sample_below_the_maintenance_has_fluxes_without_it(core: MetabolicNetwork) -> None:
    conditions = MaxUptake().read(core, pd.DataFrame({"EX_glc__D_e": [0.2]}))
    own = FluxKnowledge.of(core, conditions).own_fluxes(conditions)
    assert own[0, core.reaction_index("EX_glc__D_e")] == pytest.approx(-0.2)
    assert own[0, core.reaction_index("Biomass_Ecoli_core")] > 0


def test_rates_and_uptakes_say_the_same(core: MetabolicNetwork) -> None:
    table = pd.DataFrame({"EX_glc__D_e": [4.0, 8.0]})
    uptakes, rates = MaxUptake().read(core, table), Rates().read(core, -table)
    by_uptake, by_rate = FluxKnowledge.of(core, uptakes), FluxKnowledge.of(core, rates)
    own = by_uptake.own_fluxes(uptakes)
    np.testing.assert_allclose(by_rate.own_fluxes(rates), own, atol=1e-9)
    at = np.array([0, 1])
    one, other = by_uptake.read(uptakes, own, at), by_rate.read(rates, own, at)
    np.testing.assert_allclose(one.size, 6.0 * table["EX_glc__D_e"])
    np.testing.assert_allclose(other.size, one.size)
    np.testing.assert_allclose(other.inputs, -one.inputs)


@pytest.mark.parametrize("method", ["min_norm", "pfba", "fba"])
@pytest.mark.parametrize("growth_alone", [True, False])
def test_labels_are_told_from_measurements(core: MetabolicNetwork, method: str, growth_alone: bool) -> None:
    samples = wasteful(core)
    uptakes = FluxKnowledge.of(core, samples.conditions).uptakes(samples.conditions)
    labels = LabelSimulator(core, NAMES, method).solve(uptakes)[0]
    growth = core.reaction_index(core.growth_reaction)
    if growth_alone:
        labels[:, np.arange(labels.shape[1]) != growth] = np.nan
    made = dataclasses.replace(samples, observed=torch.from_numpy(labels))
    assert made_by_fba(core, made)
    assert not made_by_fba(core, dataclasses.replace(made, observed=made.observed * 0.98))
    assert not made_by_fba(core, samples)
