from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from metagnn.fba import FluxSolutions, simulate_fluxes
from metagnn.studies.selftest import label_bytes
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.check import Measurement

CHECKS = (label_bytes.any_order, label_bytes.alone, label_bytes.workers)


def steady(network: Any, media: pd.DataFrame, method: str, jobs: int, progress: bool) -> FluxSolutions:
    """Labels that depend on nothing: every medium on its own, in this process."""
    rows = [simulate_fluxes(network, media.iloc[[row]], method).fluxes for row in range(len(media))]
    solved = simulate_fluxes(network, media.iloc[:1], method)
    return FluxSolutions(pd.concat(rows), solved.status, solved.growth, method)


def by_company(network: Any, media: pd.DataFrame, method: str, jobs: int, progress: bool) -> FluxSolutions:
    """Labels that depend on the first medium, on how many there are, and on the workers, in the last bits."""
    solved = steady(network, media, method, jobs, progress)
    own = 1e-14 * (float(media.iloc[0, 0]) + len(media) + jobs)
    return FluxSolutions(solved.fluxes * (1 + own), solved.status, solved.growth, method)


@pytest.mark.parametrize("check", CHECKS)
def test_only_what_depends_on_company_is_counted(
    small: Cases, monkeypatch: pytest.MonkeyPatch, check: Callable[[Cases], Measurement]
) -> None:
    monkeypatch.setattr(label_bytes, "simulate_fluxes", steady)
    assert check(small).measured == 0
    monkeypatch.setattr(label_bytes, "simulate_fluxes", by_company)
    assert check(small).measured >= 6
