"""The number in one cell of a table, or why there is none."""

from __future__ import annotations

import datetime
import math
import re
from decimal import Decimal
from numbers import Real

from metagnn.rate_unit import parse_unit

PROGRAM_GAPS = ("", "nan", "na", "<na>", "null", "none")
"""What programs write for a missing value, in lower case."""

WRITTEN_GAPS = ("-", "−", "–", "—", "n.d.", "n.d", "nd", "n/a", "n.a.", "#n/a", "missing")
"""What people write for a missing value, in lower case; a reading says where it met them."""

_GAPS = frozenset((*PROGRAM_GAPS, *WRITTEN_GAPS))
_MINUS = re.compile(r"^[−–](?=[\d.,i])|(?<=[eE])[−–](?=\d)")
_MONTH = r"(jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-zä]*\.?"
_NUMBER = r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?"
_GROUPED = r"[+-]?\d{1,3}"
_REASONS = (
    (rf"\d{{1,4}}([-./])\d{{1,2}}\1\d{{1,4}}([ t].*)?|\d{{1,2}}[-. ]+{_MONTH}([- ]+\d{{2,4}})?|{_MONTH}[- ]+\d{{1,4}}",
     "it is a date (a spreadsheet may have made it from a number)"),
    (r".*(±|\+/-|\+-).*", "it holds a deviation; put that in a column of its own that ends in _std"),
    (r"[<>≤≥].*|bdl|b\.d\.|lod|loq", "it is a limit of detection; leave the cell empty, or write a value and its _std"),
    (rf"{_GROUPED}(,\d{{3}})+\.\d*|{_GROUPED}(\.\d{{3}})+,\d*|{_GROUPED}((,\d{{3}}){{2,}}|(\.\d{{3}}){{2,}})"
     rf"|{_GROUPED}(['’ \u00a0\u2009\u202f]\d{{3}})+([.,]\d*)?", "it has thousands separators; leave them out"),
    (rf"{_NUMBER}\s*[-–]\s*{_NUMBER}", "it is a range"),
    (rf"{_NUMBER}\s*[a-z%°µμ].*", "it holds a unit; put that in the header"),
    (r"[+-]?\d*,\d+(e[+-]?\d+)?", "it has a comma (decimal or thousands?), and its table decimal points"),
    (r"[+-]?\d*\.\d+(e[+-]?\d+)?", "it has a decimal point, and its table decimal commas"),
)  # fmt: skip
"""Patterns of what is no number, and what to say of it; the first that fits counts."""


def is_gap(cell: str) -> bool:
    """Whether a text stands for a missing value.

    >>> [is_gap(text) for text in ("", "NaN", "n.d.", "-", "0")]
    [True, True, True, True, False]
    """
    return cell.strip().lower() in _GAPS


def parse_cell(cell: object, decimal: str = ".") -> float | None:
    """The number in a cell, NaN for a missing one, None if it holds neither.

    True and False are no numbers. A text may write a number, with any minus sign.

    Args:
        cell: What the cell holds.
        decimal: Decimal sign of text, "." or ",".
    """
    if isinstance(cell, str):
        return _parse_text(cell, decimal)
    if isinstance(cell, bool) or not isinstance(cell, (Real, Decimal)):
        return None
    return float(cell)


def _parse_text(cell: str, decimal: str) -> float | None:
    text = cell.strip()
    if text.lower() in _GAPS:
        return math.nan
    text = _MINUS.sub("-", text)
    if decimal == ",":
        if "." in text:
            return None
        text = text.replace(",", ".")
    # Python reads 1_000; nobody writes that in a table.
    if "_" in text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number


def why_no_number(cell: object) -> str:
    """Say why a cell that `parse_cell` cannot read holds no number.

    >>> why_no_number("<0.1")
    "'<0.1' is no number: it is a limit of detection; leave the cell empty, or write a value and its _std"
    >>> why_no_number("high")
    "'high' is no number"
    """
    text = str(cell).strip()[:60]
    said = f"{text!r} is no number"
    if text.lower() in ("true", "false"):
        return f"{said}: expected one, such as 1 or 0"
    if isinstance(cell, (datetime.date, datetime.time)):
        return f"{said}: {_REASONS[0][1]}"
    if isinstance(cell, str) and parse_unit(text):
        return f"{said}: it is a unit; put that in the header, as in 'glucose [{text}]'"
    written = _MINUS.sub("-", text.lower())
    for pattern, reason in _REASONS:
        if re.fullmatch(pattern, written):
            return f"{said}: {reason}"
    return said
