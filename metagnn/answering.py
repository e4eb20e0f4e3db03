"""AnsweringEstimator: what a fitted predictor says of samples, as tables."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from metagnn.analysis.composition.fitted_composition import Composition, own_composition
from metagnn.datasets.targets import read_targets
from metagnn.errors import InputError
from metagnn.estimates.conformal import check_level
from metagnn.estimator import Estimator, UnfittedError
from metagnn.fitted_predictor import FittedPredictor
from metagnn.inputs.kind import Answer
from metagnn.inputs.present import learned_uptakes
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.training.metrics import mean_r2

HALF = 0.5
"""Level at which drawn errors are matched to those of samples left out: half of them are smaller than the median."""


class AnsweringEstimator(Estimator):
    """The methods of a predictor that ask what was fitted; they change nothing.

    Attributes:
        network: The network.
        composition: "fixed", or how the composition of biomass is fitted.
    """

    network: MetabolicNetwork
    composition: str

    @abstractmethod
    def _unfitted_network(self) -> MetabolicNetwork:
        """The network with the bounds that the parameters lift."""

    def predict(self, inputs: pd.DataFrame, features: pd.DataFrame | None = None) -> pd.DataFrame:
        """Predict every flux [mmol/gDW/h].

        Args:
            inputs: Inputs with the columns of the fit, in any order.
            features: What else is known of the samples, with the columns of the fit.

        Returns:
            Every reaction a column, the index of the inputs; a row that no flux can satisfy is NaN (with inputs of
            "present" its growth is 0), and such rows are counted in a warning.

        Raises:
            TableError: Inputs that cannot be used.
            InputError: The predictor was not fitted.
        """
        answer = self._answer(inputs, features)
        if not answer.feasible.all():
            warnings.warn(answer.unanswered, stacklevel=2)
        return self._as_table(answer, inputs.index)

    def predict_measurements(self, inputs: pd.DataFrame, features: pd.DataFrame | None = None) -> pd.DataFrame:
        """What instruments would show [mmol/gDW/h]: the predicted fluxes times the gains of the fit.

        A measured quantity that does not close with the others has a gain of its own (`gains_`); all others show their
        flux. Compare these with measurements, and use `predict` for what flows.

        Args:
            inputs: Inputs with the columns of the fit.
            features: What else is known of the samples.

        Raises:
            TableError: Inputs that cannot be used.
            InputError: The predictor was not fitted.
        """
        answer = self._answer(inputs, features)
        return self._as_table(answer, inputs.index) * self.gains_

    def predict_interval(
        self, inputs: pd.DataFrame, level: float = 0.9, features: pd.DataFrame | None = None
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Intervals of every flux [mmol/gDW/h]: lower and upper ends, two tables like that of `predict`.

        A flux that was observed in training has an interval whose width is calibrated by conformal scores on samples
        left out, whole `groups` of them where the fit had groups (`calibrate` says what that promises), cut to what
        the network allows. The others follow from those through the network: what they do not determine has all that
        the bounds allow. With inputs of "present" or "concentration" only what was observed has an interval.

        A graph network alone is trained three times more on two thirds of its samples when this is first called.

        Args:
            inputs: Inputs with the columns of the fit.
            level: Share of the fluxes that the intervals are to hold.
            features: What else is known of the samples.

        Raises:
            TableError: Inputs that cannot be used.
            InputError: The predictor was not fitted, or to too few samples for the level.
        """
        check_level(level)
        fitted = self._calibrated()
        conditions = fitted.setup.read(inputs, fitted.names, features)
        low, high = fitted.intervals(conditions, level)
        own, columns = self.network.own_fluxes, list(self.network.own_reactions)
        ends = [pd.DataFrame(own(end), index=inputs.index, columns=columns) for end in (low, high)]
        return ends[0], ends[1]

    def sample_fluxes(
        self, inputs: pd.DataFrame, draws: int = 100, features: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Draw fluxes of every sample, each at steady state and within the bounds [mmol/gDW/h].

        Args:
            inputs: Inputs with the columns of the fit, of "max_uptake" or "rates".
            draws: Draws of every sample, at least 1.
            features: What else is known of the samples.

        Returns:
            A row for every draw, indexed by the sample and `draw`.

        Raises:
            TableError: Inputs that cannot be used.
            InputError: The predictor was not fitted, or to too few samples, or learns uptakes; no draws are asked for.
        """
        if draws < 1:
            raise InputError(f"`draws` is {draws}; expected at least 1")
        fitted = self._calibrated()
        if not fitted.setup.kind.estimated:
            raise InputError("`inputs` of this kind have learned uptakes, which fluxes drawn around them would break")
        answer, beliefs = fitted.beliefs(fitted.setup.read(inputs, fitted.names, features), HALF)
        drawn = fitted.finder.draws(answer.conditions, beliefs, np.arange(len(inputs)), draws)
        pairs = [(label, draw) for label in inputs.index for draw in range(draws)]
        index = pd.MultiIndex.from_tuples(pairs, names=[inputs.index.name or "sample", "draw"])
        columns = list(self.network.own_reactions)
        return pd.DataFrame(self.network.own_fluxes(drawn.reshape(-1, drawn.shape[-1])), index=index, columns=columns)

    def _calibrated(self) -> FittedPredictor:
        self._fitted = self._require_fitted().calibrated()
        return self._fitted

    def predict_and_diagnose(
        self, inputs: pd.DataFrame, features: pd.DataFrame | None = None
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """What `predict` and `diagnose` return, for one run of the model; without the warning."""
        answer = self._answer(inputs, features)
        return self._as_table(answer, inputs.index), self._require_fitted().diagnose(answer, inputs.index)

    def diagnose(
        self, inputs: pd.DataFrame, prior: Mapping[str, float] | None = None, features: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """How well predictions keep the laws, and what measured rates determine.

        Args:
            inputs: Inputs with the columns of the fit.
            prior: With measured rates, values of `growth`, `co2` [mmol/gDW/h], `alpha` or `beta` [mmol/gDW] that are
                to be taken for known where the data do not determine them.
            features: What else is known of the samples.

        Returns:
            For every sample `max_abs_sv`, the largest |S·v| with the biomass column in use, `max_bound_violation`
            [mmol/gDW/h], and `status`: "ok", "infeasible", or "failed" where the solver of "polytope" gave up. Where
            the network has formulas and a CO2 exchange, also `co2_readout`, the evolution of CO2 that closes the
            carbon balance of the exchanges, beside `co2_exchange`, the flux of the exchange: equal at steady state.
            With measured rates also those four readouts, NaN where the rates of the sample do not determine them, their
            `<readout>_status` ("determined", "not determined", "prior"), and in `to_measure` what would. With inputs
            of "present" the bounds are those of the learned uptakes.
        """
        return self._require_fitted().diagnose(self._answer(inputs, features), inputs.index, prior)

    def score(
        self,
        inputs: pd.DataFrame,
        targets: pd.DataFrame | pd.Series,
        sample_weight: Any = None,
        features: pd.DataFrame | None = None,
    ) -> float:
        """R² over the observed targets, averaged uniformly over the columns that vary, as scikit-learn's regressors.

        Args:
            inputs: Inputs with the columns of the fit.
            targets: Observed fluxes as in `fit`, NaN where nothing was observed.
            sample_weight: How much every row counts; all alike by default.
            features: What else is known of the samples.

        Raises:
            TableError: No target varies, so that there is nothing to explain.
        """
        return self.score_fluxes(self.predict_measurements(inputs, features), targets, sample_weight)

    def score_fluxes(self, fluxes: pd.DataFrame, targets: pd.DataFrame | pd.Series, sample_weight: Any = None) -> float:
        """As `score`, of fluxes that `predict` has returned."""
        read = read_targets(self.network, targets, fluxes.index, sample_weight)
        own = self.network.own_fluxes
        weight = None if read.weight is None else own(read.weight.numpy())
        return mean_r2(own(read.observed.numpy()), fluxes.to_numpy(), weight)

    def uptakes(self, inputs: pd.DataFrame) -> pd.DataFrame:
        """With inputs of "present": learned largest uptakes [mmol/gDW/h], 0 for what a medium does not hold.

        Read them as what explains growth, not as a measurement. A substrate that no training medium held is answered
        from its node.

        Args:
            inputs: Lists of what media hold, as in `fit`.

        Raises:
            TableError: Inputs that cannot be used.
            InputError: The predictor was not fitted, or has inputs of another kind.
        """
        fitted = self._require_fitted()
        learned = learned_uptakes(fitted.model, fitted.setup.read(inputs, fitted.names))
        return pd.DataFrame(learned, index=inputs.index, columns=list(fitted.names.exchanges))

    @property
    def composition_(self) -> Composition:
        """Carbon and nitrogen in biomass [mmol/gDW], as the fluxes imply it; with intervals where it was fitted.

        Raises:
            NetworkError: The network has no formulas.
            InputError: It is to be fitted, and the predictor was not.
        """
        if self.composition != "fixed":
            if self._fitted is None or self._fitted.composition is None:
                raise UnfittedError("the composition was not fitted; call `fit` first")
            return self._fitted.composition
        return own_composition(self.network)

    @property
    def gains_(self) -> pd.Series:
        """What a measurement shows of the flux of every reaction; 1 unless measured fluxes of the fit do not close.

        Raises:
            InputError: The predictor was not fitted.
        """
        corrected = self._require_fitted().corrected
        gains = np.ones(len(self.network.reactions)) if corrected is None else corrected.gains
        return pd.Series(self.network.own_fluxes(gains), index=list(self.network.own_reactions), name="gain")

    @property
    def estimate_(self) -> pd.Series:
        """Shares of the simple estimates that predictions start from, and of the graph network that corrects them.

        Raises:
            InputError: The predictor was not fitted.
        """
        corrected = self._require_fitted().corrected
        if corrected is None:
            return pd.Series({"graph network": 1.0}, name="share")
        used = {name: share for name, share in corrected.estimate.chosen.weights.items() if share}
        learned = corrected.shares[corrected.estimate.positions]
        return pd.Series({**used, "graph network, mean over the fluxes": float(learned.mean())}, name="share")

    @property
    def errors_(self) -> pd.DataFrame:
        """Errors of the simple estimate, of the graph network and of the prediction, on training samples and left out.

        The mean of ‖v̂ − v‖ / ‖v‖ over the samples; empty where the graph network alone was asked for, or the targets
        were made by flux balance analysis.

        Raises:
            InputError: The predictor was not fitted.
        """
        corrected = self._require_fitted().corrected
        return pd.DataFrame() if corrected is None else corrected.errors

    @property
    def network_(self) -> MetabolicNetwork:
        """The network with the bounds and the biomass column in use: S·v = 0 is meant with this one."""
        return self._unfitted_network() if self._fitted is None else self._fitted.network

    def _answer(self, inputs: pd.DataFrame, features: pd.DataFrame | None = None) -> Answer:
        fitted = self._require_fitted()
        return fitted.answer(fitted.setup.read(inputs, fitted.names, features))

    def _as_table(self, answer: Answer, index: pd.Index) -> pd.DataFrame:
        fluxes = self.network.own_fluxes(answer.fluxes)
        return pd.DataFrame(fluxes, index=index, columns=list(self.network.own_reactions))
