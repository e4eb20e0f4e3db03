"""FluxPredictor: pandas in, pandas out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from metagnn.analysis.composition.fitted_composition import Composition, fitted_composition, warn_undetermined
from metagnn.analysis.diagnosis.constraint_report import constraint_report
from metagnn.analysis.diagnosis.readout_columns import readout_columns
from metagnn.datasets.flux_dataset import FluxBatch
from metagnn.datasets.samples import Conditions, check_kind, read_conditions, read_targets
from metagnn.datasets.usable_samples import usable_samples
from metagnn.errors import FolderError, InputError
from metagnn.fba.feasibility import FeasibilityScreen
from metagnn.fba.typical_fluxes import typical_fluxes
from metagnn.models.chunked_prediction import predict_chunks
from metagnn.models.flux_gnn import FluxGNN, FluxGNNConfig, check_constraint
from metagnn.network.elements import elements_present
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.nn.biomass import CONTENTS, check_composition
from metagnn.saved_predictor import FLUX, SavedPredictor, read_predictor, write_predictor
from metagnn.training.config import TrainingConfig
from metagnn.training.fit import Checkpoints, Watch, fit_fluxes
from metagnn.training.growth_drive import fit_growth_drive
from metagnn.training.metrics import mean_r2
from metagnn.training.objective import default_objective


class FluxPredictor:
    """Learns the fluxes of a metabolic network from tables, and predicts all of them.

    Args:
        network: The network.
        inputs: "max_uptake" (largest uptakes ≥ 0) or "rates" (measured signed exchange fluxes)  [mmol/gDW/h].
        constraint: "steady_state" (S·v = 0 exactly), "soft" (bounds exactly, balances by loss) or "polytope" (both
            exactly, by the nearest feasible flux).
        composition: "fixed" (that of the model itself), "elemental" (carbon and nitrogen in biomass are fitted) or
            "precursor" (every coefficient of the growth reaction is): see `BiomassComposition`.
        seed: Seed of the initial weights and of the order of the samples.
        config: Widths and steps of the model.
        training: Settings of the training.

    Raises:
        InputError: An unknown choice; the valid ones are named.
        NetworkError: The network has no exchanges or no growth reaction, or no formulas where its composition is to
            be fitted.
    """

    def __init__(
        self,
        network: MetabolicNetwork,
        inputs: str = "max_uptake",
        constraint: str = "steady_state",
        composition: str = "fixed",
        seed: int = 0,
        config: FluxGNNConfig | None = None,
        training: TrainingConfig | None = None,
    ) -> None:
        if not isinstance(network, MetabolicNetwork):
            raise InputError(f"`network` is a {type(network).__name__}; expected a network from `load_network`")
        check_kind(inputs)
        check_constraint(constraint)
        check_composition(composition)
        network.require_exchanges()
        if composition != "fixed":
            for element in CONTENTS:
                network.element_balance(element)
        self.network, self.inputs, self.constraint, self.composition = network, inputs, constraint, composition
        self.growth_reaction = network.growth_reaction
        self.seed, self.config, self.training = seed, config or FluxGNNConfig(), training or TrainingConfig()
        self.history_ = pd.DataFrame()
        self.input_names_: tuple[str, ...] = ()
        self._model: FluxGNN | None = None
        self._composition: Composition | None = None
        self._fitted_network: MetabolicNetwork | None = None
        self._screen = self._fitted_screen = FeasibilityScreen(network)

    def fit(
        self,
        inputs: pd.DataFrame,
        targets: pd.DataFrame,
        checkpoints: Checkpoints | None = None,
        progress: bool | None = None,
        watch: Watch | None = None,
    ) -> FluxPredictor:
        """Train on observed fluxes.

        Rows that no flux can satisfy, and rows without an observed target, are left out and counted in a warning.

        Args:
            inputs: Media or measured rates, one row a sample; beside media a column `knockout` may name the reactions
                or genes that a sample goes without, separated by ";".
            targets: Any subset of the reactions, NaN where nothing was observed, with the index of the inputs.
            checkpoints: Where to keep the state, and whether to resume from it.
            progress: Whether to show a progress bar; by default on a terminal only.
            watch: What else to record of the model in `history_`, every few epochs, by name.

        Returns:
            The predictor itself.

        Raises:
            TableError: Inputs or targets that cannot be used, or too few usable rows.
        """
        conditions = read_conditions(self.network, inputs, self.inputs)
        observed = read_targets(self.network, targets, inputs.index)
        samples = usable_samples(self._screen, conditions, observed)
        growth = self.network.reaction_index(self.growth_reaction)
        model = self._new_model(conditions.exchanges)
        self._calibrate(model, samples)
        scale = samples.scale(growth_index=growth)
        objective = default_objective(
            self.network,
            self.constraint,
            scale,
            self.training,
            with_rates=self.inputs == "rates",
        )
        self.history_ = fit_fluxes(model, objective, samples, self.training, self.seed, checkpoints, progress, watch)
        if self.constraint == "polytope":
            fit_growth_drive(model.eval(), samples, scale)
        self.input_names_ = conditions.exchanges
        self._set_model(model)
        if model.composition.trainable:
            fluxes = predict_chunks(model, samples.lower, samples.upper, samples.measured, samples.deviation)
            self._composition = fitted_composition(model.composition, samples, torch.from_numpy(fluxes))
            warn_undetermined(self._composition)
        return self

    def apply_to(self, network: MetabolicNetwork, inputs: pd.DataFrame) -> FluxPredictor:
        """The same weights on another network: a predictor of its fluxes that saw none of them.

        No weight belongs to a reaction, a metabolite or an exchange; what is measured anew is how much every flux
        varies, by flux balance analysis of up to a hundred of the media.

        Args:
            network: The other network, such as one with a reaction knocked out, or of another organism.
            inputs: Media or measured rates as those to be predicted, with exchanges of the other network.

        Raises:
            TableError: Inputs that cannot be used: a column that is no exchange of the other network, ….
            InputError: The predictor was not fitted, or a biomass composition was, which belongs to its network.
        """
        trained = self._require_fitted()
        if self.composition != "fixed":
            raise InputError(
                f"`composition` is {self.composition!r}: what was fitted is the biomass of {self.network.id}; "
                "expected 'fixed' where a predictor is applied to another network"
            )
        conditions = read_conditions(network, inputs, self.inputs)
        other = FluxPredictor(network, self.inputs, self.constraint, "fixed", self.seed, self.config, self.training)
        other.input_names_, other.history_ = conditions.exchanges, self.history_
        model = other._new_model(conditions.exchanges)
        model.load_state_dict(trained.state_dict())
        other._calibrate(model, conditions)
        other._set_model(model)
        return other

    def predict(self, inputs: pd.DataFrame) -> pd.DataFrame:
        """Predict every flux [mmol/gDW/h].

        Args:
            inputs: Media or measured rates with the columns of the fit, in any order.

        Returns:
            Every reaction a column, the index of the inputs; a row that no flux can satisfy is NaN, and such rows
            are counted in a warning.

        Raises:
            TableError: Inputs that cannot be used.
            InputError: The predictor was not fitted.
        """
        _, fluxes, feasible = self._solve(inputs)
        if not feasible.all():
            count = int((~feasible).sum())
            warnings.warn(f"no flux can satisfy {count} of {len(feasible)} rows; they are NaN", stacklevel=2)
        return pd.DataFrame(fluxes, index=inputs.index, columns=list(self.network.reactions))

    def diagnose(self, inputs: pd.DataFrame, prior: Mapping[str, float] | None = None) -> pd.DataFrame:
        """How well predictions keep the laws, and what measured rates determine.

        Args:
            inputs: Media or measured rates with the columns of the fit.
            prior: With measured rates, values of `growth`, `co2` [mmol/gDW/h], `alpha` or `beta` [mmol/gDW] that are
                to be taken for known where the data do not determine them.

        Returns:
            For every sample `max_abs_sv`, the largest |S·v| with the biomass column in use, `max_bound_violation`
            [mmol/gDW/h], and `status`: "ok", "infeasible", or "failed" where the solver of "polytope" gave up. Where
            the network has formulas and a CO2 exchange, also `co2_readout`, the evolution of CO2 that closes the
            carbon balance of the exchanges, beside `co2_exchange`, the flux of the exchange: equal at steady state.
            With measured rates also those four readouts, NaN where the rates of the sample do not determine them, their
            `<readout>_status` ("determined", "not determined", "prior"), and in `to_measure` what would.
        """
        conditions, fluxes, feasible = self._solve(inputs)
        columns = constraint_report(self.network_, conditions, fluxes, feasible)
        if conditions.measured is not None:
            columns |= readout_columns(
                self.network_, self.model.composition, self._composition, conditions.measured, fluxes, prior
            )
        return pd.DataFrame(columns, index=inputs.index)

    def score(self, inputs: pd.DataFrame, targets: pd.DataFrame) -> float:
        """R² over the observed targets, averaged uniformly over the columns that vary, as scikit-learn's regressors.

        Args:
            inputs: Media or measured rates with the columns of the fit.
            targets: Observed fluxes, NaN where nothing was observed.

        Raises:
            TableError: No target varies, so that there is nothing to explain.
        """
        observed = read_targets(self.network, targets, inputs.index).numpy()
        _, fluxes, feasible = self._solve(inputs)
        return mean_r2(observed, fluxes, feasible)

    @property
    def composition_(self) -> Composition:
        """Carbon and nitrogen in biomass [mmol/gDW], as the fluxes imply it; with intervals where it was fitted.

        Raises:
            NetworkError: The network has no formulas.
            InputError: It is to be fitted, and the predictor was not.
        """
        if self.composition != "fixed":
            if self._composition is None:
                raise InputError("the composition was not fitted; call `fit` first")
            return self._composition
        present = elements_present(self.network.metabolite_table)
        # A network without an element holds none of it; one without formulas is refused by element_balance.
        alpha, beta = (
            self.network.biomass_content(element) if element in present or not present else 0.0
            for element in ("C", "N")
        )
        return Composition(alpha, beta)

    @property
    def network_(self) -> MetabolicNetwork:
        """The network with the biomass column in use: S·v = 0 is meant with this one."""
        return self.network if self._fitted_network is None else self._fitted_network

    @property
    def model(self) -> FluxGNN:
        """The fitted model.

        Raises:
            InputError: The predictor was not fitted.
        """
        return self._require_fitted()

    def save(self, folder: str | Path) -> None:
        """Write weights (safetensors), settings and network (JSON) and the history into a folder.

        Raises:
            FolderError: The folder cannot be written.
        """
        settings = {
            "inputs": self.inputs,
            "constraint": self.constraint,
            "composition": self.composition,
            "seed": self.seed,
            "input_names": list(self.input_names_),
            "fitted_composition": self._composition and self._composition.to_document(),
        }
        weights = {**self.model.state_dict(), "flux_scale": self.model.flux_scale}
        saved = SavedPredictor(FLUX, self.network, settings, self.config, self.training, weights, self.history_)
        write_predictor(Path(folder), saved)

    @classmethod
    def load(cls, folder: str | Path, network: MetabolicNetwork | None = None) -> FluxPredictor:
        """Read a saved predictor.

        Args:
            folder: What `save` wrote.
            network: If given, the predictor must have been trained on it.

        Raises:
            FolderError: A missing or damaged folder, or another network.
        """
        saved = read_predictor(Path(folder), FLUX, network)
        settings = saved.settings
        try:
            predictor = cls(
                saved.network,
                settings["inputs"],
                settings["constraint"],
                settings["composition"],
                settings["seed"],
                saved.config,
                saved.training,
            )
            predictor.input_names_, predictor.history_ = tuple(settings["input_names"]), saved.history
            model = predictor._new_model(predictor.input_names_)
            fitted = settings.get("fitted_composition")
            composition = fitted and Composition.from_document(fitted)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise FolderError(f"the settings in '{folder}' are damaged ({type(error).__name__}: {error})") from error
        saved.load_into(model, beside=("flux_scale",))
        predictor._set_model(model)
        predictor._composition = composition
        return predictor

    def _require_fitted(self) -> FluxGNN:
        if self._model is None:
            raise InputError("the predictor was not fitted; call `fit` first")
        return self._model

    def _set_model(self, model: FluxGNN) -> None:
        self._model, self._composition = model, None
        if model.composition.trainable:
            self._fitted_network = self.network.with_biomass(model.composition.column().detach().numpy())
            self._fitted_screen = FeasibilityScreen(self._fitted_network)

    def _new_model(self, input_names: tuple[str, ...]) -> FluxGNN:
        # The layers draw from torch's own generator: fork it, so that the caller's is left as it was.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            model = FluxGNN(self.network, input_names, self.constraint, self.config, self.composition)
        return model.eval()

    def _calibrate(self, model: FluxGNN, conditions: Conditions | FluxBatch) -> None:
        lower, upper = conditions.lower, conditions.upper
        typical, rows = typical_fluxes(self.network, lower.numpy(), upper.numpy())
        if len(rows):
            model.calibrate(torch.from_numpy(typical), lower[rows], upper[rows])

    def _solve(self, inputs: pd.DataFrame) -> tuple[Conditions, np.ndarray, np.ndarray]:
        """Conditions, fluxes with NaN in rows that no flux can satisfy, and which rows can be satisfied."""
        self._require_fitted()
        conditions = read_conditions(self.network, inputs, self.inputs, expected=self.input_names_)
        feasible = self._fitted_screen.feasible(conditions.lower.numpy(), conditions.upper.numpy())
        rows = torch.from_numpy(np.flatnonzero(feasible))
        tensors = (conditions.lower, conditions.upper, conditions.measured, conditions.deviation)
        fluxes = np.full(conditions.lower.shape, np.nan)
        if len(rows):
            kept = (None if tensor is None else tensor[rows] for tensor in tensors)
            fluxes[feasible] = predict_chunks(self.model, *kept)
        return conditions, fluxes, feasible
