"""The real child, once: it imports, works, and dies where it is to."""

import signal
from pathlib import Path

from metagnn.studies.selftest.child import Child


def test_a_child_dies_at_its_event(tmp_path: Path) -> None:
    status, printed = Child.start("simulate", tmp_path, 0, 4).end()
    assert (status, printed) == (-signal.SIGKILL, "")
    assert not (tmp_path / "labels.csv").exists()
