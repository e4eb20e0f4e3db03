"""The models that cobra includes."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path

from metagnn.errors import NetworkError
from metagnn.network.reader.draft import ModelDraft

BUNDLED = {"e_coli_core": "textbook", "textbook": "textbook", "iJO1366": "iJO1366", "salmonella": "salmonella"}
"""Names of the models that cobra includes and that load offline."""


def read_bundled(name: str) -> ModelDraft:
    """Return the draft of a model that cobra includes.

    Args:
        name: One of `BUNDLED`.

    Raises:
        NetworkError: cobra is not installed.
    """
    # Whoever asks for the names only needs no reader.
    from metagnn.network.reader.sbml_document import read_sbml

    package = importlib.util.find_spec("cobra")
    if package is None or not package.submodule_search_locations:
        raise NetworkError(f"{name!r} is a model of the package cobra, which is not installed")
    path = Path(package.submodule_search_locations[0]) / "data" / f"{BUNDLED[name]}.xml.gz"
    draft = read_sbml(gzip.decompress(path.read_bytes()))
    if BUNDLED[name] == "textbook":
        draft.id = "e_coli_core"
    return draft
