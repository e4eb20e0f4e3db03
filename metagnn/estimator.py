"""Estimator: scikit-learn's interface for a predictor whose settings lie in frozen dataclasses."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils import Tags

from metagnn._html import html_table
from metagnn.errors import InputError, unknown_name
from metagnn.fitted_predictor import FittedPredictor
from metagnn.models.flux_model import AbstractFluxModel


class UnfittedError(InputError, NotFittedError):
    """What only a fitted predictor can tell was asked of one that was not."""


class Estimator(RegressorMixin, BaseEstimator):
    """What it was fitted to, and parameters by name, those inside dataclasses as `config__steps` or `training__epochs`.

    `clone`, `cross_val_score`, `GridSearchCV` and `Pipeline` of scikit-learn work on it.
    """

    _fitted: FittedPredictor | None

    @abstractmethod
    def default_settings(self, name: str) -> Any:
        """What a dataclass parameter is where it was not given."""

    @abstractmethod
    def check_parameters(self) -> None:
        """Raise unless all parameters are valid, and valid together."""

    @abstractmethod
    def inputs_are_signed(self) -> bool:
        """Whether inputs may be below zero, and missing."""

    @abstractmethod
    def summary(self) -> dict[str, object]:
        """What a person wants to know of it first, by name."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value}' for name, value in self.summary().items())})"

    def _repr_html_(self) -> str:
        return html_table(type(self).__name__, self.summary().items())

    def _repr_mimebundle_(self, **display: Any) -> dict[str, str]:
        """What a notebook shows: scikit-learn's diagram of parameters would list a whole network."""
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def resolved_settings(self) -> dict[str, Any]:
        """The dataclass parameters by name, with defaults where none were given."""
        return {name: self._settings(name) for name in self._nested()}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters by name.

        Args:
            deep: Whether to add the fields of those that are dataclasses, as `training__epochs`.
        """
        parameters = {name: getattr(self, name) for name in self._get_param_names()}
        nested: dict[str, Any] = {}
        for name, settings in self.resolved_settings().items() if deep else ():
            fields = (field.name for field in dataclasses.fields(settings))
            nested |= {f"{name}__{field}": getattr(settings, field) for field in fields}
        return parameters | nested

    def set_params(self, **parameters: Any) -> Estimator:
        """Change parameters by name; a field of a dataclass as `training__epochs=50`.

        Returns:
            The predictor itself.

        Raises:
            InputError: An unknown parameter or value; the nearest valid names are given, and nothing is changed.
        """
        before = self.get_params(deep=False)
        try:
            # Whole settings first: a field that is given beside them is a field of theirs.
            for name in sorted(parameters, key=lambda text: "__" in text):
                if name not in (known := self.get_params()):
                    raise InputError(unknown_name(name, known, f"parameter of a {type(self).__name__}"))
                outer, _, field = name.partition("__")
                if field:
                    setattr(self, outer, dataclasses.replace(self._settings(outer), **{field: parameters[name]}))
                else:
                    setattr(self, name, parameters[name])
            self.check_parameters()
        except Exception:
            for name, value in before.items():
                setattr(self, name, value)
            raise
        return self

    @property
    def model(self) -> AbstractFluxModel:
        """The fitted model.

        Raises:
            InputError: The predictor was not fitted.
        """
        return self._require_fitted().model

    @property
    def history_(self) -> pd.DataFrame:
        """Terms of the objective by epoch; empty before `fit`."""
        return pd.DataFrame() if self._fitted is None else self._fitted.history

    @property
    def input_names_(self) -> tuple[str, ...]:
        """Exchanges that the inputs of the fit named; none before `fit`."""
        return () if self._fitted is None else self._fitted.names.exchanges

    @property
    def feature_names_in_(self) -> np.ndarray:
        """All columns of the inputs of the fit.

        Raises:
            InputError: The predictor was not fitted; an AttributeError too, by which scikit-learn asks.
        """
        return np.array(self._require_fitted().names.columns, dtype=object)

    @property
    def n_features_in_(self) -> int:
        """Number of columns of the inputs of the fit."""
        return len(self.feature_names_in_)

    def __sklearn_is_fitted__(self) -> bool:
        """Whether `fit` has ended."""
        return self._fitted is not None

    def _require_fitted(self) -> FittedPredictor:
        if self._fitted is None:
            raise UnfittedError("the predictor was not fitted; call `fit` first")
        return self._fitted

    def __sklearn_tags__(self) -> Tags:
        """Targets are several and may have gaps."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.inputs_are_signed()
        tags.input_tags.positive_only = not self.inputs_are_signed()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        # A few samples of a network in steady state are no benchmark of a regressor.
        tags.regressor_tags.poor_score = True
        return tags

    def _nested(self) -> tuple[str, ...]:
        # A network is one value: its reactions and bounds are no settings.
        names = (name for name in self._get_param_names() if name != "network")
        return tuple(name for name in names if dataclasses.is_dataclass(self._settings(name)))

    def _settings(self, name: str) -> Any:
        value = getattr(self, name)
        return self.default_settings(name) if value is None else value
