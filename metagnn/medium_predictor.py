"""MediumPredictor: what a medium holds in, growth and fluxes out, where no uptake was ever measured."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from metagnn.analysis.diagnosis.constraint_report import constraint_report
from metagnn.datasets.flux_dataset import FluxBatch
from metagnn.datasets.samples import Conditions, read_conditions, read_targets
from metagnn.errors import FolderError, InputError, TableError
from metagnn.fba.flux_solutions import FluxSolutions
from metagnn.fba.simulate import simulate_fluxes
from metagnn.files.table_values import numeric_values, require_rows
from metagnn.models.medium_bounds import USUAL_UPTAKE
from metagnn.models.medium_gnn import MediumGNN, MediumGNNConfig
from metagnn.network.knockout import KNOCKOUT
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.saved_predictor import MEDIUM, SavedPredictor, read_predictor, write_predictor
from metagnn.training.config import TrainingConfig
from metagnn.training.fit import Checkpoints, fit_fluxes
from metagnn.training.metrics import mean_r2
from metagnn.training.objective import Objective, SupervisedTerm

MEDIUM_TRAINING = TrainingConfig(epochs=300, learning_rate=1e-2, gradient_clip=1.0)
"""Few samples and a few hundred weights: all samples in one step, and many of them."""

FEWEST_SAMPLES = 5

GROWS = 1e-9
"""Growth that is more than a solver's round-off [1/h]."""

MOST_NAMED = 5
"""Columns that a message names before it counts the rest."""


