"""Reconcile measured rates: fit one composition to a file, then reconcile every sample, with intervals and tests."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import scipy.stats
import torch

from metagnn.analysis.reconciliation.carried_names import carried_names
from metagnn.analysis.reconciliation.closures import BALANCES, closures
from metagnn.analysis.reconciliation.composition_fit import FittedComposition, fit_composition
from metagnn.analysis.reconciliation.composition_prior import own_contents
from metagnn.analysis.reconciliation.exchange_laws import ExchangeLaws, find_exchange_laws
from metagnn.analysis.reconciliation.flux_bounds import reconciliation_bounds
from metagnn.analysis.reconciliation.gross_errors import GrossErrors, gross_errors
from metagnn.analysis.reconciliation.growth_energy import find_growth_energy, needed_release
from metagnn.analysis.reconciliation.intervals import (
    BOUNDED,
    DETERMINED,
    FluxIntervals,
    RangeFinder,
    SteadyStates,
    flux_intervals,
)
from metagnn.analysis.reconciliation.linear_model import (
    SLACK_WEIGHT,
    checked_fluxes,
    measurement_weights,
    posterior,
)
from metagnn.analysis.reconciliation.options import ReconcileOptions
from metagnn.analysis.reconciliation.rate_checks import RateChecks, check_rates
from metagnn.analysis.reconciliation.reconciliation import Reconciliation
from metagnn.analysis.reconciliation.smallest_change import ChangeFinder, NeededChange
from metagnn.analysis.reconciliation.unknown_flows import forbidden_note, nutrient_notes
from metagnn.datasets.rates import RateTable, present_exchanges, without_sentinels
from metagnn.errors import InputError, NetworkError
from metagnn.network.compression import null_basis
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.nn.polytope import PolytopeProjection
from metagnn.progress import Report, reported

MOST_CHANGES = 1000
"""Largest number of samples of a chunk for which the smallest change is sought, the most improbable first."""

IMPOSSIBLE = 1e-4
"""Probability of a sample's misfit below which its measurements are checked for feasibility."""


