"""Trainable biomass composition: compute alpha and beta from the biomass column of S."""

from __future__ import annotations

import numpy as np
import scipy.linalg
import torch
from torch import Tensor, nn

from metagnn._typing import Basis, Scalar
from metagnn.choices import COMPOSITIONS
from metagnn.errors import InputError, NetworkError, unknown_name
from metagnn.network.compression import null_basis
from metagnn.network.float64_module import Float64Module
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.nn.biomass_column import LEAST_LEFT, BiomassColumn

CONTENTS = ("C", "N")
"""Elements whose content in biomass is trained and reported: alpha, then beta."""

TOLERANCE = 1e-8
"""Largest accepted residual of a least-norm flux, relative to its right-hand side."""


def check_composition(composition: str) -> None:
    """Check the name of a composition.

    Raises:
        InputError: An unknown name.
    """
    if composition not in COMPOSITIONS:
        raise InputError("`composition`: " + unknown_name(str(composition), COMPOSITIONS, "composition"))


class BiomassComposition(Float64Module):
    r"""Biomass column $s(\theta)$ of S, with the contents and the null space that follow from it.

    Steady state with this column implies the carbon and the nitrogen balance with
    $\alpha = -E_C s(\theta)$ and $\beta = -E_N s(\theta)$, so the balances cannot contradict each other.

    "elemental": the parameters are $\alpha, \beta$; `BiomassColumn` defines the column. The electrons per carbon are
    those of the network, H and O follow, and no coefficient changes its sign. "precursor": the parameters are all
    coefficients, projected so that conserved moieties are kept; it needs two to three times as many epochs. "fixed":
    the column of the network, without parameters.

    The orthonormal null-space basis follows by a rank-one update: fluxes without growth do not depend on $\theta$,
    and the last column, the least-norm flux that makes a unit of biomass, is linear in $s(\theta)$.

    Args:
        network: The network.
        kind: "fixed", "elemental" or "precursor".
        logarithmic: Whether the parameters are logarithms of ratios to the values of the network, which keeps the
            values positive and allows one learning rate for all; otherwise, differences [mmol/gDW].

    Raises:
        InputError: An unknown kind.
        NetworkError: The network has no growth reaction, no formulas, or no way to make biomass; or its carbon or
            nitrogen content cannot change alone.

    >>> from metagnn.network import load_network
    >>> composition = BiomassComposition(load_network("e_coli_core"), "elemental")
    >>> composition.reset_contents(alpha=40.0, beta=6.0)
    >>> [round(content.item(), 6) for content in composition.contents()]
    [40.0, 6.0]
    """

    own_column: Tensor
    content_weights: Tensor
    reference: Tensor
    directions: Tensor
    entries: Tensor
    lumped: Tensor
    least_product: Tensor
    without_growth: Tensor
    own_making: Tensor
    making: Tensor

    def __init__(self, network: NetworkLike, kind: str = "fixed", logarithmic: bool = True) -> None:
        network = as_network(network)
        super().__init__()
        check_composition(kind)
        self.kind, self.logarithmic = kind, logarithmic
        self.growth_index = network.reaction_index(network.growth_reaction)
        column = network.stoichiometry.to_scipy()[:, [self.growth_index]].toarray()[:, 0]
        self._constant("own_column", column)
        self._constant("content_weights", np.array([network.contents(element).weights for element in CONTENTS]))
        if kind == "fixed":
            self.register_parameter("raw", None)
            # Compute the null space on first use: it takes seconds at genome scale.
            self._own_matrix = network.stoichiometry.to_scipy()
            self._own_basis: Tensor | None = None
            return
        contents = np.array([network.biomass_content(element) for element in CONTENTS])
        growthless = _Factored(network, self.growth_index)
        self._column = BiomassColumn(network, kind, growthless.moieties, CONTENTS)
        self._last_piece: tuple[tuple[float, ...], tuple[np.ndarray, np.ndarray]] | None = None
        entries, lumped = self._column.entries, self._column.lumped
        reference, directions = contents, self._column.changes
        if kind == "precursor":
            # Changes are fractions of the coefficients; parameters are in mmol/gDW.
            reference, directions = lumped[entries], directions / lumped[entries]
        # One parameter per content or coefficient; zero gives the value of the network.
        self.raw = nn.Parameter(torch.zeros(len(reference), dtype=torch.float64))
        self._constant("reference", reference)
        self._constant("directions", directions)
        # A coefficient keeps its sign if its change times its initial value is at least this.
        self._constant("lumped", lumped)
        self._constant("least_product", (LEAST_LEFT - 1.0) * lumped**2)
        self._constant("without_growth", growthless.null_basis)
        self._constant("own_making", growthless.making(column))
        own_growth = np.zeros(len(network.reactions))
        own_growth[self.growth_index] = 1.0
        self.own_making += torch.from_numpy(own_growth)
        self._constant("entries", entries)
        free = np.zeros((len(column), len(entries)))
        free[entries] = self._column.free
        self._constant("making", growthless.making(free))

    def _constant(self, name: str, values: np.ndarray) -> None:
        # Not persistent: trained parameters can be loaded for another network.
        self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(values)), persistent=False)

    @property
    def trainable(self) -> bool:
        """Whether the composition has parameters."""
        return self.kind != "fixed"

    def reset_contents(self, alpha: float | None = None, beta: float | None = None) -> None:
        """Set the contents of an "elemental" composition [mmol/gDW]; None: the content of the network.

        Raises:
            InputError: The composition is of another kind, or a content is not positive and finite.
        """
        if self.kind != "elemental":
            raise InputError(f"`kind` is {self.kind!r}; only an 'elemental' composition starts at given contents")
        given = (("alpha", alpha), ("beta", beta))
        for name, value in given:
            if value is not None and not 0 < value < np.inf:
                raise InputError(f"`{name}` is {value}; expected a positive content [mmol/gDW]")
        for position, (_, value) in enumerate(given):
            own = float(self.reference[position])
            ratio = 1.0 if value is None else value / own
            self.raw.data[position] = np.log(ratio) if self.logarithmic else (ratio - 1.0) * own

    def change(self) -> Tensor:
        """Compute the difference to the column of the network, shape `[metabolites]` [mmol/gDW]."""
        if not self.trainable:
            return torch.zeros_like(self.own_column)
        return self._change_and_directions()[0]

    def column(self) -> Tensor:
        """Compute the biomass column of S, shape `[metabolites]` [mmol/gDW]."""
        return self.own_column + self.change()

    def contents(self) -> tuple[Scalar, Scalar]:
        """Compute alpha and beta: carbon and nitrogen in biomass [mmol/gDW]."""
        alpha, beta = -(self.content_weights @ self.column())
        return alpha, beta

    def basis(self) -> Basis:
        """Compute an orthonormal basis of the fluxes at steady state, shape `[reactions, nullity]`, float64."""
        if not self.trainable:
            if self._own_basis is None:
                self._own_basis = torch.from_numpy(null_basis(self._own_matrix.toarray()))
            return self._own_basis.to(self.own_column.device)
        making = self.own_making + self.making @ self.change()[self.entries]
        # Least-norm fluxes are orthogonal to all fluxes without growth: scale only the last column.
        return torch.cat([self.without_growth, (making / making.norm())[:, None]], dim=1)

    def sensitivity(self) -> Tensor:
        """Compute the derivative of the fluxes that make a unit of biomass, shape `[reactions, parameters]`."""
        return self.making @ self.column_sensitivity()[self.entries]

    def column_sensitivity(self) -> Tensor:
        """Compute the derivative of the column, shape `[metabolites, parameters]`."""
        return self._change_and_directions()[1] * self._parameter_step()

    def _change_and_directions(self) -> tuple[Tensor, Tensor]:
        """Compute the change of the column, piecewise linear, and its derivative by the contents or coefficients."""
        moves = self._parameter_change()
        change = self.directions @ moves
        if self.kind != "elemental" or bool((change * self.lumped >= self.least_product).all()):
            return change, self.directions
        # A coefficient would change its sign: use the linear piece on which none does.
        theta, piece = tuple(float(move) for move in moves.detach()), self._last_piece
        if piece is None or piece[0] != theta:
            # Kept for the other calls of the same step: it costs a quadratic program.
            piece = self._last_piece = theta, self._column.change_at(np.array(theta))
        at, directions = (torch.from_numpy(array).to(moves.device) for array in piece[1])
        return at + directions @ (moves - moves.detach()), directions

    def _parameter_step(self) -> Tensor:
        return self.reference * torch.exp(self.raw) if self.logarithmic else torch.ones_like(self.raw)

    def _parameter_change(self) -> Tensor:
        raw = self.raw.to(torch.float64)
        return self.reference * torch.expm1(raw) if self.logarithmic else raw

    def forward(self) -> tuple[Scalar, Scalar]:
        """Compute alpha and beta, as `contents`."""
        return self.contents()


