"""The columns of a table that hold fluxes, under names without the unit that all fluxes have."""

from __future__ import annotations

import re

import pandas as pd

from metagnn.errors import TableError
from metagnn.files.table_format import is_label
from metagnn.files.table_values import require_rows
from metagnn.rate_unit import parse_unit
from metagnn.units import FLUX, GROWTH

_BRACKETED = re.compile(r"^(.*?)[\s_]*[\[(]([^\[\]]*[/\d][^\[\]]*)[\])]$")


def flux_columns(table: object, argument: str) -> pd.DataFrame:
    """The columns of fluxes and of knockouts, of a table in the units of fluxes.

    Args:
        table: The argument of the caller. Labels, such as `sample` or `notes`, are left out; a header may name the
            unit, as in "EX_o2_e [mmol/gDW/h]".
        argument: Its name, for messages.

    Raises:
        InputError: Something other than a DataFrame.
        TableError: A table without rows or without columns, or with another unit.
    """
    return without_units(data_columns(table, argument))


def without_units(table: pd.DataFrame) -> pd.DataFrame:
    """The table under names without the unit of fluxes, as in "EX_o2_e [mmol/gDW/h]".

    Raises:
        TableError: Another unit.
    """
    names = [plain_name(name) if isinstance(name, str) else name for name in table.columns]
    return table if names == list(table.columns) else table.set_axis(names, axis=1)


def data_columns(table: object, argument: str) -> pd.DataFrame:
    """All columns but labels, such as `sample` or `notes`, under their own names.

    Raises:
        InputError: Something other than a DataFrame.
        TableError: A table without rows or without columns.
    """
    table = require_rows(table, argument)
    return table.loc[:, [not is_label(name) for name in table.columns]]


def plain_name(name: str) -> str:
    """The name of a column of fluxes, without the unit in brackets behind it.

    >>> plain_name("EX_o2_e [mmol/gDW/h]"), plain_name("growth (1/h)"), plain_name("EX_glc(e)")
    ('EX_o2_e', 'growth', 'EX_glc(e)')

    Raises:
        TableError: The unit is not that of fluxes.
    """
    found = _BRACKETED.match(name)
    unit = parse_unit(found[2]) if found else None
    if found is None or unit is None:
        return name
    own = (unit.quantity, unit.amount) in (("specific", "moles"), ("growth", ""))
    if not own or unit.factor != 1.0:
        raise TableError(f"column {name!r}: expected {FLUX}, or {GROWTH} for growth; only measured rates are converted")
    return found[1]
