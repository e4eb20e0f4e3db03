"""Checks of simulated fluxes against cobra, and against certificates of HiGHS."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.resources import files

import cobra.exceptions
import cobra.flux_analysis
import cobra.io
import numpy as np
import pandas as pd
import scipy.sparse

from metagnn.datasets.media import uniform_media
from metagnn.datasets.reference_media import IJO1366_RANGES
from metagnn.fba.flux_solutions import FluxSolutions
from metagnn.fba.simulate import media_bounds, simulate_fluxes
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.check import Measurement
from metagnn.studies.selftest.optimality import optimality_gap
from metagnn.studies.selftest.small_network import small_growth, small_media, small_network

LARGE_MEDIA = 5


def core_growth(cases: Cases) -> Measurement:
    """Compare growth on e_coli_core with cobra's."""
    return _compare_growth(cases.core, "textbook", cases.media(cases.count(60), 4))


def large_growth(cases: Cases) -> Measurement:
    """Compare growth on iJO1366 with cobra's."""
    return _compare_growth(cases.large, "iJO1366", uniform_media(IJO1366_RANGES, LARGE_MEDIA, seed=cases.seed))


def core_total_flux(cases: Cases) -> Measurement:
    """Compare Σ|v| of parsimonious labels with cobra's."""
    media = cases.media(cases.count(40), 5)
    ours = _simulate(cases.core, media, "pfba").fluxes.abs().sum(axis=1, min_count=1).to_numpy()
    theirs = _by_cobra("textbook", media, _total_flux)
    return Measurement(_apart(ours, theirs), 1e-8, "relative", f"{len(media)} media")


def core_least_norm(cases: Cases) -> Measurement:
    """Certify that no other optimum of e_coli_core has a smaller Σv²."""
    return _certify_least_norm(cases.core, cases.media(cases.count(60), 6))


def large_least_norm(cases: Cases) -> Measurement:
    """Certify that no other optimum of iJO1366 has a smaller Σv²."""
    return _certify_least_norm(cases.large, uniform_media(IJO1366_RANGES, 2, seed=cases.seed))


def known_growth(cases: Cases) -> Measurement:
    """Compare growth of a small network with its formula."""
    network, media = small_network(), small_media(cases.count(100), cases.seed)
    expected = small_growth(media)
    worst = max(_apart(_simulate(network, media, method).growth, expected) for method in ("fba", "pfba", "min_norm"))
    return Measurement(worst, 1e-9, "relative", f"{len(media)} media, three methods")


def _compare_growth(network: MetabolicNetwork, name: str, media: pd.DataFrame) -> Measurement:
    theirs = _by_cobra(name, media, lambda model: float(model.slim_optimize()))
    worst = _apart(_simulate(network, media, "min_norm").growth, theirs)
    return Measurement(worst, 1e-8, "relative", f"{len(media)} media")


def _simulate(network: MetabolicNetwork, media: pd.DataFrame, method: str) -> FluxSolutions:
    with warnings.catch_warnings():
        # Some media have no flux.
        warnings.simplefilter("ignore", UserWarning)
        return simulate_fluxes(network, media, method)


def _by_cobra(name: str, media: pd.DataFrame, solve: Callable[[cobra.Model], float]) -> np.ndarray:
    """Return what `solve` makes of cobra's model on every medium; NaN where it finds no flux."""
    # By path: cobra's search by name asks the network where a file is missing.
    model = cobra.io.read_sbml_model(str(files("cobra") / "data" / f"{name}.xml.gz"))
    exchanges, found = [model.reactions.get_by_id(exchange) for exchange in media.columns], []
    for row in media.to_numpy():
        for exchange, uptake in zip(exchanges, row, strict=True):
            exchange.lower_bound = -uptake
        found.append(solve(model))
    return np.array(found)


def _total_flux(model: cobra.Model) -> float:
    try:
        return float(np.abs(cobra.flux_analysis.pfba(model).fluxes).sum())
    except cobra.exceptions.Infeasible:
        return np.nan


def _apart(ours: pd.Series | np.ndarray, theirs: pd.Series | np.ndarray) -> float:
    """Return the largest relative difference; infinite where one finds a flux and the other none."""
    one, other = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    if not np.array_equal(np.isnan(one), np.isnan(other)):
        return np.inf
    known = ~np.isnan(one)
    return float((np.abs(one - other)[known] / np.maximum(np.abs(other[known]), 1.0)).max(initial=0.0))


def _certify_least_norm(network: MetabolicNetwork, media: pd.DataFrame) -> Measurement:
    solutions, (lower, upper) = _simulate(network, media, "min_norm"), media_bounds(network, media)
    growth, S = network.reaction_index(network.growth_reaction), network.stoichiometry.to_scipy()
    gaps = []
    for row in np.flatnonzero(solutions.feasible.to_numpy()):
        fluxes = solutions.fluxes.to_numpy()[row]
        # Optimal growth is held; growth itself may be lower by what HiGHS tolerates.
        lower[row, growth] = fluxes[growth] - 1e-9
        gaps.append(optimality_gap(scipy.sparse.csr_array(S), fluxes, 2 * fluxes, lower[row], upper[row]))
    return Measurement(max(gaps, default=np.nan), 1e-7, "relative gap", f"{len(gaps)} media")
