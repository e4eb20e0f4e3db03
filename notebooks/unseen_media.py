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
# # Media that were never seen
#
# A model that fits its training media says little of others. Here glucose is left out of every training medium, and
# all test media hold it. What do a graph network, regressions and flux balance analysis say of them?
#
# Twice: for cells that grow as fast as the network allows, and for cells that waste energy, which flux balance analysis
# does not know. Less than a minute on one core.

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

smoke_test = "CI" in os.environ  # in a test run, a glance is enough
each, epochs, seeds = (12, 2, 1) if smoke_test else (75, 150, 3)

network = metagnn.load_network("e_coli_core")
growth = network.growth_reaction

# %% [markdown]
# ## Cells that waste
#
# The same network, but keeping a cell alive costs 20 mmol ATP/gDW/h instead of 8.4. Whoever models these cells does not
# know that: every model below, flux balance analysis too, is given the network as it is published.

# %%
wasteful = load_model("textbook")
wasteful.reactions.ATPM.lower_bound = 20.0
organisms = {"optimal": network, "wasteful": metagnn.load_network(wasteful)}

# %% [markdown]
# ## Media and labels
#
# Media of one to four carbon sources, as many of each, with more or less O2. The labels are the organism's fluxes of
# maximal growth, of which `min_norm` takes the smallest. Media on which it cannot live are left out.

# %%
media = pd.concat(
    [metagnn.sparse_media(E_COLI_CORE_RANGES, each, sources, ["EX_o2_e"], seed=sources) for sources in (1, 2, 3, 4)],
    ignore_index=True,
)


def labelled(organism: metagnn.MetabolicNetwork) -> tuple[pd.DataFrame, pd.DataFrame, Split]:
    """Media, labels, and which of them train."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that some media are infeasible is no news here
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
# The default `FluxPredictor`, on all fluxes of the training media but one: what keeping alive costs (`ATPM`) is what
# nobody measures. `polytope` trains as `steady_state` does and adds a last operation, the nearest flux that keeps every
# bound. So one training serves both.


# %%
def by_network(name: str, seed: int) -> tuple[dict[str, pd.DataFrame], float]:
    """Fluxes of the test media in both constraints, and the pull at growth that the exact layer has chosen."""
    viable, fluxes, split = data[name]
    training = metagnn.TrainingConfig(epochs=epochs)
    model = metagnn.FluxPredictor(network, constraint="polytope", seed=seed, training=training)
    model.fit(viable.iloc[split.train], fluxes.iloc[split.train].drop(columns="ATPM"), progress=False)
    answers = {"flux_gnn, polytope": model.predict(viable.iloc[split.test])}
    drive = float(model.model.growth_drive)
    steady = model.with_constraint("steady_state").predict(viable.iloc[split.test])
    return answers | {"flux_gnn, steady_state": steady}, drive


def by_rivals(name: str) -> dict[str, pd.DataFrame]:
    """The same by regressions, by the mean of the training media, and by flux balance analysis."""
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
    print(f"{name}: pull at growth of the exact layer, seed by seed:", [drive for _, drive in networks])

# %% [markdown]
# ## What comes out
#
# Q² is 1 at best, and 0 for a model that knew the mean of the test media: it can be negative. In the table, the median
# over the seeds; in the picture, their range too. What a model says nothing about is left out (–).


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
# Every flux of every test medium, observed and predicted, of both kinds of cells (first seed).

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
# ## How to read it
#
# **Cells that grow as fast as they can.** `polytope` is perfect, and so is flux balance analysis: they are the same
# thing. Its last layer returns the feasible flux nearest to the network's answer, and may pull at growth. How strongly
# is chosen on the *training* media: the strongest pull that fits them as well as the best. Here that is the strongest
# there is, and with it the answer is an optimum of the linear program that made the labels. What is learned is which
# optimum. So a perfect score says that the model has found out *that* growth is maximal, not that it has learned what
# glucose does. For such data, run flux balance analysis: it needs no training.
#
# `steady_state` has no such layer. Its network is a number of steps of a solver with learned costs; the last operation
# makes $S v = 0$ exact, and bounds are broken a little (the table says by how much). What it says of glucose it has
# from the network and from other substrates. It is well ahead of regressions, which never saw their glucose column move
# and cannot know what it does.
#
# **Cells that waste.** Flux balance analysis promises too much growth on every medium, and cannot learn better. The
# exact layer finds that out too: it pulls at growth not at all. Both constraints then predict growth better than flux
# balance analysis, though not as well as above, and most fluxes inside the cell worse. What bounds and balances do not
# give has to be learned, and what was learned without glucose need not hold with it. With glutamate left out instead
# (`seed=2` of the split), even ridge predicts growth better than flux balance analysis. On media unlike the training
# media no learned model can be trusted blindly: keep some to test on.
#
# One split, one draw: `metagnn benchmark extrapolation --out results` has five of each, and more rivals.
