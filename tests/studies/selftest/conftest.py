"""What the checks try, in small, and what breaks it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from metagnn.network import MetabolicNetwork
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.small_network import small_network

SHARE = 0.02
"""Share of the usual cases."""


RANGES = {"EX_a": (0.0, 10.0), "EX_o": (0.0, 10.0)}


@pytest.fixture
def cases(tmp_path: Path, core: MetabolicNetwork) -> Cases:
    return with_parts(Cases(0, tmp_path, SHARE), core=core)


@pytest.fixture(scope="package")
def small(tmp_path_factory: pytest.TempPathFactory) -> Cases:
    """Cases of the small network, whose predictors train once."""
    return with_parts(Cases(0, tmp_path_factory.mktemp("cases"), SHARE, RANGES), core=small_network())


@pytest.fixture
def breaking(tmp_path: Path, small: Cases) -> Callable[..., Cases]:
    """Cases of the small network with other networks or predictors."""
    parts = {"core": small.core, "polytope": small.polytope, "steady_state": small.steady_state}
    return lambda **broken: with_parts(Cases(0, tmp_path, SHARE, RANGES), **parts | broken)


def with_parts(cases: Cases, **parts: Any) -> Cases:
    # Where `cached_property` keeps them.
    cases.__dict__.update(parts)
    return cases
