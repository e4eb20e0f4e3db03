"""Sort the columns of a table of measured rates, and check that they suffice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from metagnn.datasets.rates.column_header import ColumnHeader, parse_header
from metagnn.datasets.rates.inner_fluxes import bare_growth, foreign_fluxes
from metagnn.errors import TableError
from metagnn.files.table_format import clean_name, is_label
from metagnn.network.knockout import KNOCKOUT
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.vocabulary.header_words import BIOMASS, DILUTION, GROWTH, RQ, SECRETION, SUBSTANCE, TIME
from metagnn.network.vocabulary.named_exchanges import NamedExchanges
from metagnn.rate_unit import EXPECTED, RateUnit, parse_unit
from metagnn.units import FLUX, molar_mass
from metagnn.units import GROWTH as GROWTH_UNIT

IGNORE = "ignore"

UNITS_OF = {
    GROWTH: ("growth",),
    DILUTION: ("growth",),
    BIOMASS: ("biomass", "concentration"),
    TIME: ("time",),
    SUBSTANCE: ("specific", "volumetric", "concentration"),
}


@dataclass(frozen=True)
class MeasuredColumn:
    """One quantity of a table: its columns (several for replicates), its unit and its deviations.

    Attributes:
        header: The parsed header.
        columns: Its columns; more than one for replicates.
        reaction: The exchange or growth reaction; "" for biomass, time and RQ.
        sign: 1 if a positive number is a positive flux; −1 for an uptake by an exchange that is written "A →".
        factor: Factor from the unit of the table to mmol/gDW/h, mmol/L/h, mmol/L, gDW/L, 1/h or h.
        molar: Molar mass that was used [g/mol]; 0 if none was.
        signed: Whether the column is signed by convention (its name is an exchange id).
        direction: "uptake" or "secretion", in the words of the header or as cells do; "" where it has none.
        below_zero: Whether it is signed because no word says a direction and no value is above zero.
        deviation: Column of its standard deviations; "" if there is none.
        deviation_factor: Factor for that column, like `factor`.
    """

    header: ColumnHeader
    columns: tuple[str, ...]
    reaction: str = ""
    sign: float = 1.0
    factor: float = 1.0
    molar: float = 0.0
    signed: bool = False
    direction: str = ""
    below_zero: bool = False
    deviation: str = ""
    deviation_factor: float = 1.0

    @property
    def quantity(self) -> str:
        """Quantity of its unit, as in `RateUnit`; "ratio" if it has no unit."""
        return self.header.unit.quantity if self.header.unit else "ratio"

    @property
    def assumed(self) -> bool:
        """Whether its direction is what cells do, since no word says one."""
        return bool(self.direction) and not self.header.direction


@dataclass(frozen=True)
class RateColumns:
    """All quantities of a table, sorted by kind.

    Attributes:
        rates: Specific and volumetric rates and growth, by reaction.
        broth: Concentrations in the broth, by reaction.
        feed: Concentrations in the feed, by reaction.
        others: "dilution", "biomass", "time" and "rq", where the table has such columns.
        ignored: Columns that the map of units marks "ignore".
        foreign: Columns of fluxes whose reaction the network lacks; left out.
    """

    rates: dict[str, MeasuredColumn] = field(default_factory=dict)
    broth: dict[str, MeasuredColumn] = field(default_factory=dict)
    feed: dict[str, MeasuredColumn] = field(default_factory=dict)
    others: dict[str, MeasuredColumn] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[MeasuredColumn, ...]:
        """All quantities."""
        return tuple(c for group in (self.rates, self.feed, self.broth, self.others) for c in group.values())


def read_columns(
    network: MetabolicNetwork, columns: Sequence[str], units: Mapping[str, str] | None = None
) -> RateColumns:
    """Parse and sort the columns of a table.

    Args:
        network: The network.
        columns: Headers.
        units: By header: its unit, a header to read in its place, or "ignore".

    Raises:
        TableError: A unit that is missing or does not fit, a name that is unknown or ambiguous, two columns for one
            rate, deviations of nothing, concentrations without what turns them into rates, or no rate at all.
    """
    units = dict(units or {})
    for name in units:
        if name not in columns:
            raise TableError(f"`units` names a column {name!r} that the file lacks; it has {', '.join(columns)}")
    ignored = tuple(name for name in columns if units.get(name) == IGNORE)
    for name in columns:
        if clean_name(name) == KNOCKOUT and name not in ignored:
            raise TableError(
                f"column {name!r}: rates of knockouts are reconciled with the model of each; expected a column less, "
                "and a model without the reaction"
            )
    ids = frozenset((*network.exchanges, *network.reactions, *network.aliases))
    headers = [_header(name, units.get(name), ids) for name in columns if not (is_label(name) or name in ignored)]
    names = network.exchange_names
    foreign = foreign_fluxes(network, headers)
    headers = bare_growth([header for header in headers if header.text not in foreign], ids)
    values: dict[tuple[str, str, str, str], list[ColumnHeader]] = {}
    for header in headers:
        if not header.deviation:
            values.setdefault(header.key, []).append(header)
    deviations = {header.key: header for header in headers if header.deviation}
    found = RateColumns(ignored=ignored, foreign=foreign)
    for key, members in values.items():
        column = _resolve(network, names, members, deviations.pop(key, None))
        _file_under(found, column)
    for header in deviations.values():
        raise TableError(f"column {header.text!r} holds standard deviations of nothing that the file measures")
    _check_complete(found)
    return found


def measured_column(network: MetabolicNetwork, names: NamedExchanges, header: ColumnHeader) -> MeasuredColumn:
    """Return what a header measures; one without a unit is a flux in mmol/gDW/h, or growth in 1/h.

    Raises:
        TableError: An ambiguous name, a unit that does not fit, or a direction that cannot be told.
    """
    if header.unit is None:
        header = replace(header, unit=parse_unit(GROWTH_UNIT if header.kind in (GROWTH, DILUTION) else FLUX))
    return _resolve(network, names, [header], None)


def signed_below_zero(names: NamedExchanges, column: MeasuredColumn, values: np.ndarray) -> MeasuredColumn:
    """Return the column as a signed flux if no word says its direction, and its values are below zero or zero.

    Tables from flux models write "glucose, -8" for an uptake of 8; no rate with a direction is below zero throughout.

    Args:
        names: Exchanges of the network by name.
        column: How its header is read.
        values: Its values in the table, NaN for gaps.
    """
    if not column.assumed or (values > 0).any() or not (values < 0).any():
        return column
    sign = names.sign(column.reaction, SECRETION)
    return replace(column, signed=True, below_zero=True, direction="", sign=sign)


def _header(name: str, given: str | None, ids: frozenset[str]) -> ColumnHeader:
    """Parse a header, with the unit or the header that the map gives in place of its own."""
    if given is None:
        return parse_header(name, ids)
    if not isinstance(given, str):
        raise TableError(f"`units` gives {given!r} for {name!r}; expected text: a unit, a header or 'ignore'")
    unit = parse_unit(given)
    header = parse_header(given, ids) if unit is None else parse_header(name, ids, unit)
    return replace(header, text=name)


def _resolve(
    network: MetabolicNetwork, names: NamedExchanges, members: list[ColumnHeader], deviation: ColumnHeader | None
) -> MeasuredColumn:
    header = members[0]
    numbers = [member.replicate for member in members]
    if len(members) > 1 and (None in numbers or len(set(numbers)) < len(numbers)):
        raise TableError(
            f"columns {' and '.join(repr(m.text) for m in members)} measure the same; expected one, or replicates "
            "that end in _rep1, _rep2"
        )
    if len({member.unit and member.unit.text for member in members}) > 1:
        raise TableError(f"the replicates of {header.text!r} differ in their unit; expected one unit for all")
    growth = network.growth_reaction
    column = MeasuredColumn(header, tuple(member.text for member in members))
    if header.kind == RQ:
        return column
    reaction, signed = "", False
    if header.kind in (GROWTH, DILUTION):
        reaction = growth
    elif header.kind == SUBSTANCE:
        reaction, signed = _reaction(network, names, header)
    is_growth = reaction == growth
    if header.unit is None:
        # A bare id follows the convention of all tables of rates: a signed flux in the units of the network.
        if not signed:
            raise TableError(
                f"column {header.text!r} has no unit; expected one behind the name or in brackets, {EXPECTED}"
            )
        text, quantity = (GROWTH_UNIT, "growth") if is_growth else (FLUX, "specific")
        header = replace(header, unit=RateUnit(text, quantity, "" if is_growth else "moles", 1.0))
    kind = GROWTH if is_growth and header.kind == SUBSTANCE else header.kind
    if header.unit is None or header.unit.quantity not in UNITS_OF[kind]:
        expected = {GROWTH: "1/h", DILUTION: "1/h", BIOMASS: "gDW/L", TIME: "h"}.get(kind, EXPECTED)
        raise TableError(
            f"column {header.text!r}: its unit {header.unit and header.unit.text!r} does not fit; expected {expected}"
        )
    factor, molar = (
        _factor(names, reaction, header.unit, header.text) if kind == SUBSTANCE else (header.unit.factor, 0.0)
    )
    column = replace(column, header=header, reaction=reaction, factor=factor, molar=molar, signed=signed)
    column = _directed(network, names, column)
    if deviation is None:
        return column
    own = deviation.unit or header.unit
    if own.quantity != header.unit.quantity:
        raise TableError(f"column {deviation.text!r} has another kind of unit than {header.text!r}; expected the same")
    scale = _factor(names, reaction, own, deviation.text)[0] if kind == SUBSTANCE else own.factor
    return replace(column, deviation=deviation.text, deviation_factor=scale)


def _reaction(network: MetabolicNetwork, names: NamedExchanges, header: ColumnHeader) -> tuple[str, bool]:
    """Find the reaction that the column of a substance measures, and whether the column is signed."""
    subject = header.subject
    if subject in network.aliases:
        subject = network.aliases[subject]
    if subject == network.growth_reaction or subject in network.exchanges:
        return subject, not header.direction
    if subject in network.reactions:
        if header.direction or header.place or (header.unit and header.unit.quantity != "specific"):
            raise TableError(
                f"column {header.text!r} is a reaction inside {network.id}; expected its signed flux in {FLUX}, under "
                f"{subject!r} alone"
            )
        return subject, True
    signed = names.is_exchange_id(subject) and not header.direction
    return names.find(subject, header.text, header.direction), signed


def _factor(names: NamedExchanges, reaction: str, unit: RateUnit, column: str) -> tuple[float, float]:
    """Factor from the unit of a column to mmol, and the molar mass if one was needed."""
    if unit.amount == "moles":
        return unit.factor, 0.0
    if reaction not in names.metabolites:
        raise TableError(f"column {column!r} is no exchange of one substance; expected {FLUX}, not {unit.text}")
    metabolite = names.metabolites[reaction]
    if unit.amount == "carbon":
        carbon = names.carbon(reaction)
        if not carbon:
            raise TableError(f"column {column!r} counts carbon, but {metabolite.name} has none in the network")
        return unit.factor / carbon, 0.0
    mass = molar_mass(metabolite.formula or {})
    if mass is None:
        raise TableError(f"column {column!r} is a mass, but {metabolite.id!r} has no formula to weigh; give it in mmol")
    return unit.factor * 1000.0 / mass, mass


def _directed(network: MetabolicNetwork, names: NamedExchanges, column: MeasuredColumn) -> MeasuredColumn:
    """The column with its direction, and the sign of its flux."""
    header, exchange = column.header, column.reaction
    if header.kind != SUBSTANCE or column.signed or exchange == network.growth_reaction:
        return column
    if column.quantity == "concentration":
        # More in the broth is what the cells secrete.
        return replace(column, sign=names.sign(exchange, SECRETION))
    direction = header.direction or names.direction(exchange)
    if not direction:
        raise TableError(
            f"column {header.text!r} does not say whether {header.subject} is taken up or produced, and cells do "
            f"both; expected a word for it, such as '{header.subject}_uptake' or '{header.subject}_production', or the "
            f"signed flux under {exchange!r}"
        )
    return replace(column, direction=direction, sign=names.sign(exchange, direction))


def _file_under(found: RateColumns, column: MeasuredColumn) -> None:
    group, key = found.rates, column.reaction
    if column.header.kind in (DILUTION, BIOMASS, TIME, RQ):
        group, key = found.others, column.header.kind
    elif column.quantity == "concentration":
        group = found.feed if column.header.place == "feed" else found.broth
    if key in group:
        raise TableError(
            f"columns {group[key].header.text!r} and {column.header.text!r} both measure {key}; expected one of them"
        )
    group[key] = column


def _check_complete(found: RateColumns) -> None:
    """Check that concentrations and volumetric rates have the columns that turn them into specific rates."""
    for name, column in found.rates.items():
        if column.quantity == "volumetric" and BIOMASS not in found.others:
            raise TableError(
                f"column {column.header.text!r} is per litre; expected biomass beside it, such as biomass_gDW_per_L"
            )
        if name in found.broth:
            raise TableError(
                f"columns {column.header.text!r} and {found.broth[name].header.text!r} both measure {name}; "
                "expected one of them"
            )
    for name, column in found.feed.items():
        if name not in found.broth:
            raise TableError(
                f"column {column.header.text!r} is a feed; expected the residual concentration too (zeros if used up)"
            )
    if found.broth:
        first = next(iter(found.broth.values())).header.text
        if not (DILUTION in found.others or TIME in found.others) or BIOMASS not in found.others:
            raise TableError(
                f"column {first!r} is a concentration; expected biomass (gDW/L) and, beside it, a dilution rate "
                "(1/h, chemostat) or the time (h, batch)"
            )
    if not found.rates and not found.broth and DILUTION not in found.others:
        raise TableError("the file measures no rate; expected at least one, such as glucose_uptake_g_per_gDW_h")
