"""Count labels whose bytes depend on order, neighbours or workers, and compare them with cobra."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cobra.exceptions
import cobra.flux_analysis
import cobra.io
import numpy as np
import pandas as pd

from metagnn.choices import METHODS
from metagnn.datasets.media import uniform_media
from metagnn.fba.label_chunks import LabelTask, label_chunks, split_rows
from metagnn.fba.label_simulator import LabelSimulator
from metagnn.files.output import check_output, replace_file
from metagnn.network.from_cobra import load_network
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.studies.benchmarks.labels import COBRA_NAMES, RANGES
from metagnn.studies.harness.result_table import ResultTable
from metagnn.studies.harness.runs import Progress
from metagnn.studies.harness.study import StudyOptions

OPEN = 60
"""Exchanges that are open in the hard media, where a network has so many."""

TOTALS = 1e-9
"""Tolerance of cobra's solver where its total flux is compared."""


MOVED = 1e-9
"""Fluxes that differ by more have moved [mmol/gDW/h]."""


@dataclass(frozen=True)
class Amount:
    """How many media each part takes.

    Attributes:
        media: Media whose bytes are compared, by network.
        hard: Media with many open exchanges, by network.
        compared: Media that cobra solves too.
    """

    media: dict[str, int]
    hard: dict[str, int]
    compared: int


USUAL = Amount({"e_coli_core": 2000, "iJO1366": 200}, {"e_coli_core": 2000, "iJO1366": 500}, 2000)
QUICK = Amount({"e_coli_core": 30}, {"e_coli_core": 30}, 5)


@dataclass(frozen=True)
class Row:
    """One measure: what it is, on which network, and its value."""

    case: str
    network: str
    value: float
    unit: str


def study_repeatability(folder: Path, options: StudyOptions, progress: Progress) -> list[ResultTable]:
    """Measure, write `repeatability.json` into the folder, and return the table.

    Raises:
        FolderError: The folder exists or cannot be written.
    """
    check_output(folder, options.force, folder=True)
    amount, rows = QUICK if options.quick else USUAL, []
    total = (3 * len(METHODS) + 1) * len(amount.media) + 2 + 4 * len(amount.hard)
    with warnings.catch_warnings():
        # Infeasible media are expected.
        warnings.simplefilter("ignore")
        for row in _rows(amount, options.first_seed):
            rows.append(row)
            progress(len(rows), total)
    replace_file(folder / "repeatability.json", json.dumps([vars(row) for row in rows], indent=2).encode())
    cells = tuple((row.case, row.network, f"{row.value:.3g}", row.unit) for row in rows)
    return [ResultTable("repeatability", ("case", "network", "value", "unit"), cells)]


def _rows(amount: Amount, seed: int) -> Iterator[Row]:
    for name, count in amount.media.items():
        media = uniform_media(RANGES[name], count, seed=seed)
        for method in METHODS:
            yield from _same_bytes(load_network(name), media, method, seed)
        yield _permuted(name, media, seed)
    yield from _totals(amount.compared, seed)
    for name, count in amount.hard.items():
        yield from _hard(load_network(name), count, amount.compared, seed)


def _same_bytes(network: MetabolicNetwork, media: pd.DataFrame, method: str, seed: int) -> Iterator[Row]:
    """Label media in one go; shuffled, in parts, by a simulator with a history; and in two worker processes, twice."""
    uptakes, names = media.to_numpy(dtype=np.float64), list(media.columns)
    first = LabelSimulator(network, names, method).solve(uptakes)[0]
    order, used = np.random.default_rng(seed).permutation(len(uptakes)), LabelSimulator(network, names, method)
    shuffled = np.empty_like(first)
    for part in np.array_split(order, 5):
        shuffled[part] = used.solve(uptakes[part])[0]
    yield _moved(f"{method}: shuffled and in parts", network, first, shuffled)
    for run in ("first", "second"):
        shared, task = np.empty_like(first), LabelTask.create(network, names, method)
        for chunk in label_chunks(task, uptakes, split_rows(len(uptakes), 2), 2):
            shared[chunk.rows] = chunk.fluxes
        yield _moved(f"{method}: two workers, {run} run", network, first, shared)


def _moved(case: str, network: MetabolicNetwork, one: np.ndarray, other: np.ndarray) -> Row:
    same = ((one == other) | (np.isnan(one) & np.isnan(other))).all(axis=1)
    return Row(f"{case}: other bytes", network.id, float((~same).sum()), f"of {len(one)} media")


