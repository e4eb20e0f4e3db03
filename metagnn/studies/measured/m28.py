"""M28: growth curves on 280 media, predicted from what the media hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metagnn.errors import TableError
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.studies.harness.experiment import Run, Scores
from metagnn.studies.harness.measured_curves import MeasuredCurves, building_blocks
from metagnn.studies.harness.samples import SampleStore
from metagnn.studies.measured.data_file import DataFile, read_data_file
from metagnn.studies.measured.flux_case import Fold
from metagnn.studies.measured.growth_traits import growth_traits
from metagnn.studies.measured.measured_set import OURS, AbstractMeasuredSet
from metagnn.studies.measured.media_features import mechanistic_features
from metagnn.studies.rivals.measured_curves import CURVE_RIVALS, CurveAnswer
from metagnn.studies.rivals.medium_regressor import medium_regressor

MEDIA_FILE, CURVES_FILE = "m28_media.csv", "m28_growth_curves.csv"
UNIT = ":mM"
TIMES, KNOWN_POINTS = 20, 13

SOURCES = {"glucose": "EX_glc__D_e", "xylose": "EX_xyl__D_e", "succinate": "EX_succ_e"}
"""At most one of them is in a medium."""

PUBLISHED, LAST_SEVEN = "published split", "last seven points"

REGRESSOR = f"{OURS}, MediumRegressor"

METRICS = (
    *("final_r2", "rate_r2", "lag_r2", "curve_r2", "curves_above", "pooled_r2"),
    *("coverage", "half_width"),
)


def read_m28(folder: Path) -> tuple[DataFile, ...]:
    """Read and check media and curves.

    Raises:
        TableError: A file that cannot be used, or media without a whole curve.
    """
    media = read_data_file(folder, MEDIA_FILE, [f"{name}{UNIT}" for name in SOURCES.values()], ("medium", "split"))
    curves = read_data_file(folder, CURVES_FILE, ("time_h", "log_od"), ("medium",))
    lengths = curves.table.groupby("medium").size().reindex(media.table["medium"]).fillna(0)
    if not (lengths == TIMES).all():
        name, count = next((name, count) for name, count in lengths.items() if count != TIMES)
        raise TableError(f"'{folder / CURVES_FILE}': medium {name!r} has {count:.0f} points; expected {TIMES}")
    return media, curves


@dataclass(frozen=True, eq=False)
class CurveCase:
    """Media and curves with their splits.

    Attributes:
        samples: All media.
        splits: Training and test media, and how many points of the test curves are known, by the name of the split.
    """

    samples: MeasuredCurves
    splits: Mapping[str, tuple[Fold, int]]


@dataclass(frozen=True, eq=False)
class GrowthCurves(AbstractMeasuredSet):
    """Predict traits and whole curves: the published split, a carbon source left out, the end of a curve."""

    def contestants(self, size: str) -> tuple[str, ...]:
        """All rivals, and ours."""
        return (*CURVE_RIVALS, REGRESSOR)

    def quick(self) -> GrowthCurves:
        """Use every fourth medium."""
        return dataclasses.replace(self, small=True)

    def choices(self) -> dict[str, Any]:
        """Nothing beside the files."""
        return {}

    def data(self, store: SampleStore, seed: int) -> CurveCase:
        """Read media and curves; the same for every seed."""
        media, curves = (file.table for file in self.files)
        if self.small:
            media = media.iloc[::4].reset_index(drop=True)
        return curve_case(store.network("iJO1366"), media, curves)

    def run(self, contestant: str, data: CurveCase, seed: int) -> Run:
        """Train and score on every split."""
        rival = medium_regressor if contestant == REGRESSOR else CURVE_RIVALS[contestant]
        scores: Scores = {}
        for name, ((train, test), before) in data.splits.items():
            samples = dataclasses.replace(data.samples, before=before)
            learned, unseen = samples.rows(train), samples.rows(test)
            fitted = rival(learned, seed)
            scores[name] = score_curves(unseen, fitted(unseen.unmeasured()))
        return Run(scores)


def curve_case(network: MetabolicNetwork, media: pd.DataFrame, curves: pd.DataFrame) -> CurveCase:
    """Make samples and splits of both tables."""
    order = curves.sort_values(["medium", "time_h"], kind="stable").groupby("medium")
    of_medium = [order.get_group(name) for name in media["medium"]]
    times, log_od = (np.stack([part[column].to_numpy() for part in of_medium]) for column in ("time_h", "log_od"))
    amounts = media[[name for name in map(str, media.columns) if name.endswith(UNIT)]]
    amounts = amounts.rename(columns=lambda c: c.removesuffix(UNIT)).astype(np.float64)
    groups = np.full(len(media), "no sugar or acid", dtype=object)
    for name, exchange in SOURCES.items():
        groups[amounts[exchange].to_numpy() > 0] = name
    features = mechanistic_features(network, amounts, log_od[:, 0])
    known = amounts, features, log_od, growth_traits(times, log_od), groups.astype(str)
    samples = MeasuredCurves(network, *known, building_blocks(amounts))
    trains = (media["split"] == "train").to_numpy()
    published = (np.flatnonzero(trains), np.flatnonzero(~trains))
    splits: dict[str, tuple[Fold, int]] = {PUBLISHED: (published, 0)}
    for name in SOURCES:
        held = groups == name
        splits[f"without {name}"] = ((np.flatnonzero(~held), np.flatnonzero(held)), 0)
    splits[LAST_SEVEN] = (published, KNOWN_POINTS)
    return CurveCase(samples, splits)


def score_curves(observed: MeasuredCurves, answer: CurveAnswer) -> Scores:
    """Score traits and curves.

    Returns:
        R² of every trait over the media; `curve_r2`, the mean of R² over the points of a curve with negatives set to
        0, and `curves_above`, the share of curves above .9; where points are known beforehand, only `pooled_r2`, R²
        over all points of all curves that are asked for; `coverage` and mean `half_width` of the 90 % intervals of the
        final log OD. None where a rival says nothing.
    """
    scores: Scores = dict.fromkeys(METRICS)
    traits = observed.traits.to_numpy()
    if answer.traits is not None and not observed.before:
        r2 = 1.0 - np.square(traits - answer.traits).sum(axis=0) / np.square(traits - traits.mean(axis=0)).sum(axis=0)
        scores |= dict(zip(("final_r2", "rate_r2", "lag_r2"), map(float, r2), strict=True))
    if answer.curves is not None:
        asked = slice(observed.before, None)
        truth, guess = observed.curves[:, asked], answer.curves[:, asked]
        if observed.before:
            scores["pooled_r2"] = float(1.0 - np.square(truth - guess).sum() / np.square(truth - truth.mean()).sum())
        else:
            variation = np.square(truth - truth.mean(axis=1, keepdims=True)).sum(axis=1)
            of_curve = np.maximum(1.0 - np.square(truth - guess).sum(axis=1) / np.maximum(variation, 1e-12), 0.0)
            scores |= {"curve_r2": float(of_curve.mean()), "curves_above": float((of_curve > 0.9).mean())}
    if answer.low is not None and answer.high is not None:
        final = observed.curves[:, -1]
        scores |= {
            "coverage": float(((answer.low <= final) & (final <= answer.high)).mean()),
            "half_width": float(np.mean(answer.high - answer.low) / 2),
        }
    return scores
