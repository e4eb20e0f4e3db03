"""The directions in which fluxes and biomass composition can move at steady state."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.sparse
import torch

from metagnn.errors import InputError, NetworkError, unknown_name
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.null_space import NullProjector
from metagnn.nn.biomass import CONTENTS as TRAINED
from metagnn.nn.biomass import BiomassComposition, check_composition
from metagnn.nn.biomass_column import BiomassColumn, conserved_moieties
from metagnn.nn.co2 import co2_exchange

GROWTH, CO2, ALPHA, BETA, REDUCTION = "growth", "co2", "alpha", "beta", "degree_of_reduction"

READOUTS = (GROWTH, CO2, ALPHA, BETA)
"""Quantities that are reported by default: growth, CO2 evolution, carbon and nitrogen in biomass."""

SPREAD = 0.1
"""Spread of the random contents at which ranks are taken, so that they are not special values."""

RANK_TOLERANCE = 1e-8
"""Pivot of a measurement, relative to its own size, below which it repeats others."""

TOLERANCE = 1e-7
"""Undetermined part of a quantity, relative to the whole, that counts as zero."""

SPANNED = 1e-9
"""Singular value of projected unit vectors from which it counts: those that laws make zero are rounding."""

SKETCHED = 16
"""Random directions that stand for all in which the exact quantities do not move."""

BLOCKED = 1e-10
"""Size of a row of an orthonormal basis that counts as zero."""


@dataclass(frozen=True, eq=False)
class SteadyStateTangent:
    r"""Directions $(dv, d\theta)$ with $S(\theta)\,dv + \mu\,\partial s\,d\theta = 0$, one row for every quantity.

    With a trainable composition, growth and composition multiply. The directions are taken at a generic composition;
    any positive growth has the same ones up to scale.

    Attributes:
        network: The network.
        rows: What one step along every direction does to every quantity, shape `[quantities, directions]`.
        names: Names of the quantities: the reactions, then contents and degree of reduction of biomass, where the
            network has formulas.
        short_names: Position of "growth" and, where there is one, of "co2".
        column_moves: What one unit of every parameter does to the biomass column, shape `[metabolites, parameters]`;
            no parameters where the composition is fixed.
        exact: Reactions that can be measured; None for all. See `spanned`.
    """

    network: MetabolicNetwork
    rows: np.ndarray
    names: tuple[str, ...]
    short_names: dict[str, int]
    column_moves: np.ndarray
    exact: frozenset[int] | None = None

    @classmethod
    def from_network(cls, network: MetabolicNetwork, composition: str = "fixed", seed: int = 0) -> SteadyStateTangent:
        """Find the directions of a network; factoring S takes seconds at genome scale.

        Args:
            network: The network.
            composition: "fixed", "elemental" or "precursor"; see `BiomassComposition`.
            seed: Seed of the composition at which directions are taken, where it is not fixed.

        Raises:
            InputError: An unknown composition.
            NetworkError: As for `BiomassComposition`.
        """
        biomass = BiomassComposition(network, composition)
        if biomass.trainable:
            draws = np.random.default_rng(seed).normal(scale=SPREAD, size=biomass.raw.shape)
            biomass.raw.data.copy_(torch.from_numpy(draws))
        return cls.from_composition(network, biomass)

    @classmethod
    def from_composition(cls, network: MetabolicNetwork, biomass: BiomassComposition) -> SteadyStateTangent:
        """Find the directions at a composition, with its factorisation."""
        with torch.no_grad():
            rows, column_moves = biomass.basis().numpy(), np.zeros((len(network.metabolites), 0))
            if biomass.trainable:
                column_moves = biomass.column_sensitivity().numpy()
                moves = biomass.sensitivity().numpy()
                free = np.zeros((moves.shape[1], rows.shape[1]))
                rows = np.block([[rows, moves], [free, np.eye(moves.shape[1])]])
        return cls._of_rows(network, rows, biomass.column().detach().numpy(), column_moves)

    @classmethod
    def spanned(
        cls, network: MetabolicNetwork, composition: str, exact: Sequence[int], seed: int = 0
    ) -> SteadyStateTangent:
        """Find the directions that move some reactions, without a dense factor of S.

        Directions that move none of them are represented by a few random ones: enough to tell whether another reaction
        moves along with what is measured, but no such reaction can itself be measured. A second for ten thousand
        reactions, where `from_network` takes minutes and gigabytes.

        Args:
            network: The network.
            composition: As for `from_network`.
            exact: Positions of all reactions that may be measured, held or absent; growth and CO2 are added.
            seed: As for `from_network`.

        Raises:
            InputError: An unknown composition.
            NetworkError: As for `BiomassColumn`.
        """
        column, moves = _random_column(network, composition, seed)
        count, short_names = len(network.reactions), _short_names(network)
        matrix = network.with_biomass(column).stoichiometry.to_scipy()
        projector = NullProjector(scipy.sparse.hstack([matrix, scipy.sparse.csr_array(moves)], format="csc"))
        measured = sorted({*exact, *short_names.values()})
        chosen = np.array([*measured, *range(count, count + moves.shape[1])])
        places = (chosen, np.arange(len(chosen)))
        units = scipy.sparse.csc_array((np.ones(len(chosen)), places), (count + moves.shape[1], len(chosen)))
        projected = projector.project_groups(projector.collect(units))
        left, size, _ = np.linalg.svd(projected, full_matrices=False)
        basis = left[:, size > SPANNED]
        random = np.random.default_rng(seed).standard_normal((projector.groups, SKETCHED)) / np.sqrt(SKETCHED)
        others = projector.project_groups(random)
        for _ in range(2):
            others -= basis @ (basis.T @ others)
        rows = projector.expand(np.hstack([basis, others]))
        return cls._of_rows(network, rows, column, moves, frozenset(measured))

    @classmethod
    def _of_rows(
        cls,
        network: MetabolicNetwork,
        rows: np.ndarray,
        column: np.ndarray,
        column_moves: np.ndarray,
        exact: frozenset[int] | None = None,
    ) -> SteadyStateTangent:
        """Add the contents to rows of the reactions and the parameters."""
        count = len(network.reactions)
        contents = _content_rows(network, column, column_moves)
        of_biomass = [row @ rows[count:] for row in contents.values()]
        names = (*network.reactions, *contents)
        return cls(network, np.vstack([rows[:count], *of_biomass]), names, _short_names(network), column_moves, exact)

    @property
    def readouts(self) -> tuple[str, ...]:
        """The readouts that the network has: CO2 needs its exchange, contents need formulas."""
        return tuple(name for name in READOUTS if name in self.short_names or name in self.names)

    def index(self, name: str) -> int:
        """Position of a reaction (by id or alias), of a readout or of the degree of reduction.

        Raises:
            InputError: An unknown name; the nearest are given.
        """
        if name in self.short_names:
            return self.short_names[name]
        reactions = len(self.network.reactions)
        if name in self.names[reactions:]:
            return reactions + self.names[reactions:].index(name)
        try:
            return self.network.reaction_index(name)
        except NetworkError:
            with contextlib.suppress(NetworkError):
                if self.network.exchange_names.names_rate(name):
                    return self.network.reaction_index(self.network.exchange_names.of_rate(name, repr(name)))
            known = (*self.names, *self.short_names)
            raise InputError(unknown_name(str(name), known, f"reaction or readout of {self.network.id}")) from None

    def after(self, measured: Sequence[int]) -> np.ndarray:
        """The undetermined part of every row: its part along directions that change no measurement.

        Args:
            measured: Positions of what is known.

        Returns:
            Shape `[quantities, directions]`; a row of zeros is determined.

        Raises:
            InputError: A reaction that is not exact.
        """
        reactions = len(self.network.reactions)
        exact = range(reactions) if self.exact is None else self.exact
        for index in measured:
            if index < reactions and index not in exact:
                raise InputError(f"`exact` lacks {self.names[index]}; expected every reaction that is measured")
        size = np.linalg.norm(self.rows, axis=1)
        moving = [index for index in measured if size[index] > BLOCKED]
        if not moving:
            rest = self.rows.copy()
        else:
            known = self.rows[moving] / size[moving, None]
            orthogonal, triangular, _ = scipy.linalg.qr(known.T, mode="economic", pivoting=True)
            seen = orthogonal[:, np.abs(np.diagonal(triangular)) > RANK_TOLERANCE]
            rest = self.rows - (self.rows @ seen) @ seen.T
            # A second pass removes the rounding of rows that are nearly determined.
            rest -= (rest @ seen) @ seen.T
        left = np.linalg.norm(rest, axis=1)
        rest[(size <= BLOCKED) | (left <= TOLERANCE * size)] = 0.0
        return rest


def _short_names(network: MetabolicNetwork) -> dict[str, int]:
    short_names = {GROWTH: network.reaction_index(network.growth_reaction)}
    with contextlib.suppress(NetworkError):
        short_names[CO2] = co2_exchange(network)
    return short_names


def _random_column(network: MetabolicNetwork, composition: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The biomass column of a random composition, and its change per unit of every parameter's logarithm."""
    check_composition(composition)
    if composition == "fixed":
        own = network.stoichiometry.to_scipy()[:, [network.reaction_index(network.growth_reaction)]]
        return own.toarray()[:, 0], np.zeros((own.shape[0], 0))
    column = BiomassColumn(network, composition, conserved_moieties(network), TRAINED)
    scale = np.ones(column.changes.shape[1])
    if composition == "elemental":
        scale = np.array([network.biomass_content(element) for element in TRAINED])
    draws = np.random.default_rng(seed).normal(scale=SPREAD, size=len(scale))
    change, directions = column.change_at(scale * np.expm1(draws))
    return column.own + change, directions * scale * np.exp(draws)


def _content_rows(network: MetabolicNetwork, column: np.ndarray, column_moves: np.ndarray) -> dict[str, np.ndarray]:
    """How contents, and electrons per carbon, move with every parameter; those without formulas are left out."""
    rows, contents = {}, {}
    for balance, name in (("C", ALPHA), ("N", BETA), ("electrons", REDUCTION)):
        with contextlib.suppress(NetworkError):
            network.biomass_content(balance)
            weights = network.contents(balance).weights
            rows[name], contents[name] = -weights @ column_moves, float(-weights @ column)
    if REDUCTION in rows:
        if not contents.get(ALPHA):
            del rows[REDUCTION]
        else:
            rows[REDUCTION] = rows[REDUCTION] - contents[REDUCTION] / contents[ALPHA] * rows[ALPHA]
    return rows
