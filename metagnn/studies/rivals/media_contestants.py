"""Who predicts: every model by name, from training media and targets to fluxes of the test media."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
import torch

from metagnn.datasets.flux_dataset import FluxBatch
from metagnn.fba.simulate import simulate_fluxes
from metagnn.models.balance_mlp import BalanceMLP
from metagnn.models.flux_gnn import FluxGNNConfig
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.studies.harness.samples import Samples
from metagnn.studies.rivals.labelled_contestants import MLP_TRAINING, mlp
from metagnn.studies.rivals.regressions import REGRESSIONS, Tuning, fit_regression
from metagnn.training.config import TrainingConfig
from metagnn.training.fit import fit_fluxes
from metagnn.training.objective import Objective, SupervisedTerm


@dataclass(frozen=True)
class Effort:
    """How much work every model may put in.

    Attributes:
        training: Of FluxGNN.
        config: Of FluxGNN.
        mlp_training: Of the feed-forward networks.
        tuning: Of the regressions.
    """

    training: TrainingConfig = field(default_factory=TrainingConfig)
    config: FluxGNNConfig = field(default_factory=FluxGNNConfig)
    mlp_training: TrainingConfig = MLP_TRAINING
    tuning: Tuning = field(default_factory=Tuning)


QUICK = Effort(
    TrainingConfig(epochs=2), FluxGNNConfig(hidden_channels=8, num_layers=2, steps=12), TrainingConfig(epochs=2),
    Tuning(1, 2),
)  # fmt: skip
"""Too little for good figures; enough to see that everything runs."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What a contestant gets.

    Attributes:
        network: The network.
        train: Training media and their targets, any subset of the reactions.
        media: Test media.
        effort: How much work it may put in.
    """

    network: MetabolicNetwork
    train: Samples
    media: pd.DataFrame
    effort: Effort

    @property
    def complete(self) -> bool:
        """Whether every reaction is a target."""
        return set(self.train.fluxes.columns) == set(self.network.reactions)

    def fill(self, columns: Sequence[str], values: np.ndarray) -> np.ndarray:
        """Some predicted fluxes among all reactions, the others NaN; shape `[samples, reactions]` [mmol/gDW/h]."""
        fluxes = np.full((len(self.media), len(self.network.reactions)), np.nan)
        fluxes[:, [self.network.reaction_index(name) for name in columns]] = values
        return fluxes

    def bounds(self, media: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of some media, each `[samples, reactions]` [mmol/gDW/h]."""
        return self.network.uptake_bounds(list(media.columns), media.to_numpy())


Answers = dict[str, np.ndarray]
"""Fluxes by the name of the model, shape `[samples, reactions]` [mmol/gDW/h], NaN where it says nothing."""


def flux_gnn(problem: Problem, seed: int) -> Answers:
    """The default FluxGNN, trained once: "polytope" is "steady_state" with an exact last step."""
    predictor = _fit(problem, "polytope", seed)
    answers = {"flux_gnn_polytope": predictor.predict(problem.media).to_numpy()}
    predictor.model.constraint = "steady_state"
    return answers | {"flux_gnn_steady_state": predictor.predict(problem.media).to_numpy()}


def flux_gnn_soft(problem: Problem, seed: int) -> Answers:
    """The default FluxGNN with balances by loss."""
    return {"flux_gnn_soft": _fit(problem, "soft", seed).predict(problem.media).to_numpy()}


def _fit(problem: Problem, constraint: str, seed: int) -> FluxPredictor:
    effort = problem.effort
    predictor = FluxPredictor(
        problem.network, constraint=constraint, seed=seed, config=effort.config, training=effort.training
    )
    return predictor.fit(problem.train.media, problem.train.fluxes, progress=False)


def balance_mlp(problem: Problem, seed: int) -> Answers:
    """Feed-forward networks: with complete labels all fluxes, projected to steady state; else growth alone."""
    if problem.complete:
        fluxes = problem.train.fluxes[list(problem.network.reactions)]
        outcome = mlp(
            problem.network, Samples(problem.train.media, fluxes), problem.media, seed, problem.effort.mlp_training
        )
        return {"balance_mlp": outcome.fluxes}
    return {"balance_mlp": _growth_network(problem, seed)}


def _growth_network(problem: Problem, seed: int) -> np.ndarray:
    """The network q_bm = f(q_i) of the paper, with largest uptakes for the rates that nobody measured."""
    network, growth = problem.network, problem.network.growth_reaction
    if growth not in problem.train.fluxes:
        return problem.fill([], np.empty((len(problem.media), 0)))
    train, test = (_as_rates(network, media) for media in (problem.train.media, problem.media))
    index = network.reaction_index(growth)
    observed = torch.full_like(train, torch.nan)
    observed[:, index] = torch.from_numpy(problem.train.fluxes[growth].to_numpy(dtype=np.float64))
    lower, upper = (torch.from_numpy(bound) for bound in problem.bounds(problem.train.media))
    samples = FluxBatch(lower, upper, observed, train, torch.ones_like(train))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = BalanceMLP(network, list(problem.media.columns), train)
    objective = Objective({"flux_error": (1.0, SupervisedTerm(samples.scale(growth_index=index)))})
    fit_fluxes(model, objective, samples, problem.effort.mlp_training, seed, progress=False)
    with torch.no_grad():
        predicted = model(test, test, test).growth.numpy()
    return problem.fill([growth], predicted[:, None])


def _as_rates(network: MetabolicNetwork, media: pd.DataFrame) -> torch.Tensor:
    """Largest uptakes as signed rates, shape `[samples, reactions]` [mmol/gDW/h], NaN elsewhere."""
    rates = torch.full((len(media), len(network.reactions)), torch.nan, dtype=torch.float64)
    rates[:, [network.reaction_index(str(name)) for name in media]] = torch.from_numpy(
        -media.to_numpy(dtype=np.float64)
    )
    return rates


def regression(name: str, problem: Problem, seed: int) -> Answers:
    """A tuned regression from uptakes to every target."""
    train = problem.train
    fitted = fit_regression(name, train.media.to_numpy(), train.fluxes.to_numpy(), problem.effort.tuning, seed)
    return {name: problem.fill(list(train.fluxes.columns), fitted.predict(problem.media.to_numpy()))}


def mean(problem: Problem, seed: int) -> Answers:
    """The mean of the training media: what knowing nothing scores."""
    return {"mean": problem.fill(list(problem.train.fluxes.columns), problem.train.fluxes.to_numpy().mean(axis=0))}


def fba(problem: Problem, seed: int) -> Answers:
    """Flux balance analysis: nothing is learned. On labels of linear programs its growth is exact by construction."""
    return {"fba": simulate_fluxes(problem.network, problem.media, "fba").fluxes.to_numpy()}


Contestant = Callable[[Problem, int], Answers]

CONTESTANTS: dict[str, Contestant] = {
    "flux_gnn": flux_gnn,
    "flux_gnn_soft": flux_gnn_soft,
    "balance_mlp": balance_mlp,
    **{name: partial(regression, name) for name in REGRESSIONS},
    "mean": mean,
    "fba": fba,
}
"""Every contestant by the name of its runs' files."""

MODELS = ("flux_gnn_polytope", "flux_gnn_steady_state", *list(CONTESTANTS)[1:])
"""Every model in the order of the tables."""
