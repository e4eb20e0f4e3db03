"""What a command does where its working directory was deleted."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator

from metagnn.errors import InputError
from metagnn.network.reader.bundled import BUNDLED

PATHS = (
    *("model", "file", "folder", "media", "inputs", "targets", "fluxes", "prices", "limits", "predictor"),
    *("units", "table", "escher", "paths", "out", "plot"),
)
"""Options that are paths."""


def leave_deleted_directory(chosen: argparse.Namespace) -> None:
    """Go to the root folder if the working directory was deleted: Intel's linear algebra ends a process there.

    Raises:
        InputError: A path is relative to the deleted folder.
    """
    try:
        os.getcwd()
    except OSError:
        for path in _paths(chosen):
            if not os.path.isabs(path):
                raise InputError(
                    f"{path!r} is relative to the working directory, which was deleted; "
                    "expected absolute paths, or a start in a folder that exists"
                ) from None
        os.chdir(os.path.abspath(os.sep))


def _paths(chosen: argparse.Namespace) -> Iterator[str]:
    for name in PATHS:
        given = getattr(chosen, name, None)
        for path in given if isinstance(given, list) else [given]:
            if isinstance(path, str) and not (name == "model" and path in BUNDLED):
                yield path
