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
# # Genome scale
#
# iJO1366, *E. coli* with 2,583 reactions: the network, its graph, fluxes of a few media, and a map of one pathway.
# To use another SBML, JSON, MAT or YAML model, replace the name by its path.
#
# Fluxes are in mmol/gDW/h, growth in 1/h, and an exchange flux below zero is uptake.

# %%
import os
import time

import matplotlib.pyplot as plt
import pandas as pd

import metagnn
from metagnn.graph import layout_network, subsystems
from metagnn.plots import draw_flux_map, plot_flux_map

smoke_test = "CI" in os.environ  # use small sizes in test runs
samples = 2 if smoke_test else 20

# %% [markdown]
# ## The network

# %%
network = metagnn.load_network("iJO1366")
print(network)
print("growth reaction:", network.growth_reaction)
carbon, nitrogen, electrons = (network.biomass_content(balance) for balance in ("C", "N", "electrons"))
print(
    f"a gram of biomass holds {carbon:.2f} mmol C and {nitrogen:.2f} mmol N, {electrons / carbon:.3f} electrons per C"
)

# %% [markdown]
# Does the model conserve matter? If internal reactions create or destroy elements or charge, balances of a measured
# culture have no meaning. Biomass reactions do so by design, because their imbalance is the biomass; the list contains
# them, except the objective.

# %%
print("internal reactions that do not balance:", ", ".join(network.unbalanced_reactions()) or "none")

# %% [markdown]
# ## The graph
#
# Its edges are the non-zeros of the stoichiometric matrix. A few metabolites take part in most reactions.

# %%
data = metagnn.to_hetero_data(network)
graph = metagnn.to_networkx(network)
hubs = sorted(network.metabolites, key=lambda name: -graph.degree(name))[:8]
print({kind: tuple(data[kind].x.shape) for kind in data.node_types})
print("edges:", graph.number_of_edges())
pd.Series({name: graph.degree(name) for name in hubs}, name="reactions").to_frame()

# %% [markdown]
# ## Fluxes of a few media
#
# The media contain sugars, glycerol and succinate; oxygen limits growth in some of them, ammonium in others. `min_norm`
# returns the unique optimum of least norm; `pfba` is faster, but leaves a few reactions undetermined at this scale.

# %%
ranges = {
    "EX_glc__D_e": (0, 10),
    "EX_xyl__D_e": (0, 10),
    "EX_glyc_e": (0, 10),
    "EX_succ_e": (0, 10),
    "EX_o2_e": (0, 20),
    "EX_nh4_e": (0, 20),
}
media = metagnn.uniform_media(ranges, samples, seed=0)
start = time.perf_counter()
labels = metagnn.simulate_fluxes(network, media, method="pfba")
print(f"{samples} media in {time.perf_counter() - start:.1f} s, {labels.feasible.sum()} feasible")
imbalance = network.stoichiometry.to_scipy() @ labels.fluxes[labels.feasible].to_numpy().T
print(f"largest |S·v|: {abs(imbalance).max():.1e} mmol/gDW/h")
media.assign(growth=labels.growth).round(3).head()

# %% [markdown]
# ## A map of one pathway
#
# A map of the whole network is not readable, but maps of pathways are. Carriers such as ATP, recognised by their degree
# in the network, are left out and named below the map. Width and shade show the flux, arrows its direction.

# %%
pd.Series(subsystems(network), name="reactions").sort_values(ascending=False).head(12).to_frame()

# %%
rich, poor = media["EX_o2_e"].idxmax(), media["EX_o2_e"].idxmin()
cycle = layout_network(network, "Citric Acid Cycle")
largest = labels.fluxes.loc[[rich, poor], [reaction.id for reaction in cycle.reactions]].abs().max().max()
figure, axes = plt.subplots(1, 2, figsize=(15, 8))
for ax, medium in zip(axes, (rich, poor), strict=True):
    plot_flux_map(labels.fluxes.loc[medium], cycle, ax, largest=largest)
    ax.set_title(f"O2 up to {media['EX_o2_e'][medium]:.1f} mmol/gDW/h, growth {labels.growth[medium]:.2f} 1/h")
plt.show()

# %% [markdown]
# The next map shows the reactions with flux in several pathways. On the command line, use
# `metagnn map iJO1366 --fluxes fluxes.csv --subsystem "Citric Acid Cycle" --out map.svg`. Add `--active` to show only
# reactions with flux, or replace `--subsystem` by `--escher map.json` to use your own Escher map. All works offline.

# %%
pathways = ["Glycolysis/Gluconeogenesis", "Pentose Phosphate Pathway", "Citric Acid Cycle"]
fluxes = labels.fluxes.loc[rich]
active = [r.id for r in network.reaction_table if r.subsystem in pathways and abs(fluxes[r.id]) > 1e-6]
draw_flux_map(fluxes, layout_network(network, reactions=active), "central carbon metabolism")
