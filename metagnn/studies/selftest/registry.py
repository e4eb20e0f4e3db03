"""Every check: a new one needs a function `(cases) -> Measurement` and a line here."""

from __future__ import annotations

from metagnn.studies.selftest import (
    balances,
    copies,
    damage,
    interruption,
    label_bytes,
    labels,
    predictions,
    projection,
)
from metagnn.studies.selftest.check import Check

CHECKS = (
    Check("balances", "S·v by the sparse operator is the dense product", balances.operator_is_dense),
    Check("balances", "Sᵀ·y by the sparse operator is the dense product", balances.adjoint_is_dense),
    Check("balances", "the gradient of y·S·v is Sᵀ·y", balances.gradient_is_adjoint),
    Check("balances", "no reaction of e_coli_core creates an element or charge", balances.reactions_balance),
    Check("balances", "simulated fluxes conserve every element", balances.elements_close),
    Check("polytope", "predictions are at steady state", predictions.polytope_balances),
    Check("polytope", "predictions are within bounds", predictions.polytope_bounds),
    Check("polytope", "a medium is answered exactly if some flux exists", predictions.polytope_answers),
    Check("steady_state", "predictions are at steady state", predictions.steady_state_balances),
    Check("exact layer", "solved problems keep S·v = 0 and all bounds", projection.hostile_laws),
    Check("exact layer", "every feasible problem is solved", projection.hostile_solved),
    Check("exact layer", "every infeasible problem is named so", projection.infeasible_named),
    Check("exact layer", "the solution is the nearest flux, by HiGHS", projection.nearest),
    Check("labels", "growth of a small network is its formula", labels.known_growth),
    Check("labels", "growth on e_coli_core is cobra's", labels.core_growth),
    Check("labels", "growth on iJO1366 is cobra's", labels.large_growth),
    Check("labels", "Σ|v| of pfba on e_coli_core is cobra's", labels.core_total_flux),
    Check("labels", "min_norm on e_coli_core has the least Σv², by HiGHS", labels.core_least_norm),
    Check("labels", "min_norm on iJO1366 has the least Σv², by HiGHS", labels.large_least_norm),
    Check("same bytes", "labels do not depend on the order of media", label_bytes.any_order),
    Check("same bytes", "labels do not depend on the other media", label_bytes.alone),
    Check("same bytes", "labels do not depend on worker processes", label_bytes.workers),
    Check("killed runs", "a killed `simulate` resumes to the same bytes", interruption.killed_simulation),
    Check("killed runs", "a killed `train` resumes to the same predictor", interruption.killed_training),
    Check("killed runs", "a second writer is refused", interruption.second_writer),
    Check("copies", "deep copies and pickles predict the same bits", copies.copies_agree),
    Check("copies", "a saved predictor predicts the same bits", copies.saved_agree),
    Check("threads", "eight threads may share a predictor", copies.threads_share_a_predictor),
    Check("threads", "eight threads may share a network", copies.threads_share_a_network),
    Check("threads", "predictions do not depend on torch's threads", copies.torch_threads_agree),
    Check("damage", "a damaged saved predictor is refused", damage.damaged_refused),
)
