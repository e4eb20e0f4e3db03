"""Check measured rates before they are reconciled: wrong units, missing streams, a biomass unlike that of cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metagnn.analysis.reconciliation.carried_names import with_name
from metagnn.analysis.reconciliation.composition_fit import FittedComposition
from metagnn.analysis.reconciliation.composition_prior import composition_prior, own_contents
from metagnn.analysis.reconciliation.exchange_laws import ExchangeLaws, elemental_exchange_laws
from metagnn.analysis.reconciliation.missing_streams import Explanation, MissingStream, find_missing_streams
from metagnn.analysis.reconciliation.options import ReconcileOptions
from metagnn.analysis.reconciliation.unit_suspects import TURNED, UnitSuspect, unit_suspects
from metagnn.datasets.rates import RateTable
from metagnn.errors import InputError
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.units import FLUX

WORDS = {"C": "carbon", "N": "nitrogen", "electrons": "electrons"}
HALVED = (0.5, 2.0)
"""Factors that a missing stream can look like; for others the unit is wrong, and no stream is looked for."""

MOST_SAMPLES = 6
MOST_SUSPECTS = 3


@dataclass(frozen=True)
class RateChecks:
    """What looks wrong with measured rates.

    Attributes:
        suspects: Columns that look wrong by a factor, the likeliest first.
        missing: Matter that does not close, and what would explain it.
    """

    suspects: tuple[UnitSuspect, ...] = ()
    missing: tuple[MissingStream, ...] = ()

    def notes(self, network: MetabolicNetwork, fitted: FittedComposition) -> tuple[str, ...]:
        """All of it in sentences.

        Args:
            network: The network.
            fitted: The composition fitted to the rates.
        """
        notes = [suspect_in_words(network, suspect) for suspect in self.suspects[:MOST_SUSPECTS]]
        notes += [stream_in_words(network, stream) for stream in self.missing]
        if fitted.outside:
            found = "; ".join(fitted.outside)
            rest = "" if notes else "; a stream was not measured, or a unit is wrong"
            notes.append(f"the biomass that these rates need is not that of cells and explains nothing: {found}{rest}")
        return tuple(notes)


def check_rates(exchange_laws: ExchangeLaws, rates: RateTable, options: ReconcileOptions) -> RateChecks:
    """Check rates with an elemental composition, whatever the options say of it.

    Args:
        exchange_laws: The laws of the boundary fluxes.
        rates: The rates, without the hidden ones.
        options: Settings of the reconciliation.
    """
    try:
        laws = elemental_exchange_laws(exchange_laws)
    except InputError:
        return RateChecks()
    alpha, _, electrons = own_contents(laws)
    prior = composition_prior(laws, options.degree(electrons / alpha), options.contents)
    measured, deviations = (array[:, laws.indices] for array in rates.on_network(laws.network))
    suspects = unit_suspects(laws, measured, deviations, prior)
    if any(suspect.factor not in HALVED for suspect in suspects[:1]):
        return RateChecks(suspects)
    return RateChecks(suspects, find_missing_streams(laws, rates.samples, measured, deviations, prior))


def suspect_in_words(network: MetabolicNetwork, suspect: UnitSuspect) -> str:
    """Say which column may be wrong by a factor, or have the wrong sign."""
    change = (
        f"the misfit of the balances from {suspect.misfit:.3g} to {suspect.corrected:.2g} times the plausible limit"
    )
    if suspect.factor == TURNED:
        return f"{with_name(network, suspect.reaction)} may have {suspect.meaning}; turning it round reduces {change}"
    return (
        f"{with_name(network, suspect.reaction)} may be off by a factor of {suspect.factor:.3g}, {suspect.meaning}; "
        f"division by it reduces {change}"
    )


def stream_in_words(network: MetabolicNetwork, stream: MissingStream) -> str:
    """Say what is missing, where, and what would explain it."""
    share, what, many = f"{100 * abs(stream.share):.0f} %", WORDS[stream.balance], stream.balance == "electrons"
    if stream.share > 0:
        said = f"{share} of the {what} {'are' if many else 'is'} missing"
    else:
        said = f"{share} more {what} {'leave than enter' if many else 'leaves than enters'}"
    if stream.samples:
        more = len(stream.samples) - MOST_SAMPLES
        said += f" in sample {', '.join(stream.samples[:MOST_SAMPLES])}" + (f" and {more} more" if more > 0 else "")
    causes = [_rate_in_words(network, found) for found in stream.scaled]
    for kind, sign in (("product", 1), ("source", -1)):
        flows = [found for found in stream.unmeasured if sign * found.flow > 0]
        if flows:
            causes.append(f"a {kind} not measured: {' or '.join(_flow_in_words(network, found) for found in flows)}")
    advice = f"; try `--present {stream.unmeasured[0].reaction}`" if stream.unmeasured else ""
    return f"{said}: {', or '.join(causes)}{advice}"


def _rate_in_words(network: MetabolicNetwork, found: Explanation) -> str:
    factor, name = found.factor or 1.0, with_name(network, found.reaction)
    if np.isinf(factor):
        return f"{name} measured as 0 ({found.flow:.2g} ± {found.flow_std:.1g} {FLUX} closes)"
    return f"{name} measured too {'low' if factor > 1 else 'high'} (× {factor:.2g} closes)"


def _flow_in_words(network: MetabolicNetwork, found: Explanation) -> str:
    return f"{with_name(network, found.reaction)} at {abs(found.flow):.2g} ± {found.flow_std:.1g} {FLUX}"
