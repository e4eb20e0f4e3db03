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
# # From a spreadsheet to CO2 and composition
#
# A spreadsheet of measured rates has noise, gaps, and a different unit in every column. How much CO2 did the cells
# release, if nobody measured it? What is the composition of the biomass? Is one of the numbers wrong? And what do these
# data not determine?
#
# This notebook makes the spreadsheet from known fluxes, to check every answer. It takes half a minute and needs no
# file.

# %%
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

import metagnn
from metagnn.analysis.composition.balance_estimates import content_by_regression
from metagnn.analysis.reconciliation.closures import BALANCES, closures
from metagnn.plots import plot_closure_bars, plot_reconciled
from metagnn.plots.reconciled import reconciled_rates

smoke_test = "CI" in os.environ  # use small sizes in test runs
draws = 2 if smoke_test else 20

GLUCOSE, O2, CO2, NH4, ACETATE = "EX_glc__D_e", "EX_o2_e", "EX_co2_e", "EX_nh4_e", "EX_ac_e"
network = metagnn.load_network("e_coli_core")
growth = network.growth_reaction

# %% [markdown]
# ## The truth
#
# Simulate twelve steady states of a chemostat, from slow to fast, with increasing glucose and at most 14 mmol/gDW/h of
# O2, so that the fast ones release acetate. The biomass differs from that of the model: it holds 40 mmol of carbon and
# 7 of nitrogen per gram, the model 42.6 and 5.5. Its electrons per carbon are those of the model, 4.11; the estimates
# below assume that they are known to 4 %.

# %%
ALPHA, BETA = 40.0, 7.0
composition = metagnn.BiomassComposition(network, "elemental")
composition.reset_contents(ALPHA, BETA)
organism = network.with_biomass(composition.column().detach().numpy())
media = pd.DataFrame({GLUCOSE: np.linspace(2.0, 8.8, 12), O2: 14.0})
truth = metagnn.simulate_fluxes(organism, media, method="pfba").fluxes
contents = {
    "model": [network.biomass_content(name) for name in ("C", "N", "electrons")],
    "truth": [organism.biomass_content(name) for name in ("C", "N", "electrons")],
}
print(pd.DataFrame(contents, ["C", "N", "electrons"]).round(2).to_string(), "  [mmol/gDW]")
truth[[growth, GLUCOSE, O2, CO2, NH4, ACETATE]].round(2)

# %% [markdown]
# ## The spreadsheet
#
# All rates have 5 % noise (biomass 2 %, dilution rate 1 %) and usual units: grams, milligrams or millimoles, per gram
# of cells or per litre of broth. Three cells are empty. In one row, O2 is wrong by a factor of two, as if atoms had
# been counted.

# %%
SPOILED = 8


def spreadsheet(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)

    def noisy(values: pd.Series, deviation: float = 0.05) -> pd.Series:
        return values * (1.0 + deviation * rng.standard_normal(len(values)))

    biomass = pd.Series(np.linspace(3.5, 5.5, len(truth)))
    sheet = pd.DataFrame(
        {
            "sample": [f"D{number + 1}" for number in range(len(truth))],
            "dilution_rate [1/h]": noisy(truth[growth], 0.01).round(4),
            "biomass [g/L]": noisy(biomass, 0.02).round(2),
            "glucose_uptake_g_per_gDW_h": noisy(-truth[GLUCOSE] * 0.18016).round(3),
            "qO2 [mmol/gDW/h]": noisy(-truth[O2]).round(2),
            "CER [mmol/L/h]": noisy(truth[CO2] * biomass).round(1),
            "acetate_formation_mg_per_gDW_h": noisy(truth[ACETATE].clip(lower=0.0) * 59.04).round(1),
            "ammonium_uptake_mmol_per_gDW_h": noisy(-truth[NH4]).round(2),
        }
    )
    sheet.loc[[2, 7], "ammonium_uptake_mmol_per_gDW_h"] = np.nan
    sheet.loc[5, "glucose_uptake_g_per_gDW_h"] = np.nan
    sheet.loc[SPOILED, "qO2 [mmol/gDW/h]"] *= 2.0
    return sheet


path = Path(tempfile.mkdtemp()) / "rates.csv"
spreadsheet(seed=0).to_csv(path, index=False)
# path = Path("my_rates.csv")  # your own file: CSV or Parquet, one row per sample, units in headers
table = metagnn.read_table(path)
table.round(4)

# %% [markdown]
# ## Check how the columns were read
#
# Check this first: the exchange of each column, its unit, and its conversion factor (uptake is below zero). "Assumed"
# marks values that are not in the header: 5 % noise, unless there is a column `…_std` or replicates `…_rep1`, `…_rep2`.

