import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metagnn.network import MetabolicNetwork
from metagnn.nn import PolytopeProjection
from metagnn.studies.benchmarks import hostile
from metagnn.studies.benchmarks.hostile import study_hostile, try_problems
from metagnn.studies.benchmarks.hostile_problems import KINDS, draw_hostile
from metagnn.studies.harness.study import StudyOptions
from metagnn.testing import random_network


@pytest.fixture(scope="module")
def projection(core: MetabolicNetwork) -> PolytopeProjection:
    return PolytopeProjection(core.stoichiometry)


def check(network: MetabolicNetwork, projection: PolytopeProjection, kind: str, seed: int, samples: int) -> None:
    row = try_problems(network, projection, draw_hostile(network, kind, samples, seed), samples)
    assert row.wrong == row.failed == 0
    assert row.solved == row.feasible
    assert row.feasible == (0 if kind.startswith("infeasible") else row.feasible)
    assert row.imbalance <= 1e-9
    assert row.violation <= 1e-9
    assert row.optimality <= 1e-9


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_promise_holds_on_random_networks(kind: str, seed: int) -> None:
    network = random_network(seed)
    check(network, PolytopeProjection(network.stoichiometry), kind, seed, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_promise_holds_on_core(core: MetabolicNetwork, projection: PolytopeProjection, kind: str) -> None:
    check(core, projection, kind, 7, 2)


@pytest.mark.parametrize("kind", ["weights 1e-12 to 1e12", "all together", "infeasible by 1e-7"])
def test_a_batch_of_hostile_problems_is_a_loop(
    core: MetabolicNetwork, projection: PolytopeProjection, kind: str
) -> None:
    problems = draw_hostile(core, kind, 3, 5)
    arrays = [torch.from_numpy(a) for a in (problems.target, problems.lower, problems.upper, problems.weight)]
    together = projection.solve(*arrays)
    for row in range(3):
        alone = projection.solve(*(a[row : row + 1] for a in arrays))
        assert alone.status == together.status[row : row + 1]
        size = 1 + float(together.fluxes[row].abs().nan_to_num().max())
        assert torch.allclose(alone.fluxes[0], together.fluxes[row], rtol=0, atol=1e-9 * size, equal_nan=True)


def test_a_wrong_answer_is_counted(core: MetabolicNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    projection, problems = PolytopeProjection(core.stoichiometry), draw_hostile(core, "40 % pinned", 3, 0)
    right = projection.solve(*(torch.from_numpy(a) for a in (problems.target, problems.lower, problems.upper)))
    moved = right.fluxes.clone()
    moved[0, 0] += 1e-3
    answer = dataclasses.replace(right, fluxes=moved, status=("optimal", "infeasible", "failed: reason"))
    monkeypatch.setattr(projection, "solve", lambda *_: answer)
    row = try_problems(core, projection, problems, 0)
    assert (row.feasible, row.solved, row.failed, row.wrong) == (3, 1, 1, 2)


def test_the_study_writes_a_row_per_network_and_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(hostile.SIZES, "quick", {"e_coli_core": 8, hostile.RANDOM: 8})
    (table,) = study_hostile(tmp_path, StudyOptions("quick"), lambda done, total: None)
    rows = json.loads((tmp_path / "hostile.json").read_text())
    assert len(table.rows) == len(rows) == 2 * len(KINDS)
    assert sum(row["wrong"] + row["failed"] for row in rows) == 0
    assert all(np.isfinite(row["optimality"]) for row in rows)
