"""scikit-learn's own checks of an estimator, on arrays whose columns are named after exchanges of a toy network."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn.utils.estimator_checks as offered
from jaxtyping import TypeCheckError

from metagnn.errors import InputError
from metagnn.models import FluxGNN, FluxGNNConfig
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.testing import toy_network
from metagnn.training import TrainingConfig

COLUMNS = 32

RUN = (
    "check_all_zero_sample_weights_error",
    "check_dict_unchanged",
    "check_dont_overwrite_parameters",
    "check_estimator_cloneable",
    "check_estimator_get_tags_default_keys",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_estimators_dtypes",
    "check_estimators_fit_returns_self",
    "check_estimators_nan_inf",
    "check_estimators_partial_fit_n_features",
    "check_estimators_pickle",
    "check_estimators_unfitted",
    "check_f_contiguous_array_estimator",
    "check_fit2d_1feature",
    "check_fit_check_is_fitted",
    "check_fit_idempotent",
    "check_fit_non_negative",
    "check_fit_score_takes_y",
    "check_get_params_invariance",
    "check_methods_sample_order_invariance",
    "check_methods_subset_invariance",
    "check_mixin_order",
    "check_n_features_in",
    "check_no_attributes_set_in_init",
    "check_non_transformer_estimators_n_iter",
    "check_parameters_default_constructible",
    "check_pipeline_consistency",
    "check_readonly_memmap_input",
    "check_regressor_data_not_an_array",
    "check_regressor_multioutput",
    "check_regressors_int",
    "check_regressors_no_decision_function",
    "check_regressors_train",
    "check_sample_weights_list",
    "check_sample_weights_not_an_array",
    "check_sample_weights_not_overwritten",
    "check_sample_weights_pandas_series",
    "check_sample_weights_shape",
    "check_set_params",
    "check_supervised_y_2d",
    "check_supervised_y_no_nan",
    "check_valid_tag_types",
)

OTHER_WORDS = {
    "check_complex_data": "a complex cell is named as no number",
    "check_do_not_raise_errors_in_init_or_set_params": "a wrong choice is refused where it is made, not at the fit",
    "check_dtype_object": "a cell that is no number is named by column and row",
    "check_estimator_sparse_array": "anything but a DataFrame is refused by its type",
    "check_estimator_sparse_matrix": "anything but a DataFrame is refused by its type",
    "check_estimators_empty_data_messages": "a table without columns is told which it needs",
    "check_fit1d": "anything but a DataFrame is refused by its type",
    "check_fit2d_1sample": "too few samples are counted as usable ones",
    "check_fit2d_predict1d": "anything but a DataFrame is refused by its type",
    "check_n_features_in_after_fitting": "columns are known by name: the missing one is named",
    "check_positive_only_tag_during_fit": "a negative uptake is named by exchange and row",
    "check_requires_y_none": "targets of None are refused by their type",
}
"""Checks of a refusal whose words are scikit-learn's; what is refused there must be refused here, in our words."""

LEFT_OUT = {
    "check_array_api_input": "other array libraries have no DataFrames with named columns",
    "check_estimator_sparse_tag": "as check_estimator_sparse_array",
    "check_estimators_overwrite_params": "a network keeps what was derived from it once, by which joblib's hash changes"
    " and its fingerprint does not: see test_estimator.py",
    "check_sample_weight_equivalence_on_dense_data": "a row that counts twice is still one medium where the spread of"
    " its fluxes by flux balance analysis is measured; without that the check passes: see below",
}


class ArrayPredictor(FluxPredictor):
    """Takes arrays too: column i is the largest uptake of exchange i; targets are growth, then other reactions.

    It answers what it was asked to learn, as an array of the shape of the targets.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "ArrayPredictor":
        y = None if y is None else np.asarray(y)
        self._shape = np.shape(y)[1:]
        return super().fit(self._inputs(X), self._targets(y), sample_weight=sample_weight)

    def predict(self, X: Any) -> np.ndarray:
        fluxes = super().predict(self._inputs(X))
        return fluxes[self._names()].to_numpy().reshape(len(fluxes), *self._shape)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        return super().score(self._inputs(X), self._targets(y), sample_weight)

    def _names(self) -> list[str]:
        others = [name for name in self.network.reactions if name != self.growth_reaction]
        return [self.growth_reaction, *others][: int(np.prod(self._shape))]

    def _inputs(self, X: Any) -> Any:
        array = X if isinstance(X, pd.DataFrame) or hasattr(X, "toarray") else np.asarray(X)
        if isinstance(array, np.ndarray) and array.ndim == 2:
            array = pd.DataFrame(array)
        return array.set_axis(EXCHANGES[: array.shape[1]], axis=1) if isinstance(array, pd.DataFrame) else array

    def _targets(self, y: Any) -> Any:
        return None if y is None else pd.DataFrame(np.reshape(y, (len(y), -1)), columns=self._names())


EXCHANGES = tuple(f"EX_{i}" for i in range(COLUMNS))


def toy() -> MetabolicNetwork:
    """Many substrates, each of which is food."""
    sources = {name: f"a{i} <=>" for i, name in enumerate(EXCHANGES)}
    uses = {f"use_{i}": f"a{i} -> x" for i in range(COLUMNS)}
    return toy_network(sources | uses | {"growth": "x ->"}, "growth", dict.fromkeys(sources, (0, 1000)))


def checks(estimate: str | None = "auto") -> Iterator[tuple[str, ArrayPredictor, Callable[[ArrayPredictor], None]]]:
    config = FluxGNNConfig(hidden_channels=2, num_layers=1, steps=2)
    made = ArrayPredictor(toy(), config=config, training=TrainingConfig(epochs=1, batch_size=1024), estimate=estimate)
    for estimator, check in offered.estimator_checks_generator(made):
        function = check
        while isinstance(function, functools.partial):
            function = function.func
        yield function.__name__, estimator, check


def test_every_check_is_in_one_table():
    tables = [*RUN, *OTHER_WORDS, *LEFT_OUT]
    assert len(tables) == len(set(tables))
    names = {name for name, _, _ in checks()}
    assert len(names) > 40
    assert names - set(tables) == set()


def run(wanted: str, estimate: str | None = "auto") -> None:
    found = [(estimator, check) for name, estimator, check in checks(estimate) if name == wanted]
    if not found:
        pytest.skip("not offered by this version of scikit-learn")
    for estimator, check in found:
        check(estimator)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("wanted", RUN)
def test_scikit_learns_check_passes(wanted: str):
    run(wanted)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("wanted", OTHER_WORDS)
def test_what_scikit_learn_wants_refused_is_refused_in_our_words(wanted: str):
    # The type checker of the tests comes first where the library itself would refuse a type.
    ours = InputError, TypeCheckError
    with pytest.raises((AssertionError, *ours)) as refusal:
        run(wanted)
    assert isinstance(refusal.value, ours) or isinstance(refusal.value.__cause__, ours)


@pytest.mark.filterwarnings("ignore")
def test_a_row_that_counts_twice_is_two_rows_but_for_the_spread_of_the_media(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(FluxGNN, "prepare", lambda model, network, conditions: None)
    monkeypatch.setattr(
        offered, "assert_allclose_dense_sparse", functools.partial(np.testing.assert_allclose, rtol=1e-4)
    )
    # Which rows an estimate is tried on together depends on their number: the law is that of the graph network.
    run("check_sample_weight_equivalence_on_dense_data", estimate=None)
