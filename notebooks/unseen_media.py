# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Unseen media
#
# A good fit to training media does not imply good predictions for others. Here, no training medium contains glucose,
# and all test media do. Compare a graph network, regressions and flux balance analysis on these media, for two kinds of
# cells: cells that grow as fast as the network allows, and cells that waste energy, which flux balance analysis
# ignores. The notebook takes less than a minute on one core.

# %%
import os
import warnings

import matplotlib.pyplot as plt
import pandas as pd
from cobra.io import load_model

import metagnn
from metagnn.datasets.extrapolation import Split, split_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.plots import plot_parity
from metagnn.plots.extrapolation import plot_extrapolation
from metagnn.studies.harness import score_unseen, spread
from metagnn.studies.rivals import Tuning, fit_regression
from metagnn.training.metrics import r2_per_flux

smoke_test = "CI" in os.environ  # use small sizes in test runs
each, epochs, seeds = (12, 2, 1) if smoke_test else (75, 150, 3)

network = metagnn.load_network("e_coli_core")
growth = network.growth_reaction

# %% [markdown]
# ## Wasteful cells
#
# These cells have the same network, but a maintenance demand of 20 mmol ATP/gDW/h instead of 8.4. No model below knows
# this: all of them, including flux balance analysis, use the published network.

# %%
wasteful = load_model("textbook")
wasteful.reactions.ATPM.lower_bound = 20.0
organisms = {"optimal": network, "wasteful": metagnn.load_network(wasteful)}

# %% [markdown]
# ## Media and labels
#
# The media have one to four carbon sources, equally many media for each number, and varying O2. The labels are the
# fluxes of maximal growth of the organism with the least norm (`min_norm`). Media without feasible fluxes are left out.

# %%
media = pd.concat(
    [metagnn.sparse_media(E_COLI_CORE_RANGES, each, sources, ["EX_o2_e"], seed=sources) for sources in (1, 2, 3, 4)],
    ignore_index=True,
)


