"""The test suite; its type checker is named in pyproject.toml."""

from tests import typechecker as typechecker
