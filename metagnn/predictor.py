"""FluxPredictor: pandas in, pandas out."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from metagnn.answering import AnsweringEstimator
from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import InputError
from metagnn.fitted_predictor import FittedPredictor, train_predictor
from metagnn.guarded_training import TrainingRun
from metagnn.inputs.kinds import input_kind
from metagnn.inputs.names import InputNames
from metagnn.models.constraint import AbstractConstraint, as_constraint
from metagnn.models.flux_gnn import FluxGNNConfig
from metagnn.models.medium_gnn import MediumGNNConfig
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.predictor_setup import PredictorSetup, SampleTables
from metagnn.saved_predictor import read_predictor, write_predictor
from metagnn.training.config import TrainingConfig
from metagnn.training.fit import Checkpoints, Watch


class FluxPredictor(AnsweringEstimator):
    """Learns the fluxes of a metabolic network from tables, and predicts all of them.

    A scikit-learn estimator: `clone`, `cross_val_score`, `GridSearchCV` (`training__epochs`, `config__steps`, …) and
    `Pipeline` work on it, as long as inputs stay DataFrames whose columns are exchanges. A fitted predictor can be
    copied, pickled, and asked from many threads at once.

    Args:
        network: The network: a name, a path, a `cobra.Model` or a `MetabolicNetwork`.
        inputs: What the inputs are: "max_uptake" (largest uptakes ≥ 0), "rates" (measured signed exchange fluxes)
            [mmol/gDW/h], or another of `metagnn.choices.INPUTS`.
        constraint: How exact predictions are: "steady_state" (S·v = 0 exactly), "polytope" (bounds too), another of
            `metagnn.choices.CONSTRAINTS`, or a constraint with options such as `Polytope(energy="free")`.
        composition: "fixed" (that of the model itself), "elemental" (carbon and nitrogen in biomass are fitted) or
            "precursor" (every coefficient of the growth reaction is): see `BiomassComposition`.
        seed: Seed of the initial weights and of the order of the samples.
        config: Widths and steps of the model.
        training: Settings of the training; by default those that suit the inputs.
        estimate: What predictions start from: "auto" for simple estimates of the measured fluxes, chosen by leaving
            groups of samples out, which the graph network then corrects as far as that helps; None for the graph
            network alone. Where the targets were made by flux balance analysis, "auto" is the graph network alone.

    Attributes:
        history_: Terms of the objective by epoch.
        input_names_: Exchanges that the inputs of the fit named.
        feature_names_in_: All columns of these inputs.

    Raises:
        InputError: An unknown choice; the valid ones are named.
        NetworkError: The network has no exchanges or no growth reaction, or no formulas where its composition is to
            be fitted.
    """

    def __init__(
        self,
        network: NetworkLike,
        inputs: str = "max_uptake",
        constraint: str | AbstractConstraint = "steady_state",
        composition: str = "fixed",
        seed: int = 0,
        config: FluxGNNConfig | MediumGNNConfig | None = None,
        training: TrainingConfig | None = None,
        estimate: str | None = "auto",
    ) -> None:
        self.network: MetabolicNetwork = as_network(network)
        self.inputs, self.constraint, self.composition, self.seed = inputs, constraint, composition, seed
        self.config, self.training, self.estimate = config, training, estimate
        self._fitted: FittedPredictor | None = None
        self.check_parameters()

    def check_parameters(self) -> None:
        """Raise unless all parameters are valid, and valid together.

        Raises:
            InputError: As the class.
            NetworkError: As the class.
        """
        self.network = as_network(self.network)
        self._setup()

    def default_settings(self, name: str) -> Any:
        """Settings of the model or of the training that suit the inputs."""
        kind = input_kind(self.inputs)
        return {"config": kind.config_type(), "training": kind.training}.get(name)

    def summary(self) -> dict[str, object]:
        """Network and choices, and how long it was trained."""
        trained = "not fitted" if self._fitted is None else self._fitted.trained
        choices = {name: getattr(self, name) for name in ("inputs", "constraint", "composition")}
        return {"network": self.network.id, **choices, "trained": trained}

    def inputs_are_signed(self) -> bool:
        """Whether inputs are rates."""
        return input_kind(self.inputs).signed

    @property
    def growth_reaction(self) -> str:
        """The growth reaction of the network."""
        return self.network.growth_reaction

    def fit(
        self,
        inputs: pd.DataFrame,
        targets: pd.DataFrame | pd.Series,
        features: pd.DataFrame | None = None,
        *,
        sample_weight: Any = None,
        groups: Any = None,
        checkpoints: Checkpoints | None = None,
        progress: bool | None = None,
        watch: Watch | None = None,
    ) -> FluxPredictor:
        """Train on observed fluxes.

        Rows that no flux can satisfy, and rows without an observed target, are left out and counted in a warning.

        Args:
            inputs: Media, measured rates or lists of what media hold, one row a sample; a column `knockout` may name
                the reactions or genes that a sample goes without, separated by ";".
            targets: Any subset of the reactions, NaN where nothing was observed, with the index of the inputs in any
                order; `growth` may name the growth reaction. Columns `<id>_std` weigh the observations of a flux
                against each other. A Series is the reaction of its name, or growth. From lists growth alone is learned.
            features: What else is known of every sample, such as pH, temperature, strain, a transcription factor:
                columns of numbers or of labels, with the index of the inputs. The simple estimate learns from them.
            sample_weight: How much every row counts, ≥ 0, shape `[samples]`; all alike by default.
            groups: What rows belong together, one label a row, such as carbon source, strain or laboratory. Choices
                are made, and intervals calibrated, by leaving whole groups out.
            checkpoints: Where to keep the state, and whether to resume from it.
            progress: Whether to show progress: a bar on a terminal or in a notebook, elsewhere a line every 30 s. By
                default on a terminal and in a notebook only.
            watch: What else to record of the model in `history_`, every few epochs, by name.

        Returns:
            The predictor itself.

        Raises:
            TableError: Tables, weights or groups that cannot be used, or too few usable rows.
        """
        tables = SampleTables(inputs, targets, features, sample_weight, groups)
        self._fitted = train_predictor(self._setup(), tables, TrainingRun(checkpoints, progress, watch))
        return self

    def read_samples(self, tables: SampleTables) -> FluxBatch:
        """The samples of tables, as `fit` reads them.

        Raises:
            TableError: Tables, weights or groups that cannot be used.
        """
        return self._setup().read_samples(tables)

    def apply_to(self, network: NetworkLike, inputs: pd.DataFrame) -> FluxPredictor:
        """The same weights on another network: a predictor of its fluxes that saw none of them.

        No weight belongs to a reaction, a metabolite or an exchange; what is measured anew is how much every flux
        varies, by flux balance analysis of up to a hundred of the media.

        Args:
            network: The other network, such as one with a reaction knocked out, or of another organism.
            inputs: Inputs as those to be predicted, with exchanges of the other network.

        Raises:
            TableError: Inputs that cannot be used: a column that is no exchange of the other network, ….
            InputError: The predictor was not fitted, or a biomass composition was, which belongs to its network.
        """
        fitted = self._require_fitted()
        setup = dataclasses.replace(fitted.setup, network=as_network(network))
        if setup.composition != "fixed":
            raise InputError(
                f"`composition` is {setup.composition!r}: what was fitted is the biomass of {self.network.id}; "
                "expected 'fixed' where a predictor is applied to another network"
            )
        conditions = setup.read(inputs)
        names = InputNames(conditions.exchanges, tuple(map(str, inputs.columns)))
        model = setup.new_model(names)
        model.load_state_dict(fitted.model.state_dict())
        model.prepare(setup.relaxed, conditions)
        if fitted.corrected is not None:
            warnings.warn(
                "a simple estimate of the fluxes of its own network took part in the predictor: on another network "
                "the graph network is alone, and predicts as well as the row 'graph network' of `errors_`",
                stacklevel=2,
            )
        return self._from_fitted(FittedPredictor(setup, model, names, fitted.history))

    def with_constraint(self, constraint: str | AbstractConstraint) -> FluxPredictor:
        """A copy with another last operation: the same weights, trained as this one was.

        Args:
            constraint: The other constraint, with the options of this one.

        Raises:
            InputError: An unknown constraint or other options, or the predictor was not fitted.
        """
        fitted = self._require_fitted()
        model = fitted.model.with_constraint(constraint)
        setup = dataclasses.replace(fitted.setup, constraint=as_constraint(constraint))
        return self._from_fitted(dataclasses.replace(fitted, setup=setup, model=model))

    def save(self, folder: str | Path) -> None:
        """Write weights (safetensors), settings and network (JSON) and the history into a folder.

        Raises:
            FolderError: The folder cannot be written.
            InputError: The predictor was not fitted.
        """
        write_predictor(Path(folder), self._require_fitted())

    @classmethod
    def load(cls, folder: str | Path, network: NetworkLike | None = None) -> FluxPredictor:
        """Read a saved predictor.

        Args:
            folder: What `save` wrote.
            network: If given, the predictor must have been trained on it.

        Raises:
            FolderError: A missing or damaged folder, one of an older version, or another network.
        """
        return cls._from_fitted(read_predictor(Path(folder), None if network is None else as_network(network)))

    @classmethod
    def _from_fitted(cls, fitted: FittedPredictor) -> FluxPredictor:
        setup = fitted.setup
        predictor = cls(
            setup.network, setup.inputs, setup.constraint.spelling(), setup.composition, setup.seed,
            estimate=setup.estimate,
        )  # fmt: skip
        for name in ("config", "training"):
            # What is the default is left out, as whoever made the predictor did.
            if getattr(setup, name) != predictor.default_settings(name):
                setattr(predictor, name, getattr(setup, name))
        predictor._fitted = fitted
        return predictor

    def _setup(self) -> PredictorSetup:
        constraint, composition = as_constraint(self.constraint), self.composition
        settings = self._settings("config"), self._settings("training")
        return PredictorSetup(self.network, self.inputs, constraint, composition, self.seed, *settings, self.estimate)

    def _unfitted_network(self) -> MetabolicNetwork:
        return self._setup().relaxed
