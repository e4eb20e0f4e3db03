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
# # metagnn in five minutes
#
# Convert a metabolic model to a graph of metabolites and reactions, and train a graph network to predict the flux of
# every reaction. All predictions are at steady state, $S v = 0$, to rounding.
#
# Fluxes are in mmol/gDW/h, growth in 1/h, and an exchange flux below zero is uptake, as in COBRA.

# %%
import os
import tempfile

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import metagnn
from metagnn.plots import plot_parity, plot_residuals, plot_training_curves

smoke_test = "CI" in os.environ  # use small sizes in test runs
samples, epochs = (24, 2) if smoke_test else (100, 100)

# %% [markdown]
# ## The network
#
# Load it by name (`"e_coli_core"`, `"iJO1366"`, `"salmonella"`), from a file (SBML, JSON, MAT, YAML), or from a
# `cobra.Model`.

# %%
network = metagnn.load_network("e_coli_core")
print(network)
print("growth reaction:", network.growth_reaction)
print("medium:", network.medium())

# %% [markdown]
# Stoichiometry and element balances are the same kind of object: a sparse map from fluxes to balances. The carbon
# balance has one row. It is zero except at exchanges and growth, because all other reactions conserve carbon.

# %%
carbon = network.element_balance("C")
print(network.stoichiometry)
print(carbon)
pd.Series(carbon.to_dense()[0], index=network.reactions).loc[lambda row: row != 0].round(2)

# %% [markdown]
# ## The graph
#
# Convert the network for PyTorch Geometric or networkx.

# %%
data = metagnn.to_hetero_data(network)
print(data)

# %%
graph = metagnn.to_networkx(network)
print("PFK uses", sorted(graph.predecessors("PFK")), "and makes", sorted(graph.successors("PFK")))

# %% [markdown]
# ## Media and labels
#
# A table of media has one row per sample and one column per uptake that varies. Flux balance analysis computes their
# fluxes; `min_norm` returns the unique optimum of least norm. Media that cannot meet the maintenance demand stay in the
# table, with their status and without fluxes.

# %%
ranges = {"EX_glc__D_e": (0, 10), "EX_lac__D_e": (0, 10), "EX_glu__L_e": (0, 10), "EX_o2_e": (0, 20)}
media = metagnn.uniform_media(ranges, samples, seed=0)
labels = metagnn.simulate_fluxes(network, media, method="min_norm")
print(labels.status.value_counts())
labels.fluxes[["EX_glc__D_e", "EX_o2_e", "EX_co2_e", network.growth_reaction]].head().round(3)

# %% [markdown]
# ## Train and predict
#
# Inputs and outputs are tables. Set unmeasured targets to NaN or leave their columns out: growth alone is enough.

# %%
feasible = labels.feasible
training = metagnn.TrainingConfig(epochs=epochs)
model = metagnn.FluxPredictor(network, constraint="steady_state", training=training)
model.fit(media[feasible], labels.fluxes[feasible])
model.history_.tail(3)

# %%
new_media = metagnn.uniform_media(ranges, 200, seed=1)
truth = metagnn.simulate_fluxes(network, new_media)
new_media, truth = new_media[truth.feasible], truth.fluxes[truth.feasible]
predicted = model.predict(new_media)
growth_r2 = model.score(new_media, truth[[network.growth_reaction]])
print(f"R² of growth on {len(new_media)} media never seen: {growth_r2:.4f}")
predicted[["EX_co2_e", "PFK", "CS", network.growth_reaction]].head().round(3)

# %% [markdown]
# ## Check the predictions
#
# With `"steady_state"`, steady state is exact for any weights, but bounds are not: check the worst violation. With
# `"soft"`, bounds are exact and the balances are only learned.

# %%
model.diagnose(new_media).describe().loc[["mean", "max"]]

# %%
soft = metagnn.FluxPredictor(network, constraint="soft", training=training)
soft.fit(media[feasible], labels.fluxes[feasible])
residuals = {
    "steady_state": model.diagnose(new_media)["max_abs_sv"].to_numpy(),
    "soft": soft.diagnose(new_media)["max_abs_sv"].to_numpy(),
}

# %%
figure, axes = plt.subplots(1, 3, figsize=(16, 4.5), layout="constrained")
plot_training_curves(model.history_, axes[0])
plot_parity(truth, predicted, axes[1], label=f"all fluxes, unseen media; R² of growth {growth_r2:.4f}")
plot_residuals(residuals, axes[2])
plt.show()

# %% [markdown]
# ## Use it as a scikit-learn estimator
#
# Cross-validation, grid search and pipelines work as with any regressor, if the inputs are DataFrames. Reach settings
# of the model and the training by two underscores. Growth alone may be a Series. This example trains only briefly.

# %%
short = metagnn.FluxPredictor(network).set_params(training__epochs=2 if smoke_test else 20, config__steps=24)
growth = labels.growth[feasible]
print("R² of growth, fold by fold:", cross_val_score(short, media[feasible], growth, cv=3).round(3))

search = GridSearchCV(short, {"training__epochs": [1, 2] if smoke_test else [10, 20]}, cv=3, n_jobs=2)
search.fit(media[feasible], growth)
print("chosen:", search.best_params_)

# At most 8 mmol/gDW/h of anything: a step in front that returns a DataFrame.
capped = make_pipeline(FunctionTransformer(lambda table: table.clip(upper=8.0)), short)
capped.fit(media[feasible], growth).predict(new_media)[[network.growth_reaction]].head(3).round(3)

# %% [markdown]
# ## Save and load
#
# Weights are saved in safetensors, settings and the network in JSON. Loading checks the files for damage.

# %%
folder = tempfile.mkdtemp()
model.save(folder)
again = metagnn.FluxPredictor.load(folder, network=network)
print("the same predictions:", again.predict(new_media).equals(predicted))

# %% [markdown]
# ## Next steps
#
# The folder `examples` contains a comparison with baselines, layers in your own model, a genome-scale model as a graph,
# and a published table with growth labels only. For the command line, run `metagnn --help`.
#
# For one medium and one model, use flux balance analysis: it is exact and takes a third of a millisecond. Use a learned
# model if fluxes must be differentiable, if labels are incomplete or measured, or for many thousands of media.