def labelled(organism: metagnn.MetabolicNetwork) -> tuple[pd.DataFrame, pd.DataFrame, Split]:
    """Simulate the media that an organism can live on; return them, their fluxes and the split."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some media are expected to be infeasible
        labels = metagnn.simulate_fluxes(organism, media, method="min_norm")
    kept = labels.feasible.to_numpy()
    viable, fluxes = media[kept].reset_index(drop=True), labels.fluxes[kept].reset_index(drop=True)
    return viable, fluxes, split_media(network, viable, "leave_substrate_out", seed=0)


data = {name: labelled(organism) for name, organism in organisms.items()}
for name, (viable, _, split) in data.items():
    print(f"{name}: {len(viable)} of {len(media)} media; {len(split.train)} train, {len(split.test)} test")
    print("   held out:", split.held_out)

# %% [markdown]
# ## Train
#
# Train the default `FluxPredictor` on all fluxes of the training media except the maintenance flux (`ATPM`), which
# cannot be measured. `polytope` trains as `steady_state` and adds a last operation, the nearest feasible flux, so one
# training run serves both.


# %%
def by_network(name: str, seed: int) -> tuple[dict[str, pd.DataFrame], float]:
    """Predict fluxes of the test media with both constraints; also return the chosen growth drive."""
    viable, fluxes, split = data[name]
    training = metagnn.TrainingConfig(epochs=epochs)
    model = metagnn.FluxPredictor(network, constraint="polytope", seed=seed, training=training)
    model.fit(viable.iloc[split.train], fluxes.iloc[split.train].drop(columns="ATPM"), progress=False)
    answers = {"flux_gnn, polytope": model.predict(viable.iloc[split.test])}
    drive = float(model.model.growth_drive)
    steady = model.with_constraint("steady_state").predict(viable.iloc[split.test])
    return answers | {"flux_gnn, steady_state": steady}, drive


def by_rivals(name: str) -> dict[str, pd.DataFrame]:
    """Predict the same by regressions, by the mean of the training media, and by flux balance analysis."""
    viable, fluxes, split = data[name]
    seen, unseen = viable.iloc[split.train], viable.iloc[split.test]
    learned = fluxes.iloc[split.train].drop(columns="ATPM")
    answers = {"mean": pd.DataFrame([learned.mean()] * len(unseen), unseen.index)}
    for kind in ("ridge", "quadratic_ridge"):
        regression = fit_regression(kind, seen.to_numpy(), learned.to_numpy(), Tuning(), seed=0)
        answers[kind] = pd.DataFrame(regression.predict(unseen.to_numpy()), unseen.index, learned.columns)
    answers = {kind: values.reindex(columns=list(network.reactions)) for kind, values in answers.items()}
    return answers | {"FBA": metagnn.simulate_fluxes(network, unseen, "fba").fluxes}


found: dict[str, list[dict[str, pd.DataFrame]]] = {}
for name in data:
    networks, rivals = [by_network(name, seed) for seed in range(seeds)], by_rivals(name)
    found[name] = [fluxes | rivals for fluxes, _ in networks]
    print(f"{name}: growth drive of the exact layer for each seed:", [drive for _, drive in networks])

# %% [markdown]
# ## Results
#
# The best Q² is 1; a constant prediction of the mean of the test media has 0, and Q² can be negative. The table shows
# the median over the seeds, the picture also their range. A dash (–) marks quantities that a model does not predict.


# %%
def scores_of(name: str, seed: int) -> dict[str, dict[str, float | None]]:
    viable, fluxes, split = data[name]
    unseen, observed = viable.iloc[split.test], fluxes.iloc[split.test].to_numpy()
    bounds = network.uptake_bounds(list(unseen.columns), unseen.to_numpy())
    return {
        model: score_unseen(network, bounds, observed, predicted.to_numpy())
        for model, predicted in found[name][seed].items()
    }


scores: dict[str, dict[str, dict[str, dict[str, float | None]]]] = {}
for name in data:
    runs = [scores_of(name, seed) for seed in range(seeds)]
    scores[name] = {model: spread([run[model] for run in runs]) for model in runs[0]}
    medians = {model: {metric: s["median"] for metric, s in kinds.items()} for model, kinds in scores[name].items()}
    print(name)
    print(pd.DataFrame(medians).transpose().astype(float).to_string(float_format="{:.3g}".format, na_rep="–"))

# %%
figure, axes = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
for ax, metric in zip(axes, ("growth_q2", "median_flux_q2"), strict=True):
    plot_extrapolation(scores, ax, metric)
plt.show()

# %% [markdown]
# Observed and predicted fluxes of all test media, for both kinds of cells (first seed).

# %%
shown = ("quadratic_ridge", "FBA", "flux_gnn, steady_state", "flux_gnn, polytope")
figure, axes = plt.subplots(2, len(shown), figsize=(17, 8.5), layout="constrained")
for row, (name, (_, fluxes, split)) in zip(axes, data.items(), strict=True):
    for ax, model in zip(row, shown, strict=True):
        observed, predicted = fluxes.iloc[split.test], found[name][0][model]
        q2 = r2_per_flux(observed.to_numpy(), predicted.to_numpy())[network.reaction_index(growth)]
        plot_parity(observed, predicted, ax, label=f"{name}: {model}\nQ² of growth {q2:.3f}")
plt.show()

# %% [markdown]
# ## Interpretation
#
# **Cells that grow as fast as they can.** `polytope` and flux balance analysis are both perfect, because they solve the
# same problem. The last layer of `polytope` returns the feasible flux nearest to the output of the network, with a
# drive towards growth. Training chooses the largest drive that fits the *training* media as well as the best one. Here
# it is the largest of all, and the prediction is an optimum of the linear program that made the labels; the network
# only learns which optimum. So a perfect score shows that the model has found *that* growth is maximal, not that it has
# learned the effect of glucose. For such data, use flux balance analysis, which needs no training.
#
# `steady_state` has no such layer. Its network runs some steps of a solver with learned costs; the last operation makes
# $S v = 0$ exact, and bounds are slightly violated (see the table). It infers the effect of glucose from the network
# and from other substrates. It is much better than the regressions, whose glucose column is constant in training.
#
# **Wasteful cells.** Flux balance analysis overestimates growth on every medium. The exact layer detects this and
# chooses a growth drive of zero. Both constraints then predict growth better than flux balance analysis, though not as
# well as above, and most internal fluxes worse: a model must learn what bounds and balances do not determine, and what
# it learns without glucose may be wrong with glucose. With glutamate left out instead (`seed=2` of the split), even
# ridge predicts growth better than flux balance analysis. Test every learned model on media unlike the training media.
#
# This is one split and one draw; `metagnn benchmark extrapolation --out results` runs five of each, and more rivals.
