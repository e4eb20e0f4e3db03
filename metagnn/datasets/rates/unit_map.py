"""Read a map from columns to units, for tables whose headers lack them."""

from __future__ import annotations

from pathlib import Path

import yaml

from metagnn.errors import InputError, TableError
from metagnn.files.text_encoding import find_encoding
from metagnn.files.whole_file import read_whole

MOST_BYTES = 1 << 18
"""Largest map: a column a line, thousands of them; YAML is read slowly."""


def read_unit_map(path: str | Path) -> dict[str, str]:
    """Read a map of columns to units: YAML, one `column: unit` a line, or `column: ignore`; in any encoding of tables.

    Raises:
        TableError: A missing file, or something that is no such map.
    """
    path = Path(path)
    if not path.exists():
        raise TableError(f"no map of units at '{path}'; expected a YAML file")
    try:
        content = read_whole(path, MOST_BYTES)
        found = yaml.safe_load(content.decode(find_encoding(path, content)))
    except InputError as error:
        raise TableError(str(error)) from error
    # Besides its own errors, YAML raises what dates and numbers that do not exist raise.
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError, ArithmeticError) as error:
        reason = str(error).replace("\n", " ")[:160]
        raise TableError(f"'{path}' cannot be read as YAML: {reason}") from error
    if not isinstance(found, dict) or not all(isinstance(v, str) for pair in found.items() for v in pair):
        raise TableError(f"'{path}' is no map of columns to units; expected lines such as 'glucose_uptake: g/gDW/h'")
    return found
