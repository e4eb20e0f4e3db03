"""Find what is missing where matter does not close: a product or source that nobody measured, a rate too low."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from metagnn.analysis.reconciliation.composition_fit import pooled_fit
from metagnn.analysis.reconciliation.composition_prior import CompositionPrior
from metagnn.analysis.reconciliation.exchange_laws import ExchangeLaws
from metagnn.analysis.reconciliation.stream_candidates import StreamCandidates, stream_candidates
from metagnn.analysis.reconciliation.stream_fit import StreamFit, fit_streams
from metagnn.nn.biomass_column import CONTENTS

SIGNIFICANT = 0.01
"""Probability of a false alarm in a file whose rows close; shared among all streams that are tried (Bonferroni)."""

LEAST_SHARE = 0.05
"""Share of an element below which a stream is not worth a warning: rates that close within 5 % are good ones."""

AS_GOOD = 6.0
"""Misfit above that of the best stream up to which another explains the rows as well (likelihood ratio of 20)."""

FLOWING = 3.0
"""Standard deviations from zero at which a stream counts as flowing in a row."""

FACTORS = (1 / 3, 3.0)
"""Factors by which a rate may be wrong; others are mistakes of the unit."""

MOST_ROWS = 200
"""Number of rows that are tested, spread over the file."""

FEWEST_ROWS = 3
"""Number of rows from which single ones can contradict the others."""

MOST_NAMED = 3


@dataclass(frozen=True)
class Explanation:
    """A stream with which the rows close.

    Attributes:
        reaction: The reaction.
        flow: Median flow that is missing [mmol/gDW/h]; negative for an uptake.
        flow_std: Its standard deviation [mmol/gDW/h].
        factor: True over measured rate where the reaction was measured, infinite where as zero; None for a stream that
            was not measured.
        fall: Fall of the misfit (χ²).
    """

    reaction: str
    flow: float
    flow_std: float
    factor: float | None
    fall: float


@dataclass(frozen=True)
class MissingStream:
    """Matter that does not close, and what would explain it.

    Attributes:
        balance: "C", "N" or "electrons".
        share: Share of it that enters and does not leave; negative where more leaves than enters.
        samples: Samples in which it is missing; empty for all.
        scaled: Measured rates that a common factor would mend, the best first.
        unmeasured: Streams that nobody measured, the best first.
        p_value: Probability of so large a fall of the misfit in rows that close, over all streams that were tried.
    """

    balance: str
    share: float
    samples: tuple[str, ...]
    scaled: tuple[Explanation, ...]
    unmeasured: tuple[Explanation, ...]
    p_value: float


def find_missing_streams(
    exchange_laws: ExchangeLaws,
    samples: Sequence[str],
    measured: np.ndarray,
    deviations: np.ndarray,
    prior: CompositionPrior,
) -> tuple[MissingStream, ...]:
    """Find what would explain rows that do not close, or close only with a biomass unlike cells; nothing otherwise.

    Tries every closed exchange that could flow, and a factor on every measured rate: in all rows in proportion to the
    carbon taken up, with a flow of its own in every row, and in single rows. A stream counts if its fall of the misfit
    is significant (p < .01 over all that are tried) and if it carries 5 % of an element.

    Args:
        exchange_laws: Laws with an elemental composition.
        samples: Names of the rows.
        measured: Measured boundary fluxes, NaN where nothing was measured, shape `[samples, boundary]` [mmol/gDW/h].
        deviations: Their standard deviations, the same shape.
        prior: What cells are made of.
    """
    if exchange_laws.changes.shape[1] != len(CONTENTS):
        return ()
    rows = np.flatnonzero(exchange_laws.redundancy(~np.isnan(measured)) > 0)
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), MOST_ROWS)).astype(np.int64))]
    if not len(rows):
        return ()
    rates, std, names = measured[rows], deviations[rows], tuple(samples[row] for row in rows.tolist())
    prior = prior.centred()
    pooled = pooled_fit(exchange_laws, rates, std, prior)
    candidates = stream_candidates(exchange_laws, rates, pooled.theta)
    if not candidates.reactions:
        return ()
    fit = fit_streams(exchange_laws, rates, std, prior, pooled, candidates.streams)

    def exact(stream: int, factor: float) -> float:
        """Fall of the misfit with a scaled measurement, whose deviation is scaled too."""
        scale = np.ones(rates.shape[1])
        scale[exchange_laws.names.index(candidates.reactions[stream])] = factor
        found = pooled_fit(exchange_laws, rates * scale, std * scale, prior)
        return fit.misfit - float(found.chi_squared.sum()) - prior.misfit(found.theta)

    found = _in_all_rows(candidates, fit, names, exact) or _in_some_rows(candidates, fit, names)
    return (found,) if found else ()


def _in_all_rows(
    candidates: StreamCandidates, fit: StreamFit, names: tuple[str, ...], exact: Callable[[int, float], float]
) -> MissingStream | None:
    """The streams that explain all rows together."""
    tried, scales = 2 * len(candidates.reactions), candidates.streams.scales
    in_ratio = np.where(_possible(candidates, fit.ratio * scales), fit.in_ratio_p, 1.0)
    each = np.where(_possible(candidates, fit.flows), fit.each_p, 1.0)
    p_value = float(min(in_ratio.min(), each.min()) * tried)
    if p_value > SIGNIFICANT:
        return None
    # With a flow of its own every row says how large it is; a rate that is off is off by the same factor.
    flows = np.where(candidates.measured, fit.ratio * scales, fit.flows)
    spread = np.where(candidates.measured, fit.ratio_std * np.abs(scales), fit.flow_std)
    if in_ratio.min() > each.min():
        falls = np.where(each < 1, fit.each, -np.inf)
        best = int(falls.argmax())
        flowing = np.abs(fit.flows[:, best]) > FLOWING * fit.flow_std[:, best]
        flows = np.where((flowing | ~flowing.any())[:, None], fit.flows, np.nan)
        return _missing_stream(candidates, falls, (flows, fit.flow_std), names, p_value)
    falls = np.where(in_ratio < 1, fit.in_ratio, -np.inf)
    for stream in np.flatnonzero(candidates.measured & (in_ratio < 1)).tolist():
        falls[stream] = max(falls[stream], exact(stream, 1 + float(fit.ratio[stream])))
    return _missing_stream(candidates, falls, (flows, spread), names, p_value)


def _possible(candidates: StreamCandidates, flows: np.ndarray) -> np.ndarray:
    """Whether a stream can be: a measured rate is off by a moderate factor, boolean, shape `[streams]`."""
    scales = candidates.streams.scales
    factor = np.ones(len(candidates.reactions))
    for stream in np.flatnonzero(candidates.measured).tolist():
        known = scales[:, stream] != 0
        factor[stream] = np.median(1.0 + flows[known, stream] / scales[known, stream])
    return (factor > FACTORS[0]) & (factor < FACTORS[1])


def _in_some_rows(candidates: StreamCandidates, fit: StreamFit, names: tuple[str, ...]) -> MissingStream | None:
    """The streams that explain single rows, which the others contradict."""
    tried = fit.row_p.size
    odd = fit.row_p.min(axis=1) * tried < SIGNIFICANT
    if len(names) < FEWEST_ROWS or not odd.any() or 2 * odd.sum() > len(names):
        return None
    evidence = -2 * np.log(np.maximum(fit.row_p[odd], 1e-300)).sum(axis=0)
    flows = np.where(odd[:, None], fit.row_flows, np.nan), fit.row_std
    evidence = np.where(_possible(candidates, np.where(odd[:, None], fit.row_flows, 0.0)), evidence, -np.inf)
    return _missing_stream(candidates, evidence, flows, names, float(fit.row_p.min() * tried))


def _missing_stream(
    candidates: StreamCandidates,
    falls: np.ndarray,
    estimate: tuple[np.ndarray, np.ndarray],
    names: tuple[str, ...],
    p_value: float,
) -> MissingStream | None:
    """Describe the streams that explain the rows about equally well; None if they carry too little, or cannot be.

    Args:
        candidates: The streams.
        falls: Fall of the misfit with each.
        estimate: Flow of each, NaN in rows where it does not count, and its standard deviation, shape
            `[samples, streams]` [mmol/gDW/h].
        names: Names of the rows.
        p_value: Of the best stream.
    """
    flows, spread = estimate
    here = np.isfinite(flows).all(axis=1)
    explanations: dict[int, Explanation] = {}
    shares: dict[int, np.ndarray] = {}
    for stream in np.flatnonzero(falls > falls.max() - AS_GOOD).tolist():
        flow, factor = flows[here, stream], np.inf if candidates.zero[stream] else None
        if candidates.measured[stream]:
            scale = candidates.streams.scales[here, stream]
            if not (scale != 0).any():
                continue
            factor = float(np.median(1.0 + flow[scale != 0] / scale[scale != 0]))
        shares[stream] = candidates.shares(flows[:, stream], stream)
        if np.abs(shares[stream]).max() >= LEAST_SHARE:
            explanations[stream] = Explanation(
                candidates.reactions[stream],
                float(np.median(flow)),
                float(np.median(spread[here, stream])),
                factor,
                float(falls[stream]),
            )
    if not explanations:
        return None
    best = max(explanations, key=lambda stream: falls[stream])
    matter = np.abs(shares[best][:2])
    place = int(matter.argmax()) if matter.max() >= LEAST_SHARE else 2
    # Streams whose falls differ by less than 2 are as good as each other.
    ordered = sorted(
        explanations, key=lambda stream: ((falls[best] - falls[stream]) // 2, not candidates.common[stream])
    )
    scaled = [explanations[stream] for stream in ordered if explanations[stream].factor is not None]
    unmeasured = [explanations[stream] for stream in ordered if explanations[stream].factor is None]
    where = tuple(name for name, flowing in zip(names, here, strict=True) if flowing)
    return MissingStream(
        CONTENTS[place],
        float(shares[best][place]),
        where if len(where) < len(names) else (),
        tuple(scaled[:MOST_NAMED]),
        tuple(unmeasured[:MOST_NAMED]),
        p_value,
    )
