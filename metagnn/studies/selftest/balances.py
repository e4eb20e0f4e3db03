"""Checks of the operators: they equal their dense matrices, and matter is conserved."""

from __future__ import annotations

import numpy as np
import torch

from metagnn.fba.simulate import simulate_fluxes
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.check import Measurement

VECTORS = 64

ELEMENTS = ("C", "H", "N", "O", "P", "S", "charge")


def operator_is_dense(cases: Cases) -> Measurement:
    """Compare S·v with the dense product, relative to |S|·|v|."""
    incidence = cases.core.stoichiometry
    dense, fluxes = incidence.to_dense().detach().numpy(), _vectors(cases.seed, incidence.shape[1])
    expected, size = fluxes @ dense.T, np.abs(fluxes) @ np.abs(dense.T)
    return _worst(incidence(torch.from_numpy(fluxes)).numpy(), expected, size)


def adjoint_is_dense(cases: Cases) -> Measurement:
    """Compare Sᵀ·y with the dense product, relative to |Sᵀ|·|y|."""
    incidence = cases.core.stoichiometry
    dense, potentials = incidence.to_dense().detach().numpy(), _vectors(cases.seed, incidence.shape[0])
    expected, size = potentials @ dense, np.abs(potentials) @ np.abs(dense)
    return _worst(incidence.adjoint(torch.from_numpy(potentials)).numpy(), expected, size)


def gradient_is_adjoint(cases: Cases) -> Measurement:
    """Compare the gradient of y·S·v in v with Sᵀ·y."""
    incidence = cases.core.stoichiometry
    fluxes = torch.from_numpy(_vectors(cases.seed, incidence.shape[1])).requires_grad_()
    potentials = torch.from_numpy(_vectors(cases.seed + 1, incidence.shape[0]))
    (incidence(fluxes) * potentials).sum().backward()
    expected = incidence.adjoint(potentials).numpy()
    found = np.full_like(expected, np.nan) if fluxes.grad is None else fluxes.grad.numpy()
    return _worst(found, expected, np.abs(expected))


def reactions_balance(cases: Cases) -> Measurement:
    """Count internal reactions of e_coli_core that create or destroy an element or charge."""
    wrong, checked = cases.core.unbalanced_reactions(), int(cases.core.checkable_reactions.sum())
    return Measurement(len(wrong) if checked else np.nan, 0, "reactions out of balance", f"{checked} reactions")


def elements_close(cases: Cases) -> Measurement:
    """Find the largest imbalance of an element over the border, of simulated fluxes, relative to what crosses it."""
    network, media = cases.core, cases.media(cases.count(50), 1)
    fluxes = simulate_fluxes(network, media).fluxes.dropna().to_numpy()
    crossing = network.balances.crossing.copy()
    crossing[network.reaction_index(network.growth_reaction)] = True
    worst = 0.0 if len(fluxes) else np.nan
    for element in ELEMENTS:
        carried = fluxes[:, crossing] * network.element_balance(element).to_dense().detach().numpy()[0, crossing]
        sizes = np.maximum(np.abs(carried).sum(axis=1), 1.0)
        worst = max(worst, float((np.abs(carried.sum(axis=1)) / sizes).max()))
    return Measurement(worst, 1e-9, "of what crosses", f"{len(ELEMENTS)} balances, {len(fluxes)} fluxes")


def _vectors(seed: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((VECTORS, width)) * 10.0


def _worst(got: np.ndarray, expected: np.ndarray, size: np.ndarray) -> Measurement:
    error = np.abs(got - expected) / np.maximum(size, np.finfo(np.float64).tiny)
    return Measurement(float(error.max()), 1e-14, "relative", f"{len(got)} random vectors")