class Reconciler:
    """Fit a biomass composition to some rows of measured rates, then reconcile any number of rows.

    Data reconciliation by weighted least squares (van der Heijden et al. 1994, doi 10.1002/bit.260430104), within the
    bounds of the network and with one biomass composition for all rows.

    Args:
        network: The network.
        rates: Rows to fit the composition to; other rows must measure the same reactions.
        options: Settings.

    Attributes:
        network: The network.
        options: Settings; the composition is fixed where none can be fitted.
        hide: Exchanges that are withheld.
        exchange_laws: The laws of the boundary fluxes.
        fitted: The composition fitted to the rows.
        fitted_network: The network with it.
        checks: What looks wrong with the rows: units and missing streams.
        notes: The same in sentences, and what was taken for not measured.
        names: Name of what every reaction carries across the boundary, by reaction.

    Raises:
        InputError: Something hidden that is not measured, or an exchange that is unknown.
        NetworkError: The network cannot grow.
    """

    def __init__(self, network: NetworkLike, rates: RateTable, options: ReconcileOptions | None = None) -> None:
        network = as_network(network)
        self.network, self.options = network, options or ReconcileOptions()
        self.hide = tuple(self._named(name, "`hide`") for name in self.options.hide)
        self._reactions = rates.reactions
        rates = without_sentinels(network, rates)
        shown = rates.without(self.hide)
        measured, deviations = shown.on_network(network)
        self._known = ~np.isnan(measured).all(axis=0)
        # What has a column was there, whether its numbers are withheld, missing or placeholders.
        self._observed = np.isin(network.reactions, rates.reactions)
        self._opened = np.zeros_like(self._observed)
        self._opened[[network.reaction_index(self._named(name, "`present`")) for name in self.options.present]] = True
        present, named = present_exchanges(network, self._observed) | self._opened, self._observed | self._opened
        self.exchange_laws, lost = self._find_laws(present, named)
        on_border = measured[:, self.exchange_laws.indices], deviations[:, self.exchange_laws.indices]
        degree = None
        if self.options.composition == "elemental":
            alpha, _, electrons = own_contents(self.exchange_laws)
            degree = self.options.degree(electrons / alpha)
        self.fitted: FittedComposition = fit_composition(self.exchange_laws, *on_border, degree, self.options.contents)
        self.fitted_network = network.with_biomass(self.exchange_laws.biomass.column_at(self.fitted.theta))
        self.checks: RateChecks = check_rates(self.exchange_laws, shown, self.options)
        unknown = nutrient_notes(self.exchange_laws)
        self.notes = (*rates.notes, *lost, *unknown, *self.checks.notes(network, self.fitted))
        self.names = carried_names(network, network.own_reactions)
        self._bounds = reconciliation_bounds(self.exchange_laws, self._observed, self._opened, self.options.energy)
        self._border_only = self._border_states()
        self.released, projection = self._release_growth_energy(measured, deviations)
        if projection is None:
            projection = PolytopeProjection(self.fitted_network.stoichiometry, *self._bounds)
        self._projection = projection
        self._states = self._all_states() if self.options.all_intervals else self._border_only
        self._ranges = RangeFinder(self.exchange_laws, self.fitted_network, self.fitted, self._bounds)
        self._changes = ChangeFinder(self.fitted_network, self._bounds, np.flatnonzero(self._known))

    @property
    def measured(self) -> tuple[str, ...]:
        """Measured reactions that are not hidden."""
        return tuple(name for name in self._reactions if name not in self.hide)

    @property
    def absent(self) -> tuple[str, ...]:
        """Exchanges that are taken to carry no flux."""
        inside = set(self.exchange_laws.names)
        return tuple(name for name in self.network.outside_exchanges if name not in inside)

    def _named(self, name: str, option: str) -> str:
        """The reaction that a name stands for: growth, a reaction of the network, or the exchange of a substance."""
        if name in self.network.reactions or name in self.network.aliases:
            return self.network.reactions[self.network.reaction_index(name)]
        return self.network.exchange_names.of_rate(name, option)

    def _find_laws(self, present: np.ndarray, named: np.ndarray) -> tuple[ExchangeLaws, tuple[str, ...]]:
        """The laws, with the model's own biomass and a note where its elements are unknown or cannot change alone."""
        options = self.options
        try:
            return find_exchange_laws(self.network, present, options.composition, named), ()
        except NetworkError as error:
            if options.composition != "elemental":
                raise
            self.options = replace(options, composition="fixed")
            laws = find_exchange_laws(self.network, present, "fixed", named)
            return laws, (f"no composition is fitted, and biomass is that of {self.network.id} (fixed): {error}",)

    def _release_growth_energy(
        self, measured: np.ndarray, deviations: np.ndarray
    ) -> tuple[float, PolytopeProjection | None]:
        """Lower the ATP that growth demands until no row needs negative maintenance; return by how much [mmol/gDW].

        Free energy means that matter alone decides. A demand of growth that is too high for these cells would turn up
        as an error of O2. A fixed column is left as it is. The projection that was used comes back if it still holds.
        """
        column = self.exchange_laws.biomass.column_at(self.fitted.theta)
        found = find_growth_energy(self.network, column)
        if self.options.energy != "free" or self.options.composition == "fixed" or found is None:
            return 0.0, None
        if self._observed[found.reaction]:
            return 0.0, None
        lower, upper = self._bounds
        wide = lower.copy()
        wide[found.reaction] = -np.inf
        projection = PolytopeProjection(self.fitted_network.stoichiometry, wide, upper)
        fluxes, _ = self._nearest(projection, measured, deviations, (wide, upper))
        held = np.flatnonzero(self._known)
        released = needed_release(found, self.fitted_network, (wide, upper), fluxes, held)
        if not released:
            return 0.0, projection
        self.fitted_network = self.network.with_biomass(column - released * found.hydrolysis)
        return released, None

    def _border_states(self) -> SteadyStates:
        laws = self.exchange_laws.matrix_at(self.fitted.theta)
        moves = -np.linalg.pinv(laws) @ self.exchange_laws.changes
        return SteadyStates(self.exchange_laws.indices, null_basis(laws), moves, ~self.exchange_laws.open)

    def _all_states(self) -> SteadyStates:
        own = np.isin(np.arange(len(self._bounds[0])), self.network.further_constraints.reactions)
        indices = np.flatnonzero((self._bounds[0] < self._bounds[1]) & own)
        further = self.network.further_constraints
        # Further constraints count in the ranges, not in the variances.
        zero = np.setdiff1d(further.metabolites, further.slack_rows)
        S = self.fitted_network.stoichiometry.to_dense().numpy()[zero][:, indices]
        basis = null_basis(S)
        moves = -np.linalg.lstsq(S, self.exchange_laws.column_changes[zero], rcond=1e-10)[0]
        trusted = np.isin(indices, self.exchange_laws.indices[~self.exchange_laws.open])
        return SteadyStates(indices, basis, moves, trusted)

    def run(self, rates: RateTable, progress: bool | Report | None = None) -> Reconciliation:
        """Reconcile samples: those of the fit, or others.

        Args:
            rates: Their measured rates.
            progress: Whether to show a progress bar; by default on a terminal and in a notebook, for work of more
                than a second. A callable is called with how many ends of intervals are done, and of how many, instead:
                they take most of the time.

        Raises:
            InputError: Rates of other reactions than those of the fit.
        """
        if rates.reactions != self._reactions:
            raise InputError(f"`rates` measures {', '.join(rates.reactions)}; expected {', '.join(self._reactions)}")
        rates = without_sentinels(self.network, rates)
        hidden = {name: rates.rates[:, rates.reactions.index(name)] for name in self.hide}
        measured, deviations = rates.without(self.hide).on_network(self.network)
        fluxes, status = self._nearest(self._projection, measured, deviations, self._bounds)
        errors = self._errors(measured, deviations, fluxes)
        with reported(progress, 1, "ends of intervals") as report:
            intervals = self._intervals(measured, deviations, fluxes, report)
        changes = self._needed_changes(rates.samples, measured, deviations, errors)
        index = pd.Index(rates.samples, name="sample")
        own = self.network.own_fluxes
        table = partial(pd.DataFrame, index=index, columns=list(self.network.own_reactions))
        closure_table = partial(pd.DataFrame, index=index, columns=list(BALANCES))
        return Reconciliation(
            table(own(measured)),
            table(own(deviations)),
            pd.DataFrame(hidden, index),
            table(own(fluxes)),
            pd.Series(status, index, dtype=object, name="status"),
            closure_table(closures(self.network, measured)),
            closure_table(closures(self.fitted_network, fluxes)),
            errors,
            intervals,
            changes,
            self.fitted,
            tuple(dict.fromkeys((*rates.notes, *self.notes, *forbidden_note(self.network, changes)))),
            self.names,
        )

    def __repr__(self) -> str:
        composition = f"{self.options.composition} composition"
        return f"Reconciler({self.network.id}, {len(self.measured)} measured, {composition}, {self.fitted.rows} rows)"

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.fitted.table.to_html()}"

    def _nearest(
        self,
        projection: PolytopeProjection,
        measured: np.ndarray,
        deviations: np.ndarray,
        bounds: tuple[np.ndarray, np.ndarray],
    ) -> tuple[np.ndarray, tuple[str, ...]]:
        weights = measurement_weights(measured, deviations)
        # Hold unmeasured trace exchanges near zero: left free, they would absorb whatever does not close.
        weights[:, self.exchange_laws.indices] = self._weights(self._border_only, measured, deviations)
        weights[:, self.network.further_constraints.columns] = SLACK_WEIGHT
        lower, upper = (torch.from_numpy(bound).expand(measured.shape) for bound in bounds)
        target = torch.from_numpy(np.where(np.isnan(measured), 0.0, measured))
        solution = projection.solve(target, lower, upper, torch.from_numpy(weights))
        return solution.fluxes.numpy(), solution.status

    def _weights(self, states: SteadyStates, measured: np.ndarray, deviations: np.ndarray) -> np.ndarray:
        weights = measurement_weights(measured[:, states.indices], deviations[:, states.indices])
        for position in np.flatnonzero(states.trusted):
            place = int(np.flatnonzero(self.exchange_laws.indices == states.indices[position])[0])
            unmeasured = np.isnan(measured[:, states.indices[position]])
            weights[unmeasured, position] = self.exchange_laws.unmeasured_std[place] ** -2
        return weights

    def _errors(self, measured: np.ndarray, deviations: np.ndarray, fluxes: np.ndarray) -> GrossErrors:
        states, growth = self._border_only, fluxes[:, int(self.exchange_laws.indices[-1])]
        found = posterior(states.basis, states.moves, self._weights(states, measured, deviations), growth)
        rates, values, std = (array[:, states.indices] for array in (measured, fluxes, deviations))
        freedom = self.exchange_laws.redundancy(~np.isnan(rates))
        directions = states.directions(self.fitted.undetermined)
        patterns, which = np.unique(~np.isnan(rates), axis=0, return_inverse=True)
        checked = np.array([checked_fluxes(directions, pattern, states.trusted) for pattern in patterns])
        names = self.exchange_laws.names
        return gross_errors(names, rates, values, std, found.variance, freedom, checked[which.ravel()])

    def _intervals(
        self, measured: np.ndarray, deviations: np.ndarray, fluxes: np.ndarray, report: Report
    ) -> FluxIntervals:
        states = self._states
        growth = np.nan_to_num(fluxes[:, int(self.exchange_laws.indices[-1])])
        found = posterior(states.basis, states.moves, self._weights(states, measured, deviations), growth)
        some = flux_intervals(
            fluxes[:, states.indices], ~np.isnan(measured[:, states.indices]), states, found, self.fitted
        )
        certain = some.status == DETERMINED
        wanted = ~np.isnan(fluxes).any(axis=1)[:, None] & (~certain | self.options.ranges)
        ranges = self._ranges.find_ranges(fluxes, measured, deviations, states.indices, wanted, report)
        unknown = wanted & ~certain
        low, high = (np.where(unknown, ranges[:, :, side], known) for side, known in enumerate((some.low, some.high)))
        bounded = unknown & np.isfinite(ranges).all(axis=2)
        # A flux cannot be where its bounds do not let it: growth is not negative, whatever the noise.
        floor, ceiling = (bound[states.indices] for bound in self._bounds)
        low, high = np.clip(low, floor, ceiling), np.clip(high, floor, ceiling)
        ranges = np.clip(ranges, floor[:, None], ceiling[:, None])
        status = np.where(bounded, BOUNDED, some.status).astype(object)
        names = tuple(self.network.reactions[index] for index in states.indices)
        return FluxIntervals(names, some.value, low, high, ranges[:, :, 0], ranges[:, :, 1], status)

    def _needed_changes(
        self, samples: tuple[str, ...], measured: np.ndarray, deviations: np.ndarray, errors: GrossErrors
    ) -> tuple[NeededChange, ...]:
        # Where no law checks the measurements, only bounds can keep a flux from meeting them.
        probability = scipy.stats.chi2.sf(errors.chi_squared, np.maximum(errors.freedom, 1))
        impossible = np.flatnonzero(probability < IMPOSSIBLE)
        order = impossible[np.argsort(-errors.chi_squared[impossible])][:MOST_CHANGES]
        return tuple(
            change
            for row in sorted(order.tolist())
            for change in self._changes.find_changes(samples[row], measured[row], deviations[row])
        )


def reconcile(
    network: NetworkLike,
    rates: RateTable,
    options: ReconcileOptions | None = None,
    progress: bool | Report | None = None,
) -> tuple[Reconciler, Reconciliation]:
    """Fit the composition to all samples and reconcile them: `Reconciler` in one call.

    Args:
        network: The network.
        rates: Measured rates.
        options: Settings.
        progress: As for `Reconciler.run`.

    Returns:
        The fitted reconciler and the reconciled samples.
    """
    network = as_network(network)
    reconciler = Reconciler(network, rates, options)
    return reconciler, reconciler.run(rates, progress)
