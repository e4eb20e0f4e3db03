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
# A metabolic model becomes a graph of metabolites and reactions; a graph network learns the flux on every reaction;
# and whatever it predicts is at steady state, $S v = 0$, to the last digit.
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

smoke_test = "CI" in os.environ  # in a test run, a glance is enough
samples, epochs = (24, 2) if smoke_test else (100, 100)

# %% [markdown]
# ## The network
#
# By name (`"e_coli_core"`, `"iJO1366"`, `"salmonella"`), from a file (SBML, JSON, MAT, YAML), or from a `cobra.Model`.

# %%
network = metagnn.load_network("e_coli_core")
print(network)
print("growth reaction:", network.growth_reaction)
print("medium:", network.medium())

# %% [markdown]
# Stoichiometry and every balance of an element are one kind of object: a sparse map from fluxes to balances. The
# carbon balance has one row, and it is zero except at the exchanges and at growth: nothing is lost in between.

# %%
carbon = network.element_balance("C")
print(network.stoichiometry)
print(carbon)
pd.Series(carbon.to_dense()[0], index=network.reactions).loc[lambda row: row != 0].round(2)

# %% [markdown]
# ## The graph
#
# For any PyTorch Geometric model, or for networkx.

# %%
data = metagnn.to_hetero_data(network)
print(data)

# %%
graph = metagnn.to_networkx(network)
print("PFK uses", sorted(graph.predecessors("PFK")), "and makes", sorted(graph.successors("PFK")))

# %% [markdown]
# ## Media and labels
#
# A table of media has one row a sample and one column for every uptake that varies. Flux balance analysis gives their
# fluxes; `min_norm` takes, of all fluxes of optimal growth, the one that is unique. Some media cannot even pay for
# maintenance: they stay in the table, with their status and without fluxes.

# %%
ranges = {"EX_glc__D_e": (0, 10), "EX_lac__D_e": (0, 10), "EX_glu__L_e": (0, 10), "EX_o2_e": (0, 20)}
media = metagnn.uniform_media(ranges, samples, seed=0)
labels = metagnn.simulate_fluxes(network, media, method="min_norm")
print(labels.status.value_counts())
labels.fluxes[["EX_glc__D_e", "EX_o2_e", "EX_co2_e", network.growth_reaction]].head().round(3)

# %% [markdown]
# ## Train and predict
#
# Tables in, tables out. What nobody measured may be NaN, or left out: growth alone is a valid target.

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
# ## How far to trust it
#
# Steady state holds by construction, whatever the weights. Bounds do not, under `"steady_state"`: look at the worst
# violation. `"soft"` has it the other way round, exact bounds and a balance that is only learned.

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
# ## It is a scikit-learn estimator
#
# Cross-validation, a search over settings (those of the model and of the training by two underscores) and pipelines
# work as on any regressor, as long as the inputs stay DataFrames. Growth alone is a Series. Here little training: the
# point is how, not how well.

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
# ## Keep it
#
# Weights in safetensors, settings and the network in JSON. Loading checks that nothing was damaged.

# %%
folder = tempfile.mkdtemp()
model.save(folder)
again = metagnn.FluxPredictor.load(folder, network=network)
print("the same predictions:", again.predict(new_media).equals(predicted))

# %% [markdown]
# ## Where next
#
# The folder `examples` holds a comparison with baselines, one layer inside a model of your own, a genome-scale model
# as a graph, and a published table with growth labels only. On the command line: `metagnn --help`.
#
# One medium, one model? Flux balance analysis is exact and takes a third of a millisecond. A learned model pays where
# fluxes must be differentiable, where labels are incomplete or measured, or where many thousands are needed.
