"""Where the samples come from: reference media of e_coli_core with labels, or your own table."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metagnn.datasets.media import sparse_media
from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.datasets.targets import read_targets
from metagnn.errors import TableError
from metagnn.fba.feasibility import FeasibilityScreen
from metagnn.fba.simulate import simulate_fluxes
from metagnn.files.sealed import checksum
from metagnn.files.table_format import is_label
from metagnn.files.table_reader import read_table
from metagnn.inputs import read_conditions
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.studies.harness.samples import Samples, SampleStore

MEDIA, FLUX = "max_uptake:", "flux:"
"""Prefixes of the columns of media and of fluxes, in a table that holds both for one exchange."""

SPARE = 3
"""Media to draw for every one that is needed; about one in seven with a single substrate is infeasible."""


class AbstractSource(ABC):
    """Media with fluxes. Its instances are small: they are sent to worker processes."""

    @property
    @abstractmethod
    def model(self) -> str:
        """Name or path of the network."""

    @property
    def growth(self) -> str | None:
        """Growth reaction in place of the network's own."""
        return None

    @abstractmethod
    def samples(self, store: SampleStore, seed: int) -> Samples:
        """Return feasible media and their fluxes: any subset of the reactions, without gaps."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Return everything needed to draw the same samples again, in a form that JSON can hold."""


@dataclass(frozen=True)
class SparseMedia(AbstractSource):
    """Media of e_coli_core that hold one to four carbon sources, as many of each, and minimum-norm labels.

    Every seed draws its own.

    Attributes:
        count: How many media, a multiple of four.
        method: Labels.
    """

    count: int = 300
    method: str = "min_norm"

    @property
    def model(self) -> str:
        """The network of the reference media."""
        return "e_coli_core"

    def samples(self, store: SampleStore, seed: int) -> Samples:
        """Draw the first feasible media of every number of carbon sources."""
        network = store.network(self.model)
        return store.once((self, seed), lambda: self._draw(network, seed))

    def settings(self) -> dict[str, Any]:
        """How the media are drawn."""
        return {
            "model": self.model,
            "media": self.count,
            "method": self.method,
            "ranges": {name: list(limits) for name, limits in E_COLI_CORE_RANGES.items()},
            "carbon_sources": "1 to 4, as many media of each",
        }

    def _draw(self, network: MetabolicNetwork, seed: int) -> Samples:
        sources = [name for name in E_COLI_CORE_RANGES if name != "EX_o2_e"]
        each = self.count // len(sources)
        parts = []
        for present in range(1, len(sources) + 1):
            # Every number of sources and every seed has a random stream of its own.
            drawn = sparse_media(
                E_COLI_CORE_RANGES, SPARE * each, present, ["EX_o2_e"], seed=len(sources) * seed + present
            )
            with warnings.catch_warnings():
                # Infeasible media are expected, and left out.
                warnings.simplefilter("ignore")
                labels = simulate_fluxes(network, drawn, self.method)
            kept = np.flatnonzero(labels.feasible)[:each]
            if len(kept) < each:
                raise TableError(f"only {len(kept)} of {len(drawn)} media of {present} carbon sources are feasible")
            parts.append((drawn.iloc[kept], labels.fluxes.iloc[kept]))
        media, fluxes = (pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True))
        return Samples(media, fluxes)


@dataclass(frozen=True)
class MediaTable(AbstractSource):
    """Your own table, the same for every seed.

    Columns `max_uptake:<exchange>` hold media and `flux:<reaction>` what was measured. Without these prefixes,
    exchanges are media and every other reaction is a target. A table without targets gets minimum-norm labels.

    Attributes:
        path: A .csv or .parquet file.
        network: Name or path of the network.
        growth_reaction: Growth reaction, in place of the network's own.
    """

    path: str
    network: str
    growth_reaction: str | None = None

    @property
    def model(self) -> str:
        """The network."""
        return self.network

    @property
    def growth(self) -> str | None:
        """The growth reaction."""
        return self.growth_reaction

    def samples(self, store: SampleStore, seed: int) -> Samples:
        """Read the rows that the network can satisfy and that have every target.

        Raises:
            TableError: A table that cannot be read, or that has no media.
            NetworkError: A column is no reaction of the network.
        """
        network = store.network(self.model, self.growth)
        return store.once(self, lambda: read_media_table(network, self.path))

    def settings(self) -> dict[str, Any]:
        """The table, and the growth reaction if it is not the network's own."""
        growth = {"growth": self.growth} if self.growth else {}
        # Other content under the same name must not continue the runs of this one.
        content = {path: checksum(Path(path)) for path in (self.path, self.model) if Path(path).is_file()}
        return {"model": self.model, "table": self.path, "sha256": content} | growth


def read_media_table(network: MetabolicNetwork, path: str) -> Samples:
    """Read media and targets of a table; incomplete and infeasible rows are left out and counted in a warning.

    Args:
        network: The network.
        path: See `MediaTable`.

    Raises:
        TableError: A table that cannot be read, no media in it, or no row that can be used.
        NetworkError: A column is no reaction of the network.
    """
    table = read_table(path)
    media, targets = _divide_columns(network, table, path)
    conditions = read_conditions(network, media, "max_uptake")
    feasible = FeasibilityScreen(network).feasible(conditions.lower.numpy(), conditions.upper.numpy())
    if targets.empty:
        with warnings.catch_warnings():
            # Media without a flux are counted below.
            warnings.simplefilter("ignore")
            targets = simulate_fluxes(network, media).fluxes
    else:
        read_targets(network, targets, media.index)
        # Use the network's own names: predictions have no columns for aliases.
        targets = targets.set_axis([network.reactions[network.reaction_index(str(name))] for name in targets], axis=1)
    complete = targets.notna().all(axis=1).to_numpy()
    kept = feasible & complete
    if not kept.any():
        raise TableError(f"'{path}' has no row that the network can satisfy and that has every target")
    if not kept.all():
        warnings.warn(
            f"'{path}': {(~kept).sum()} of {len(kept)} rows are left out: {(~feasible).sum()} that no flux can "
            f"satisfy, {(feasible & ~complete).sum()} more with a gap in the targets",
            stacklevel=2,
        )
    return Samples(media[kept].reset_index(drop=True), targets[kept].reset_index(drop=True))


def _divide_columns(network: MetabolicNetwork, table: pd.DataFrame, path: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    names = [str(name) for name in table.columns]
    if any(name.startswith((MEDIA, FLUX)) for name in names):
        # Such a table may hold further columns, such as folds.
        media = [name for name in names if name.startswith(MEDIA)]
        targets = [name for name in names if name.startswith(FLUX)]
    else:
        media = [name for name in names if name in network.exchanges]
        targets = [name for name in names if name not in media and not is_label(name)]
    if not media:
        raise TableError(f"'{path}' has no media; expected columns such as '{MEDIA}EX_glc__D_e' or 'EX_glc__D_e'")
    return (
        table[media].rename(columns=lambda name: str(name).removeprefix(MEDIA)),
        table[targets].rename(columns=lambda name: str(name).removeprefix(FLUX)),
    )