def _permuted(name: str, media: pd.DataFrame, seed: int) -> Row:
    """Count the media whose pFBA fluxes move with the order of reactions, exchanges and media."""
    network, model, rng = load_network(name), cobra.io.load_model(COBRA_NAMES[name]), np.random.default_rng(seed)
    order = dict(zip(rng.permutation(network.reactions).tolist(), range(len(network.reactions)), strict=True))
    model.reactions.sort(key=lambda reaction: order[reaction.id])
    other, shuffled = load_network(model), media.iloc[rng.permutation(len(media)), rng.permutation(len(media.columns))]
    first, again = (
        LabelSimulator(one, list(table.columns), "pfba").solve(table.to_numpy(dtype=np.float64))[0]
        for one, table in ((network, media), (other, shuffled))
    )
    found = pd.DataFrame(again, index=shuffled.index, columns=list(other.reactions))
    moved = np.abs(first - found.loc[media.index, list(network.reactions)].to_numpy())
    unlike = np.isnan(moved) & ~np.isnan(first)
    count = ((moved > MOVED) | unlike).any(axis=1).sum()
    return Row("pfba: reactions and media permuted: moved by 1e-9", name, float(count), f"of {len(media)} media")


def _totals(count: int, seed: int) -> Iterator[Row]:
    """Compare growth and Σ|v| of pFBA with cobra's."""
    network, model = load_network("e_coli_core"), cobra.io.load_model(COBRA_NAMES["e_coli_core"])
    model.tolerance = TOTALS
    media = uniform_media(RANGES["e_coli_core"], count, seed=seed)
    fluxes = LabelSimulator(network, list(media.columns), "pfba").solve(media.to_numpy(dtype=np.float64))[0]
    growth = network.reaction_index(network.growth_reaction)
    worst = [0.0, 0.0]
    for flux, (_, uptakes) in zip(fluxes, media.iterrows(), strict=True):
        _open(model, {str(name): float(uptake) for name, uptake in uptakes.items()})
        try:
            expected = cobra.flux_analysis.pfba(model)
        except cobra.exceptions.Infeasible:
            continue
        worst[0] = max(worst[0], abs(flux[growth] - expected.fluxes[network.growth_reaction]))
        worst[1] = max(worst[1], abs(np.abs(flux).sum() - expected.fluxes.abs().sum()))
    yield Row("pfba: growth beside cobra's, worst", network.id, worst[0], "1/h")
    yield Row("pfba: total flux beside cobra's, worst", network.id, worst[1], "mmol/gDW/h")


def _hard(network: MetabolicNetwork, count: int, compared: int, seed: int) -> Iterator[Row]:
    """Label media with many open exchanges, of which some hardly let it live, by every method."""
    rng = np.random.default_rng(seed)
    medium = list(network.medium())
    others = [name for name in network.exchanges if name not in medium]
    names = [*medium, *rng.permutation(others).tolist()][: max(OPEN, len(medium))]
    uptakes = rng.uniform(0.0, 10.0, (count, len(names)))
    uptakes[1::4] *= rng.random(uptakes[1::4].shape) < 0.5
    uptakes[2::4] *= 10.0 ** rng.uniform(-6, 0, uptakes[2::4].shape)
    uptakes[3::4] *= 10.0 ** rng.uniform(-6, 0, (len(uptakes[3::4]), 1))
    plain, said = LabelSimulator(network, names, "fba").solve(uptakes)
    fluxes, status = LabelSimulator(network, names, "min_norm").solve(uptakes)
    least = LabelSimulator(network, names, "pfba").solve(uptakes)[1]
    lost = sum(a == "optimal" != b for a, b in zip(said, status, strict=True))
    apart = sum(len({text == "optimal" for text in row}) > 1 for row in zip(said, least, status, strict=True))
    growth = network.reaction_index(network.growth_reaction)
    yield Row(f"min_norm, {len(names)} open exchanges: lost", network.id, float(lost), f"of {count} media")
    yield Row("feasible by one method alone or by two", network.id, float(apart), f"of {count} media")
    difference = np.nan_to_num(np.abs(fluxes[:, growth] - plain[:, growth]))
    yield Row("min_norm: growth beside that of fba, worst", network.id, float(difference.max()), "1/h")
    model = cobra.io.load_model(COBRA_NAMES[network.id])
    model.tolerance, worst = TOTALS, 0.0
    for row in range(min(compared, count)):
        _open(model, dict(zip(names, uptakes[row], strict=True)))
        expected = model.slim_optimize()
        if status[row] == "optimal" and not np.isnan(expected):
            worst = max(worst, abs(fluxes[row, growth] - expected))
    yield Row("min_norm: growth beside cobra's, worst", network.id, worst, "1/h")


def _open(model: cobra.Model, uptakes: dict[str, float]) -> None:
    for name, uptake in uptakes.items():
        model.reactions.get_by_id(name).lower_bound = -float(uptake)
