"""Every rival on labelled media by name: FluxGNN, the feed-forward network, regressions, the mean and FBA."""

from __future__ import annotations

from functools import partial

import pandas as pd
import torch

from metagnn.fba.simulate import simulate_fluxes
from metagnn.studies.rivals.feed_forward import fit_feed_forward
from metagnn.studies.rivals.flux_gnn import predict_under, train_flux_gnn
from metagnn.studies.rivals.problem import Answers, Fitted, Problem, Rival
from metagnn.studies.rivals.regressions import REGRESSIONS, fit_regression


def flux_gnn(constraints: tuple[str, ...], problem: Problem, seed: int) -> Fitted:
    """Train a FluxGNN once, under the first constraint; it answers under each."""
    predictor = train_flux_gnn(problem.network, problem.train, constraints[0], problem.effort, seed)

    def predict(media: pd.DataFrame) -> Answers:
        answers = {name: predict_under(predictor, name, media).to_numpy() for name in constraints}
        return answers if len(answers) > 1 else {"": answers[constraints[0]]}

    return Fitted(predict, predictor.history_)


def mlp(problem: Problem, seed: int) -> Fitted:
    """Train the feed-forward network: on all fluxes it predicts steady states, or else the observed fluxes alone."""
    effort = problem.effort
    model, history = fit_feed_forward(problem.network, problem.batch(), effort.mlp, effort.mlp_training, seed)

    def predict(media: pd.DataFrame) -> Answers:
        with torch.no_grad():
            return {"": model(problem.conditions(media)).fluxes.numpy()}

    return Fitted(predict, history)


def regression(name: str, problem: Problem, seed: int) -> Fitted:
    """Fit a regression from uptakes to every target."""
    media, fluxes = problem.train.media.to_numpy(), problem.train.fluxes
    fitted = fit_regression(name, media, fluxes.to_numpy(), problem.effort.tuning, seed)

    def predict(unseen: pd.DataFrame) -> Answers:
        # Some regressors drop the axis of a single target.
        targets = fitted.predict(unseen.to_numpy()).reshape(len(unseen), -1)
        return {"": problem.fill(list(fluxes.columns), targets)}

    return Fitted(predict)


def fba(problem: Problem, seed: int) -> Fitted:
    """Learn nothing, and solve flux balance analysis; on labels of linear programs its growth is exact."""
    return Fitted(lambda media: {"": simulate_fluxes(problem.network, media, "fba").fluxes.to_numpy()})


RIVALS: dict[str, Rival] = {
    "flux_gnn": partial(flux_gnn, ("polytope", "steady_state")),
    "flux_gnn_steady_state": partial(flux_gnn, ("steady_state",)),
    "flux_gnn_soft": partial(flux_gnn, ("soft",)),
    "mlp": mlp,
    **{name: partial(regression, name) for name in REGRESSIONS},
    "fba": fba,
}
"""Every rival by its name."""
