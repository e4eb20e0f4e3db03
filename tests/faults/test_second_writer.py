from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.faults.second_writer import Race, race

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads /proc")


def test_a_second_writer_is_refused_by_name_and_changes_nothing(preloaded: ProcessPoolExecutor) -> None:
    """More of them: `python -m tests.faults.second_writer`."""
    races: list[Race] = preloaded.submit(race, ["simulate"], 1, 0).result()
    assert [pair.flags for pair in races] == [(), ("--resume",), ("--force",)]
    for pair in races:
        assert pair.failures == [], pair.name
        assert pair.refused + pair.apart == pair.pairs == 1
    assert any(pair.refused for pair in races)
