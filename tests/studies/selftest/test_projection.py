import dataclasses
from collections.abc import Callable

import pytest
import torch

from metagnn.nn.polytope import PolytopeProjection, PolytopeSolution
from metagnn.studies.selftest import projection
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.check import Measurement

CHECKS = (projection.hostile_laws, projection.hostile_solved, projection.infeasible_named, projection.nearest)


def answering(change: Callable[[PolytopeSolution], PolytopeSolution]) -> type:
    """A layer whose answers are changed."""

    class Changed(PolytopeProjection):
        def solve(self, *given: torch.Tensor) -> PolytopeSolution:
            return change(super().solve(*given))

    return Changed


CHANGES = {
    projection.hostile_laws: lambda found: dataclasses.replace(found, fluxes=found.fluxes + 1e-3),
    projection.hostile_solved: lambda found: dataclasses.replace(found, status=("failed: tired",) * len(found.status)),
    projection.infeasible_named: lambda found: dataclasses.replace(found, status=("optimal",) * len(found.status)),
    # Feasible, and no longer nearest.
    projection.nearest: lambda found: dataclasses.replace(found, fluxes=found.fluxes.roll(1, 0)),
}


@pytest.mark.parametrize("check", [projection.infeasible_named, projection.nearest])
def test_the_promise_holds(cases: Cases, check: Callable[[Cases], Measurement]) -> None:
    assert check(cases).kept


@pytest.mark.parametrize("check", CHECKS)
def test_a_wrong_answer_is_noticed(
    cases: Cases, monkeypatch: pytest.MonkeyPatch, check: Callable[[Cases], Measurement]
) -> None:
    monkeypatch.setattr(projection, "PolytopeProjection", answering(CHANGES[check]))
    assert not check(cases).kept
