import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from metagnn.fba import FluxSolutions, simulate_fluxes
from metagnn.studies.selftest import labels
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.check import Measurement

CHECKS = (labels.known_growth, labels.core_growth, labels.core_total_flux, labels.core_least_norm)


def scaled(*given: Any) -> FluxSolutions:
    """Labels that are wrong by one part in 10⁵."""
    true = simulate_fluxes(*given)
    return dataclasses.replace(true, fluxes=true.fluxes * (1 + 1e-5), growth=true.growth * (1 + 1e-5))


@pytest.mark.parametrize("check", CHECKS)
def test_the_promise_holds(cases: Cases, check: Callable[[Cases], Measurement]) -> None:
    assert check(cases).kept


@pytest.mark.parametrize("check", CHECKS[:3])
def test_wrong_labels_are_noticed(
    cases: Cases, monkeypatch: pytest.MonkeyPatch, check: Callable[[Cases], Measurement]
) -> None:
    monkeypatch.setattr(labels, "simulate_fluxes", scaled)
    assert 1e-6 < check(cases).measured < 1e-4


def test_another_optimum_is_noticed(cases: Cases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "simulate_fluxes", lambda network, media, _: simulate_fluxes(network, media, "pfba"))
    assert labels.core_least_norm(cases).measured > 1e-4
