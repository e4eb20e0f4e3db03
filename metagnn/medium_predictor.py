"""MediumPredictor: what a medium holds in, growth and fluxes out, where no uptake was ever measured."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from metagnn.datasets.flux_dataset import FluxBatch
from metagnn.datasets.samples import Conditions, read_conditions, read_targets
from metagnn.errors import InputError, TableError
from metagnn.fba.simulate import simulate_fluxes
from metagnn.models.medium_gnn import MediumGNN, MediumGNNConfig
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.training.config import TrainingConfig
from metagnn.training.fit import fit_fluxes
from metagnn.training.objective import Objective, SupervisedTerm

MEDIUM_TRAINING = TrainingConfig(epochs=300, learning_rate=1e-2, gradient_clip=1.0)
"""Few samples and a few hundred weights: all samples in one step, and many of them."""

FEWEST_SAMPLES = 5


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

    def fit(self, media: pd.DataFrame, growth: pd.DataFrame, progress: bool | None = None) -> MediumPredictor:
        """Train on measured growth.

        Args:
            media: One row a medium; columns are exchanges, 1 where the medium holds it and 0 where not.
            growth: Growth rates under the name of the growth reaction [1/h], NaN where not measured, with the index
                of the media.
            progress: Whether to show a progress bar; by default on a terminal only.

        Returns:
            The predictor itself.

        Raises:
            TableError: Media that are not 0 or 1, other targets than growth, or too few rows with growth.
        """
        conditions = self._read(media)
        observed = read_targets(self.network, growth, media.index)
        index = self.network.reaction_index(self.growth_reaction)
        others = (~torch.isnan(observed)).any(0).nonzero().squeeze(-1).tolist()
        if set(others) != {index}:
            names = ", ".join(repr(self.network.reactions[position]) for position in others if position != index)
            raise TableError(f"`growth` holds {names}; expected {self.growth_reaction!r} alone")
        kept = torch.from_numpy(np.flatnonzero(~torch.isnan(observed[:, index]).numpy()))
        if len(kept) < FEWEST_SAMPLES:
            raise TableError(f"`growth` has {len(kept)} rows with a growth rate; expected at least {FEWEST_SAMPLES}")
        samples = FluxBatch(conditions.lower, conditions.upper, observed).rows(kept)
        # The layers draw from torch's own generator: fork it, so that the caller's is left as it was.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            model = MediumGNN(self.network, conditions.exchanges, self.config)
        objective = Objective({"growth_error": (1.0, SupervisedTerm(samples.scale(growth_index=index)))})
        self.history_ = fit_fluxes(model, objective, samples, self.training, self.seed, progress=progress)
        self._model, self.input_names_ = model, conditions.exchanges
        return self

    def uptakes(self, media: pd.DataFrame) -> pd.DataFrame:
        """Learned largest uptakes [mmol/gDW/h], with the columns of the fit; 0 for what a medium does not hold.

        Args:
            media: Media as in `fit`, columns in any order; a substrate that no training medium held is answered from
                its node.

        Raises:
            TableError: Media that cannot be used.
            InputError: The predictor was not fitted.
        """
        if self._model is None:
            raise InputError("the predictor was not fitted; call `fit` first")
        conditions = self._read(media, self.input_names_)
        presence = (conditions.lower[:, self._model.input_index] < 0).float()
        with torch.no_grad():
            values = self._model.uptakes(presence).double().numpy()
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
        solutions = simulate_fluxes(self.network, self.uptakes(media))
        starved = (solutions.status == "infeasible").to_numpy()
        solutions.fluxes.loc[starved, self.growth_reaction] = 0.0
        return solutions.fluxes

    def _read(self, media: pd.DataFrame, expected: tuple[str, ...] | None = None) -> Conditions:
        conditions = read_conditions(self.network, media, "max_uptake", expected)
        positions = [self.network.reaction_index(name) for name in conditions.exchanges]
        presence = -conditions.lower[:, positions]
        wrong = ((presence != 0) & (presence != 1)).nonzero()
        if len(wrong):
            row, column = wrong[0].tolist()
            raise TableError(
                f"`media`, column {conditions.exchanges[column]!r}, row {row}: {presence[row, column]:g}; expected 1 "
                "where the medium holds it and 0 where not"
            )
        return conditions