# %%
rates = metagnn.read_rates(network, table)
pd.DataFrame([vars(column) for column in rates.columns])

# %% [markdown]
# ## Check the balances
#
# The closure is outflow / inflow of the raw data with the biomass of the model; 1 means that the balance closes. Rows
# with gaps do not close. Nitrogen does not close in any row: about a fifth of the ammonium is missing in the outflow.
# The data are correct; the biomass of the model holds too little nitrogen.

# %%
raw = pd.DataFrame(closures(network, rates.on_network(network)[0]), rates.samples, BALANCES)
raw.round(2)

# %% [markdown]
# ## Reconcile, with CO2 withheld
#
# Find the noise-weighted nearest fluxes that satisfy all balances, and one biomass composition for all rows. Withhold
# the measured CO2 from the estimate, to check how well it is predicted.

# %%
withheld = metagnn.ReconcileOptions(hide=(CO2,))
reconciler, found = metagnn.reconcile(network, rates, withheld)
errors = found.errors
doubtful = pd.DataFrame(
    {
        "chi_squared": errors.chi_squared,
        "p_value": errors.p_value,
        "suspect": errors.suspect,
        "suspect_p": errors.suspect_p,
    },
    found.samples,
)
doubtful.sort_values("p_value").head(3)

# %% [markdown]
# ## Find the wrong number
#
# One row has a very small p-value. To find its wrong number, compare how much χ² falls without each of them. With CO2
# withheld, only the electron balance checks glucose and O2: too much O2 and too little glucose explain the data about
# equally well. With CO2, the carbon balance is a second check, and the result is clear.

# %%
_, seen = metagnn.reconcile(network, rates)
row = int(errors.p_value.argmin())
falls = pd.DataFrame(
    {"CO2 withheld": errors.drops[row], "CO2 shown": seen.errors.drops[row]}, index=list(errors.reactions)
)
print(f"{found.samples[row]}: {seen.errors.suspect[row]}, probability of a right one {seen.errors.suspect_p[row]:.0e}")
falls[np.isfinite(falls).any(axis=1)].round(1)

# %% [markdown]
# Empty the cell instead of correcting it: only the laboratory can confirm the factor of two. A gap only reduces the
# precision of its row.

# %%
column = next(c.column for c in rates.columns if c.reaction == seen.errors.suspect[row])
mended = table.copy()
mended.loc[row, column] = np.nan
rates = metagnn.read_rates(network, mended)
reconciler, found = metagnn.reconcile(network, rates, withheld)
shown_reconciler, seen = metagnn.reconcile(network, rates)
print(f"smallest p-value of a row: {found.errors.p_value.min():.2f}")

# %% [markdown]
# ## In pictures
#
# Left: closures of measured and of reconciled rates, with CO2 included. Right: measured against reconciled rates with
# 90 % intervals. The filled dots are CO2, which was withheld from the estimate.

# %%
figure, axes = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
plot_closure_bars(seen.closures_before, seen.closures_after, ax=axes[0])
plot_reconciled(reconciled_rates(network, found), ax=axes[1])
plt.show()

# %% [markdown]
# ## Compare CO2 with the truth
#
# Also compare with the simplest estimate: the remainder of the carbon balance with the biomass of the model. It needs
# glucose; the reconciliation predicts CO2 also in the row without. (Your own file has no truth: the following cells
# apply to this spreadsheet only.)

# %%
measured, _ = rates.on_network(network)


def by_carbon(measured: np.ndarray) -> np.ndarray:
    """Compute the CO2 that closes the carbon balance of each row; NaN without glucose [mmol/gDW/h]."""
    closed = metagnn.CO2Readout(network)(torch.from_numpy(np.nan_to_num(measured))).numpy()
    return np.where(np.isnan(measured[:, network.reaction_index(GLUCOSE)]), np.nan, closed)


predicted = reconciled_rates(network, found)[CO2]
estimates = pd.DataFrame(
    {
        "predicted": predicted.value,
        "measured, withheld": predicted.measured,
        "carbon balance alone": by_carbon(measured),
    },
    found.samples,
)
true_co2 = pd.Series(truth[CO2].to_numpy(), found.samples)
wrong_by = estimates.div(true_co2, axis=0).sub(1).abs().mean().mul(100)
print(wrong_by.round(1).to_string(), "  mean error [%]")
estimates.assign(truth=true_co2, low90=predicted.low, high90=predicted.high).round(2)

# %% [markdown]
# ## Compare α and β with the truth
#
# The closed form uses one balance at a time, as a regression of its surplus on growth. It needs CO2 to estimate α, so
# CO2 is given; rows with a gap in its balance are left out.

