import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.faults.commands import LONG_COMMANDS
from tests.faults.file_events import FileEvents
from tests.faults.kill_points import Campaign, kill_one
from tests.faults.output_tree import differences, read_tree

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads /proc")


SAMPLE = (
    ("simulate Parquet", "all", False, 0.05),
    ("train", "SIGTERM", False, 0.05),
    ("reconcile", "all", True, 0.01),
    ("reproduce", "SIGHUP", False, 0.02),
)


@pytest.mark.parametrize(("name", "victim", "torn", "share"), SAMPLE)
def test_a_kill_at_some_file_events_costs_nothing(
    preloaded: ProcessPoolExecutor, name: str, victim: str, torn: bool, share: float
) -> None:
    """The rest of the points: `python -m tests.faults.kill_points`."""
    command = next(command for command in LONG_COMMANDS if command.name == name)
    campaign = preloaded.submit(kill_one, Campaign(command, victim, torn, twice=False), share, 0).result()
    assert campaign.events > 20
    assert campaign.points >= 1
    assert campaign.failures == []


def test_events_below_the_folder_are_counted_and_others_are_not(tmp_path: Path) -> None:
    inside, log = tmp_path / "inside", tmp_path / "log"
    child = os.fork()
    if not child:
        FileEvents(inside, log).watch()
        inside.mkdir()
        (inside / "a").write_text("1")
        (inside / "a").read_text()
        (tmp_path / "b").write_text("2")
        (tmp_path / "b").rename(inside / "c")
        (inside / "c").unlink()
        os._exit(0)
    os.waitpid(child, 0)
    assert FileEvents(inside, log).lines() == ["os.mkdir .", "open a", "os.rename c", "os.remove c"]


@pytest.mark.parametrize(("torn", "left"), [(False, "12345678"), (True, "1234")])
def test_a_torn_kill_loses_half_of_what_was_written_last(tmp_path: Path, torn: bool, left: str) -> None:
    child = os.fork()
    if not child:
        os.setsid()
        FileEvents(tmp_path, tmp_path.with_name("torn.log"), 2, torn).watch()
        (tmp_path / "a").write_text("12345678")
        (tmp_path / "a").rename(tmp_path / "b")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -9
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": left}


def test_trees_differ_in_names_and_bytes_but_not_in_measured_times(tmp_path: Path) -> None:
    for name, seconds in (("a", 1.5), ("b", 2.5)):
        (tmp_path / name / "folder").mkdir(parents=True)
        (tmp_path / name / "folder" / "scores.json").write_text(f'{{"wall_seconds": {seconds}, "r2": 1}}')
    first, second = read_tree(tmp_path / "a"), read_tree(tmp_path / "b")
    assert first.keys() == {"folder/", "folder/scores.json"}
    assert differences(second, first) == ""
    second |= {"more": b""}
    second["folder/scores.json"] += b" "
    del second["folder/"]
    assert differences(second, first) == "left over: more, missing: folder/, other bytes: folder/scores.json"