class MediumPredictor:
    """Learns from growth on media of which only is known what they hold.

    Uptakes are the unknown: a graph network gives every exchange one from what its node is and what else the medium
    holds, and flux balance analysis turns them into growth (`MediumGNN`). What the media do not name keeps the
    network's own bounds.

    Growth alone does not determine uptakes one by one where substrates limit growth together, and never that of a
    substrate in excess: read `uptakes` as what explains growth, not as a measurement.

    Args:
        network: The network.
        seed: Seed of the initial weights and of the order of the samples.
        config: Widths of the model.
        training: Settings of the training.

    Raises:
        InputError: Something other than a network.
        NetworkError: The network has no exchanges or no growth reaction.
    """

    def __init__(
        self,
        network: MetabolicNetwork,
        seed: int = 0,
        config: MediumGNNConfig | None = None,
        training: TrainingConfig | None = None,
    ) -> None:
        if not isinstance(network, MetabolicNetwork):
            raise InputError(f"`network` is a {type(network).__name__}; expected a network from `load_network`")
        network.require_exchanges()
        self.network, self.growth_reaction, self.seed = network, network.growth_reaction, seed
        self.config, self.training = config or MediumGNNConfig(), training or MEDIUM_TRAINING
        self.history_ = pd.DataFrame()
        self.input_names_: tuple[str, ...] = ()
        self._model: MediumGNN | None = None

    def fit(
        self,
        media: pd.DataFrame,
        growth: pd.DataFrame,
        checkpoints: Checkpoints | None = None,
        progress: bool | None = None,
    ) -> MediumPredictor:
        """Train on measured growth.

        Args:
            media: One row a medium; columns are exchanges, 1 where the medium holds it and 0 where not. A column
                `knockout` may name the reactions or genes that a sample goes without, separated by ";".
            growth: Growth rates under the name of the growth reaction [1/h], NaN where not measured, with the index
                of the media.
            checkpoints: Where to keep the state, and whether to resume from it.
            progress: Whether to show a progress bar; by default on a terminal only.

        Returns:
            The predictor itself.

        Raises:
            TableError: Media that are not 0 or 1 or hold nothing at all, other targets than growth, too few rows with
                growth, or media none of which lets the network grow.
        """
        names, samples = self.read_samples(media, growth)
        index = self.network.reaction_index(self.growth_reaction)
        model = self._new_model(names)
        with torch.no_grad():
            grows = (model(samples.lower, samples.upper).growth > GROWS).any()
        if not grows and (samples.observed[:, index] > GROWS).any():
            raise TableError(
                f"`media`: {self.network.id} grows on none of them, with uptakes of {USUAL_UPTAKE:g} mmol/gDW/h of all "
                "that they hold; expected all that growth needs, in the media or open in the network"
            )
        objective = Objective({"growth_error": (1.0, SupervisedTerm(samples.scale(growth_index=index)))})
        self.history_ = fit_fluxes(model, objective, samples, self.training, self.seed, checkpoints, progress)
        self._model, self.input_names_ = model, names
        return self

    def read_samples(self, media: pd.DataFrame, growth: pd.DataFrame) -> tuple[tuple[str, ...], FluxBatch]:
        """The exchanges that media name, and the samples with a growth rate, as `fit` reads them.

        Args:
            media: Media as in `fit`.
            growth: Growth rates as in `fit` [1/h].

        Raises:
            TableError: As `fit`, but for media on which nothing grows.
        """
        conditions = self._read(media)
        observed = read_targets(self.network, growth, media.index)
        index = self.network.reaction_index(self.growth_reaction)
        seen = (~torch.isnan(observed)).any(0).nonzero().squeeze(-1).tolist()
        others = [repr(self.network.reactions[position]) for position in seen if position != index]
        if others:
            rest = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
            raise TableError(
                f"`growth` holds {', '.join(others[:MOST_NAMED])}{rest}; expected {self.growth_reaction!r} alone"
            )
        kept = torch.from_numpy(np.flatnonzero(~torch.isnan(observed[:, index]).numpy()))
        if len(kept) < FEWEST_SAMPLES:
            raise TableError(f"`growth` has {len(kept)} rows with a growth rate; expected at least {FEWEST_SAMPLES}")
        if not self._openings(conditions, conditions.exchanges)[kept].any():
            raise TableError(
                "`media` hold nothing: every value of every row with a growth rate is 0; expected 1 for what a medium "
                "holds"
            )
        return conditions.exchanges, FluxBatch(conditions.lower, conditions.upper, observed).rows(kept)

    def uptakes(self, media: pd.DataFrame) -> pd.DataFrame:
        """Learned largest uptakes [mmol/gDW/h], with the columns of the fit; 0 for what a medium does not hold.

        Args:
            media: Media as in `fit`, columns in any order; a substrate that no training medium held is answered from
                its node.

        Raises:
            TableError: Media that cannot be used.
            InputError: The predictor was not fitted.
        """
        model = self.model
        conditions = self._read(media, self.input_names_)
        presence = (self._openings(conditions, self.input_names_) > 0).float()
        with torch.no_grad():
            values = model.uptakes(presence).double().numpy()
        return pd.DataFrame(values, index=media.index, columns=list(self.input_names_))

    def predict(self, media: pd.DataFrame) -> pd.DataFrame:
        """Predict every flux [mmol/gDW/h]: the least fluxes of largest growth with the learned uptakes.

        Args:
            media: Media as in `fit`, columns in any order.

        Returns:
            Every reaction a column, the index of the media. Where the learned uptakes cannot pay for maintenance,
            growth is 0 and the other fluxes are NaN, and such rows are counted in a warning.

        Raises:
            TableError: Media that cannot be used.
            InputError: The predictor was not fitted.
        """
        _, solutions = self._solve(media)
        starved = (solutions.status == "infeasible").to_numpy()
        solutions.fluxes.loc[starved, self.growth_reaction] = 0.0
        return solutions.fluxes

    def diagnose(self, media: pd.DataFrame) -> pd.DataFrame:
        """How well predictions keep the laws, with the learned uptakes as bounds.

        Args:
            media: Media as in `fit`, columns in any order.

        Returns:
            As `FluxPredictor.diagnose` of largest uptakes: `max_abs_sv`, `max_bound_violation` [mmol/gDW/h], `status`
            and, where the network has formulas and a CO2 exchange, CO2 by carbon balance and by its exchange.

        Raises:
            TableError: Media that cannot be used.
            InputError: The predictor was not fitted.
        """
        with warnings.catch_warnings():
            # The status says it row by row.
            warnings.simplefilter("ignore", UserWarning)
            limits, solutions = self._solve(media)
        feasible = (solutions.status != "infeasible").to_numpy()
        conditions = read_conditions(self.network, limits, "max_uptake")
        columns = constraint_report(self.network, conditions, solutions.fluxes.to_numpy(), feasible)
        return pd.DataFrame(columns, index=media.index)

    def score(self, media: pd.DataFrame, targets: pd.DataFrame) -> float:
        """R² over the observed targets, averaged uniformly over the columns that vary; a medium that starves grows 0.

        Args:
            media: Media as in `fit`.
            targets: Growth [1/h], or any fluxes [mmol/gDW/h], NaN where nothing was observed.

        Raises:
            TableError: No target varies, so that there is nothing to explain.
        """
        observed = read_targets(self.network, targets, media.index).numpy()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            fluxes = self.predict(media).to_numpy()
        return mean_r2(observed, fluxes, ~np.isnan(fluxes).any(axis=1))

    @property
    def model(self) -> MediumGNN:
        """The fitted model.

        Raises:
            InputError: The predictor was not fitted.
        """
        if self._model is None:
            raise InputError("the predictor was not fitted; call `fit` first")
        return self._model

    def save(self, folder: str | Path) -> None:
        """Write weights (safetensors), settings and network (JSON) and the history into a folder.

        Raises:
            FolderError: The folder cannot be written.
            InputError: The predictor was not fitted.
        """
        settings = {"seed": self.seed, "input_names": list(self.input_names_)}
        weights = self.model.state_dict()
        saved = SavedPredictor(MEDIUM, self.network, settings, self.config, self.training, weights, self.history_)
        write_predictor(Path(folder), saved)

    @classmethod
    def load(cls, folder: str | Path, network: MetabolicNetwork | None = None) -> MediumPredictor:
        """Read a saved predictor.

        Args:
            folder: What `save` wrote.
            network: If given, the predictor must have been trained on it.

        Raises:
            FolderError: A missing or damaged folder, another network, or a predictor of another kind.
        """
        saved = read_predictor(Path(folder), MEDIUM, network)
        try:
            predictor = cls(saved.network, saved.settings["seed"], saved.config, saved.training)
            names = tuple(saved.settings["input_names"])
            model = predictor._new_model(names)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise FolderError(f"the settings in '{folder}' are damaged ({type(error).__name__}: {error})") from error
        saved.load_into(model)
        predictor._model, predictor.input_names_, predictor.history_ = model, names, saved.history
        return predictor

    def _new_model(self, names: Sequence[str]) -> MediumGNN:
        # The layers draw from torch's own generator: fork it, so that the caller's is left as it was.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            return MediumGNN(self.network, names, self.config)

    def _solve(self, media: pd.DataFrame) -> tuple[pd.DataFrame, FluxSolutions]:
        """Learned uptakes, with the knockouts of the media, and the least fluxes of largest growth."""
        limits = self.uptakes(media)
        if KNOCKOUT in media.columns:
            limits[KNOCKOUT] = media[KNOCKOUT]
        return limits, simulate_fluxes(self.network, limits)

    def _openings(self, conditions: Conditions, names: Sequence[str]) -> Tensor:
        """How far exchanges are open for uptake, shape `[samples, names]`."""
        positions = [self.network.reaction_index(name) for name in names]
        forward = dict(zip(self.network.exchanges, self.network.imports_forward.tolist(), strict=True))
        inward = torch.tensor([forward[name] for name in names])
        return torch.where(inward, conditions.upper[:, positions], -conditions.lower[:, positions])

    def _read(self, media: pd.DataFrame, expected: tuple[str, ...] | None = None) -> Conditions:
        media = require_rows(media, "media")
        exchanges = set(self.network.exchanges)
        columns = [column for column, name in enumerate(media.columns) if str(name) in exchanges]
        values = numeric_values(media.iloc[:, columns])
        # An empty cell too: what nobody wrote down may have been there.
        for row, column in np.argwhere((values != 0) & (values != 1))[:1]:
            name, given = str(media.columns[columns[column]]), values[row, column]
            raise TableError(
                f"`media`, column {name!r}, row {row}: {given:g}; expected 1 where the medium holds it and 0 where not"
            )
        return read_conditions(self.network, media, "max_uptake", expected)
