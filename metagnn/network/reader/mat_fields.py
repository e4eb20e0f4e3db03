"""Read the fields of a MATLAB struct, however deep their cells are nested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def texts(fields: Mapping[str, Any], field: str) -> list[str]:
    """Return the texts of a field; none where the struct lacks it."""
    return [text_in(cell) for cell in np.ravel(fields[field])] if field in fields else []


def numbers(fields: Mapping[str, Any], field: str) -> list[float | None]:
    """Return the numbers of a field, None for an empty cell; none where the struct lacks it."""
    cells = np.ravel(fields[field]) if field in fields else ()
    return [float(np.ravel(cell)[0]) if np.size(cell) else None for cell in cells]


def text_in(cell: Any) -> str:
    """Return the text in a cell."""
    while isinstance(cell, np.ndarray):
        if not cell.size:
            return ""
        cell = cell.reshape(-1)[0]
    return str(cell).strip()