# %%
balances = {"C": (GLUCOSE, CO2, ACETATE), "N": (NH4,)}
closed_form = {}
for element, needed in balances.items():
    complete = ~np.isnan(measured[:, [network.reaction_index(name) for name in needed]]).any(axis=1)
    closed_form[element] = content_by_regression(network, element, np.nan_to_num(measured[complete]))

fits = {"CO2 withheld": reconciler.fitted.composition, "CO2 shown": shown_reconciler.fitted.composition}
pd.DataFrame(
    {
        "truth": [f"{content:.2f}" for content in (ALPHA, BETA)],
        "the model's own": [f"{network.biomass_content(element):.2f}" for element in balances],
        "closed form, CO2 shown": [f"{content:.2f}" for content in closed_form.values()],
    }
    | {
        f"reconciled, {name}": [
            f"{value:.2f} ({low:.2f} to {high:.2f})"
            for value, (low, high) in ((fit.alpha, fit.alpha_interval), (fit.beta, fit.beta_interval))
        ]
        for name, fit in fits.items()
    },
    index=["α [mmol C/gDW]", "β [mmol N/gDW]"],
).transpose()

# %% [markdown]
# ## Repeat with other noise
#
# Repeat the experiment with different noise and the wrong cell empty. How large is the error of CO2, and do 90 % of the
# intervals contain the truth? The interval of α is wide, because it allows for an error of 4 % in the assumed electrons
# per carbon.

# %%
repeated = []
for seed in range(draws):
    sheet = spreadsheet(seed)
    sheet.loc[SPOILED, "qO2 [mmol/gDW/h]"] = np.nan
    rates = metagnn.read_rates(network, sheet)
    reconciler, found = metagnn.reconcile(network, rates, metagnn.ReconcileOptions(hide=(CO2,), ranges=False))
    true, co2, fit = truth[CO2].to_numpy(), reconciled_rates(network, found)[CO2], reconciler.fitted.composition
    repeated.append(
        {
            "CO2, mean error [%]": 100 * np.abs(co2.value / true - 1).mean(),
            "carbon balance alone, mean error [%]": 100
            * np.nanmean(np.abs(by_carbon(rates.on_network(network)[0]) / true - 1)),
            "truth inside the interval [% of rows]": 100 * ((co2.low <= true) & (true <= co2.high)).mean(),
            "α": fit.alpha,
            "α inside its interval [% of draws]": 100 * (fit.alpha_interval[0] <= ALPHA <= fit.alpha_interval[1]),
            "β": fit.beta,
            "β inside its interval [% of draws]": 100 * (fit.beta_interval[0] <= BETA <= fit.beta_interval[1]),
        }
    )
pd.DataFrame(repeated).agg(["mean", "min", "max"]).T.round(2)

# %% [markdown]
# ## What these data do not determine
#
# - α depends on the electrons per carbon of biomass, which are known to 4 %; more rows do not improve this. Measure
#   them (`gamma`, `gamma_std` of `ReconcileOptions`), or measure CO2.
# - Without O2, there is no electron balance, and α and CO2 compensate each other. The next cell shows this case: CO2 is
#   a range instead of a number, and α is reported as unknown.
# - Exchange rates do not determine most fluxes inside the cell, which are therefore given as ranges.

# %%
without_o2 = metagnn.read_rates(network, mended.drop(columns="qO2 [mmol/gDW/h]"))
everything = metagnn.ReconcileOptions(hide=(CO2,), all_intervals=True)
for name, given in {"as measured": metagnn.read_rates(network, mended), "without O2": without_o2}.items():
    reconciler, found = metagnn.reconcile(network, given, everything)
    co2, alpha = reconciled_rates(network, found)[CO2], reconciler.fitted.composition.alpha
    status = pd.Series(found.intervals.status[0], index=found.intervals.reactions)
    print(f"{name}: α {alpha:.1f}; CO2 of {found.samples[0]}: {status[CO2]}, {co2.low[0]:.1f} to {co2.high[0]:.1f}")
    print("   all fluxes:", status.value_counts().to_dict())

# %%
report = metagnn.identifiability(
    network, [GLUCOSE, NH4, ACETATE, "growth"], "elemental", present=[O2, CO2, "EX_h2o_e", "EX_h_e", "EX_pi_e"]
)
print("without O2:", report["co2"].why)

# %% [markdown]
# ## The same on the command line
#
# `metagnn reconcile rates.csv --model e_coli_core --hide EX_co2_e --out results` writes all fluxes and intervals, a
# report and the picture.
