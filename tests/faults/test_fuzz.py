"""A few damaged inputs of every kind, and those that once got through; `python -m tests.faults.fuzz` runs many."""

import pytest

from tests.faults.fuzz import main, run_campaign
from tests.faults.fuzz_targets import TARGETS

KEPT: dict[str, tuple[int, ...]] = {}
"""Seeds of inputs that once ended in a traceback, a signal or a hang."""


@pytest.mark.parametrize("kind", TARGETS)
def test_damaged_inputs_are_refused_in_one_line(kind: str):
    seeds = (*range(8), *KEPT.get(kind, ()))
    failed = [result for result in run_campaign(kind, seeds) if result.failed]
    assert not failed


def test_a_campaign_prints_a_row_a_kind(capsys, tmp_path):
    assert main(["--inputs", "3", "--kind", "json", "--kind", "unitmap", "--keep", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["kind", "inputs"], ["json", "3"], ["unitmap", "3"]]
