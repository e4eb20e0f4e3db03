"""Read the constraints beyond S·v = 0 of a struct of the COBRA Toolbox."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse

from metagnn.errors import NetworkError
from metagnn.network.reader.draft import DraftConstraint, DraftVariable
from metagnn.network.reader.mat_fields import numbers, texts
from metagnn.network.reader.note import listed

EQUAL, LARGEST, SMALLEST = "E", "L", "G"
"""Senses of a row: = b, ≤ b and ≥ b."""

_INTEGER = ("vartype", "evartype")


def mat_constraints(
    fields: Mapping[str, Any], metabolites: Sequence[str], reactions: Sequence[str]
) -> tuple[list[DraftConstraint], list[DraftVariable], str]:
    """Return the further constraints and variables, and what the objective holds that is no flux.

    Reads C, D, d, dsense and ctrs (constraints), E, evars, evarlb, evarub and evarc (variables), csense and b
    (balances that are not zero), and the further rows of an older A.

    Args:
        fields: The fields of the struct.
        metabolites: In the order of the rows of S.
        reactions: In the order of its columns.

    Raises:
        NetworkError: A field has another length, a sense is unknown, or a variable is not continuous.
    """
    for field in _INTEGER:
        for name, kind in zip((texts(fields, "evars") or reactions), _letters(fields, field), strict=False):
            if kind != "C":
                raise NetworkError(f"variable {name!r} is of type {kind!r} in `{field}`; expected 'C', continuous")
    if scipy.sparse.csc_array(fields.get("F", np.zeros((0, 0)))).count_nonzero():
        raise NetworkError("its objective is quadratic (field `F`); expected a linear one")
    names = texts(fields, "evars")
    variables = _variables(fields, names)
    costs = [name for name, cost in zip(names, numbers(fields, "evarc"), strict=False) if cost]
    found = [*_balances(fields, metabolites, names), *_coupling(fields, reactions, names)]
    found += _older(fields, len(metabolites), reactions)
    lost = f"{listed([repr(name) for name in costs])}, no flux of a reaction" if costs else ""
    return found, variables, lost


def _variables(fields: Mapping[str, Any], names: Sequence[str]) -> list[DraftVariable]:
    lower, upper = (_column(fields, field, len(names), "evars", limit) for field, limit in _EVAR_LIMITS)
    return [DraftVariable(*variable) for variable in zip(names, lower, upper, strict=True)]


_EVAR_LIMITS = (("evarlb", -math.inf), ("evarub", math.inf))


def _balances(fields: Mapping[str, Any], metabolites: Sequence[str], names: Sequence[str]) -> list[DraftConstraint]:
    """Balances with another sense or value than = 0, or with a further variable in them."""
    count = len(metabolites)
    # An older file has one entry for every row of A; those of S come first.
    senses, values = _letters(fields, "csense")[:count], numbers(fields, "b")[:count]
    senses += [EQUAL] * (count - len(senses))
    values += [0.0] * (count - len(values))
    inside = _rows(fields, "E", (count, len(names)), names)
    return [
        DraftConstraint(name, {}, *_limits(name, sense, value or 0.0), variables=others, balance=name)
        for name, sense, value, others in zip(metabolites, senses, values, inside, strict=True)
        if sense != EQUAL or value or others
    ]


def _coupling(fields: Mapping[str, Any], reactions: Sequence[str], names: Sequence[str]) -> list[DraftConstraint]:
    if not np.size(fields.get("C", ())):
        return []
    count = int(fields["C"].shape[0])
    ids = texts(fields, "ctrs") or [f"constraint_{row + 1}" for row in range(count)]
    senses = _letters(fields, "dsense") or [LARGEST] * count
    values = _column(fields, "d", count, "C", 0.0)
    for field, given in (("ctrs", ids), ("dsense", senses)):
        if len(given) != count:
            raise NetworkError(f"its `{field}` has {len(given)} entries; expected {count}, as many as rows of `C`")
    parts = _rows(fields, "C", (count, len(reactions)), reactions), _rows(fields, "D", (count, len(names)), names)
    return [
        DraftConstraint(name, fluxes, *_limits(name, sense, value), variables=others)
        for name, sense, value, fluxes, others in zip(ids, senses, values, *parts, strict=True)
    ]


def _older(fields: Mapping[str, Any], balances: int, reactions: Sequence[str]) -> list[DraftConstraint]:
    """Rows of A below those of S, as files had them before the field C."""
    if not np.size(fields.get("A", ())) or np.size(fields.get("C", ())):
        return []
    height, width = np.shape(fields["A"])
    count = height - balances
    if count <= 0 or width != len(reactions):
        return []
    senses, values = _letters(fields, "csense")[balances:], numbers(fields, "b")[balances:]
    if len(senses) != count or len(values) != count:
        raise NetworkError(f"its `A` has {count} rows below those of S, but `csense` and `b` do not reach there")
    below = {"A": scipy.sparse.csr_array(fields["A"])[balances:]}
    rows = _rows(below, "A", (count, len(reactions)), reactions)
    return [
        DraftConstraint(f"constraint_{place + 1}", row, *_limits(f"row {place + 1} of A", sense, value or 0.0))
        for place, (row, sense, value) in enumerate(zip(rows, senses, values, strict=True))
    ]


def _rows(
    fields: Mapping[str, Any], field: str, shape: tuple[int, int], columns: Sequence[str]
) -> list[dict[str, float]]:
    """The coefficients of every row by name; empty rows where the field is missing."""
    if not np.size(fields.get(field, ())):
        return [{} for _ in range(shape[0])]
    if np.shape(fields[field]) != shape:
        raise NetworkError(f"its `{field}` has the shape {np.shape(fields[field])}; expected {shape}")
    matrix = scipy.sparse.csr_array(fields[field])
    ends = matrix.indptr
    return [
        {
            columns[column]: float(value)
            for column, value in zip(matrix.indices[start:end], matrix.data[start:end], strict=True)
            if value
        }
        for start, end in itertools.pairwise(ends)
    ]


def _column(fields: Mapping[str, Any], field: str, count: int, beside: str, missing: float) -> list[float]:
    given = numbers(fields, field)
    if given and len(given) != count:
        raise NetworkError(f"its `{field}` has {len(given)} entries; expected {count}, as `{beside}`")
    return [missing if value is None else value for value in given] or [missing] * count


def _letters(fields: Mapping[str, Any], field: str) -> list[str]:
    """One letter for every row, whether the file has them in one text or in many."""
    return [letter.upper() for letter in "".join(texts(fields, field)) if not letter.isspace()]


def _limits(name: str, sense: str, value: float) -> tuple[float, float]:
    limits = {EQUAL: (value, value), LARGEST: (-math.inf, value), SMALLEST: (value, math.inf)}
    if sense not in limits:
        raise NetworkError(f"the sense of {name!r} is {sense!r}; expected 'E', 'L' or 'G'")
    return limits[sense]
