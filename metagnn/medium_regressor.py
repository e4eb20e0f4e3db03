"""MediumRegressor: traits of cultures from what their medium holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin

from metagnn.errors import InputError, unknown_name
from metagnn.estimates.media_intervals import interval_widths
from metagnn.estimates.media_table import CONCENTRATION, PRESENT, Media, read_media, read_numbers
from metagnn.estimates.media_traits import MediaTraits, fit_media_traits
from metagnn.estimates.saved_media_traits import read_media_traits, write_media_traits
from metagnn.estimator import UnfittedError
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network

INPUTS = (CONCENTRATION, PRESENT)


class MediumRegressor(RegressorMixin, BaseEstimator):
    """Learn any trait of a culture, such as growth, final log OD or lag, from the composition of its medium.

    Gaussian processes, trees and a ridge read what the network says of a medium (growth by flux balance analysis at
    usual uptakes, biomass of a batch, carbon, electrons, nitrogen, number of amino acids and bases), alone or beside
    what the medium holds. They are averaged by how well they predict media left out: random ones for media like those
    of the training, whole groups for media with a source that no training medium had. Equal arguments give equal
    results, to the last digit.

    Args:
        network: A network, its name or path, or a `cobra.Model`. Carbon sources that the media do not name are closed;
            water, salts and O2 are those of the network.
        inputs: "concentration" [mM], or "present" for 1 and 0.
        seed: Seed of folds and trees.

    Attributes:
        scores_: Mean absolute error of every estimate, and of the average, on media left out, relative to the standard
            deviation of a trait.

    Raises:
        InputError: An unknown kind of inputs.
    """

    def __init__(self, network: NetworkLike, inputs: str = CONCENTRATION, seed: int = 0) -> None:
        self.network: MetabolicNetwork = as_network(network)
        self.inputs, self.seed = inputs, seed
        self._fitted: MediaTraits | None = None
        self._check()

    def _check(self) -> None:
        if self.inputs not in INPUTS:
            raise InputError("`inputs`: " + unknown_name(str(self.inputs), INPUTS, "kind of input"))

    def fit(
        self, media: pd.DataFrame, traits: Any, features: Any = None, groups: Any = None, sample_weight: Any = None
    ) -> MediumRegressor:
        """Learn from cultures.

        Args:
            media: One row per culture; columns are exchanges or substances, such as "EX_glc__D_e", also with their
                unit, as "EX_glc__D_e:mM".
            traits: Numbers to be predicted, with the rows of the media, NaN where nothing was measured: a DataFrame, a
                Series or an array, shape `[samples, traits]`.
            features: What else is known of a culture, such as pH or the first log OD, complete.
            groups: Group of every culture, such as its source of carbon or the laboratory: what is predicted of media
                with something new is judged on whole groups left out. By default the nutrient with most carbon.
            sample_weight: How much every culture counts, ≥ 0, shape `[samples]`.

        Returns:
            The regressor itself.

        Raises:
            InputError: Tables that do not fit each other, or nothing to learn from.
            TableError: A column or value that cannot be used.
        """
        self._check()
        network = as_network(self.network)
        held = read_media(network, media, self.inputs)
        observed = read_numbers(traits, "traits", media.index)
        further = None if features is None else read_numbers(features, "features", media.index)
        self._fitted = fit_media_traits(network, self.inputs, self.seed, held, observed, further, groups, sample_weight)
        return self

    @property
    def scores_(self) -> pd.DataFrame:
        """See the class."""
        return self._require_fitted().scores()

    def predict(self, media: pd.DataFrame, features: Any = None) -> pd.DataFrame:
        """Predict every trait; a DataFrame with the index of the media.

        A medium may name exchanges that no training medium did: what the network says of them counts.

        Args:
            media: As for `fit`.
            features: As for `fit`, with the same columns.

        Raises:
            InputError: The regressor was not fitted, or tables do not fit each other.
            TableError: A column or value that cannot be used.
        """
        fitted = self._require_fitted()
        samples, outside = self._read(media, features)
        guess = fitted.estimate.predict(samples, outside)
        return pd.DataFrame(guess.mean, index=media.index, columns=list(fitted.traits))

    def predict_interval(
        self, media: pd.DataFrame, level: float = 0.9, features: Any = None
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Predict the lower and the upper end of an interval for every trait of a culture.

        Intervals are calibrated on training media left out: random ones for media like those of the training, whole
        groups for media with something new (see `metagnn.estimates.conformal`).

        Args:
            media: As for `fit`.
            level: Probability that an interval holds what is measured.
            features: As for `fit`, with the same columns.

        Raises:
            InputError: As `predict`; or a level that is no probability, or too few training media or groups for it.
            TableError: As `predict`.
        """
        fitted = self._require_fitted()
        samples, outside = self._read(media, features)
        guess = fitted.estimate.predict(samples, outside)
        width = interval_widths(fitted, samples, guess, outside, level)
        ends = (guess.mean - width, guess.mean + width)
        low, high = (pd.DataFrame(end, index=media.index, columns=list(fitted.traits)) for end in ends)
        return low, high

    def diagnose(self, media: pd.DataFrame) -> pd.DataFrame:
        """Tell how far media are from those of the training.

        Returns:
            With the index of the media: `status`, "seen" where a training medium held the same nutrients, "new
            substrate" where a medium holds a nutrient or has a main source that no training medium had, else
            "interpolated"; and `main_source`, the nutrient with most carbon, empty where there is none.

        Raises:
            InputError: The regressor was not fitted.
            TableError: A column or value that cannot be used.
        """
        fitted = self._require_fitted()
        held = read_media(fitted.network, media, fitted.inputs)
        status, main = fitted.status(held)
        return pd.DataFrame({"status": status, "main_source": main}, index=media.index)

    def save(self, folder: str | Path) -> None:
        """Write network, training data and choice into a folder; nothing in it is a pickle.

        Raises:
            FolderError: The folder cannot be written.
            InputError: The regressor was not fitted.
        """
        write_media_traits(Path(folder), self._require_fitted())

    @classmethod
    def load(cls, folder: str | Path, network: NetworkLike | None = None) -> MediumRegressor:
        """Read a saved regressor; its estimates are fitted anew to the saved data, with the same result.

        Args:
            folder: What `save` wrote.
            network: If given, the regressor must have been fitted on it.

        Raises:
            FolderError: A missing or damaged folder, or another network.
        """
        fitted = read_media_traits(Path(folder), None if network is None else as_network(network))
        regressor = cls(fitted.network, fitted.inputs, fitted.estimate.seed)
        regressor._fitted = fitted
        return regressor

    def __sklearn_is_fitted__(self) -> bool:
        return self._fitted is not None

    def __repr__(self) -> str:
        return f"MediumRegressor(network={self.network.id}, inputs={self.inputs!r}, seed={self.seed})"

    def _require_fitted(self) -> MediaTraits:
        if self._fitted is None:
            raise UnfittedError("this MediumRegressor was not fitted; call `fit` first")
        return self._fitted

    def _read(self, media: pd.DataFrame, features: Any) -> Any:
        fitted = self._require_fitted()
        held: Media = read_media(fitted.network, media, fitted.inputs)
        if (features is None) != (not fitted.features):
            wanted = f"columns {list(fitted.features)}" if fitted.features else "none, as in the fit"
            raise InputError(f"`features` is {'missing' if features is None else 'given'}; expected {wanted}")
        further = None if features is None else read_numbers(features, "features", media.index, fitted.features)
        return fitted.read(held, further)