class _Factored:
    """S without its growth column, factored once, for null space, conserved moieties and least-norm fluxes."""

    def __init__(self, network: MetabolicNetwork, growth: int) -> None:
        dense = network.stoichiometry.to_dense().numpy().copy()
        dense[:, growth] = 0.0
        self._matrix, self._name = dense, network.id
        orthogonal, triangular, pivots = scipy.linalg.qr(dense.T, pivoting=True)
        diagonal = np.abs(np.diagonal(triangular))
        rank = int((diagonal > 1e-11 * diagonal.max(initial=1.0)).sum())
        self._range, self._corner, self._pivots = orthogonal[:, :rank], triangular[:rank, :rank], pivots
        null = orthogonal[:, rank:]
        # Growth alone is a null vector of the zeroed matrix: remove it.
        null = null - np.outer(np.eye(len(null))[growth], null[growth])
        left, size, _ = np.linalg.svd(null, full_matrices=False)
        self.null_basis = left[:, size > 0.5]
        dependent = scipy.linalg.solve_triangular(self._corner, triangular[:rank, rank : len(dense)])
        self.moieties = np.zeros((len(dense), len(dense) - rank))
        self.moieties[pivots[:rank]] = -dependent
        self.moieties[pivots[rank:]] = np.eye(len(dense) - rank)

    def making(self, columns: np.ndarray) -> np.ndarray:
        """Compute the least-norm fluxes that balance given growth columns, `[reactions]` or `[reactions, columns]`."""
        rank = self._range.shape[1]
        fluxes, left = np.zeros((self._range.shape[0], *columns.shape[1:])), -columns
        # Refine once: one triangular solve loses digits.
        for _ in range(2):
            right = scipy.linalg.solve_triangular(self._corner, left[self._pivots[:rank]], trans="T")
            fluxes = fluxes + self._range @ right
            left = -columns - self._matrix @ fluxes
        if np.abs(left).max(initial=0.0) > TOLERANCE * max(np.abs(columns).max(initial=0.0), 1.0):
            raise NetworkError(
                f"{self._name} cannot make its biomass at steady state, whatever the bounds; "
                "expected reactions for every metabolite of the growth reaction"
            )
        return fluxes
