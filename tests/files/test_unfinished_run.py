import os
import subprocess
import sys
from pathlib import Path

import pytest

from metagnn.errors import FolderError
from metagnn.files.unfinished_run import UnfinishedRun
from tests.files.toy_run import JOB, LAWS, PIECES, compute, piece_of, tree

pytestmark = pytest.mark.filterwarnings("ignore:.*is finished already")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("kind", ["file", "folder"])
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_real_processes(tmp_path, law, kind):
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.files.toy_run", law.__name__, kind]
    found = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(root)}, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr


@pytest.mark.parametrize("folder", [False, True])
def test_what_was_computed_is_not_computed_again_and_damage_is(tmp_path, folder):
    out = tmp_path / "out.csv"
    with UnfinishedRun(out, JOB, folder=folder) as run:
        for name in PIECES:
            run.store(name, piece_of(name))
        work = run.work
    (work / "1").write_bytes((work / "1").read_bytes()[:-1])
    (work / "2").write_bytes((work / "0").read_bytes())
    assert compute(out, folder, resume=True) == ["1", "2"]
    assert compute(out, folder, resume=True) == ["finished"]


@pytest.mark.parametrize("folder", [False, True])
def test_resume_begins_where_nothing_was_begun(tmp_path, folder):
    for number, leave in enumerate(
        (lambda out: None, lambda out: out.mkdir() if folder else None, lambda out: (out.parent / ".lock").touch())
    ):
        place = tmp_path / str(number)
        place.mkdir()
        leave(place / "out")
        assert compute(place / "out", folder, resume=True) == list(PIECES)


@pytest.mark.parametrize("folder", [False, True])
def test_what_must_not_be_replaced_is_refused_in_words(tmp_path, folder):
    out, other = tmp_path / "out", JOB | {"method": "pfba", "media": [2]}
    with UnfinishedRun(out, JOB, folder=folder) as run:
        run.store("0", b"x")
        work = run.work
    with pytest.raises(FolderError, match="holds an unfinished run; use --resume to continue it or --force"):
        compute(out, folder)
    with pytest.raises(FolderError, match="was begun with other media; method 'fba', not 'pfba'; use --force"):
        compute(out, folder, other, resume=True)
    content = (work / "job.json").read_text()
    for damaged in ("{", "[]", content.replace("fba", "pfba"), content[:-2]):
        (work / "job.json").write_text(damaged)
        with pytest.raises(FolderError, match=r"is damaged: job\.json cannot be read; use --force to start anew"):
            compute(out, folder, resume=True)
    compute(out, folder, force=True)
    with pytest.raises(FolderError, match="exists; use --force to replace it or --resume"):
        compute(out, folder)
    with pytest.raises(FolderError, match=r"is finished, by a run with other media; .*--force instead of --resume"):
        compute(out, folder, other, resume=True)
    file = next(path for path in (out / "a.csv", out) if path.is_file())
    file.write_bytes(b"mine")
    with pytest.raises(FolderError, match=r"is finished, but '.*' was changed since; use --force"):
        compute(out, folder, resume=True)
    # With both, whatever cannot be continued is replaced.
    assert compute(out, folder, other, resume=True, force=True) == list(PIECES)
    assert compute(out, folder, other, resume=True, force=True) == ["finished"]


def test_a_folder_of_something_else_is_not_resumed_and_what_is_not_ours_stays(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(FolderError, match="does not say which run made it"):
        compute(tmp_path / "out", True, resume=True)
    compute(tmp_path / "out", True, force=True)
    compute(tmp_path / "out", True, names=("c.csv",), force=True)
    assert sorted(tree(tmp_path / "out")) == ["c.csv", "notes.txt", "run.json"]


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.parametrize("exists", [False, True])
def test_a_link_is_followed_and_stays(tmp_path, folder, exists):
    link, target = tmp_path / "link.csv", tmp_path / "far" / "away"
    link.symlink_to(target)
    if exists:
        compute(target, folder)
    compute(link, folder, force=exists)
    compute(tmp_path / "whole" / "link.csv", folder)
    assert link.is_symlink()
    written = tree(target) if folder else {"link.csv": target.read_bytes()}
    whole = tree(tmp_path / "whole" / "link.csv" if folder else tmp_path / "whole")
    assert {name: written[name] for name in written if name != "run.json"} == {
        name: whole[name] for name in whole if not name.endswith("run.json")
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["far", "link.csv", "whole"]
    assert compute(target, folder, resume=True) == ["finished"]


@pytest.mark.parametrize("folder", [False, True])
def test_what_dead_processes_left_is_removed_by_the_next_run(tmp_path, folder):
    out = tmp_path / "out"
    home = out if folder else tmp_path
    home.mkdir(exist_ok=True)
    for name in (".out.1.tmp", ".out.partial.4.tmp", "..out.run.json.77.tmp"):
        (home / name).write_bytes(b"half")
    compute(out, folder)
    assert not list(home.glob(".*.tmp"))


def test_a_second_writer_is_refused_before_it_removes_anything(tmp_path):
    out = tmp_path / "out"
    compute(out, True, JOB | {"method": "old"})
    before = tree(out)
    with UnfinishedRun(out, JOB, folder=True, force=True) as run:
        run.store("0", piece_of("0"))
        held = tree(out)
        for how in ({}, {"resume": True}, {"force": True}, {"resume": True, "force": True}):
            with pytest.raises(FolderError, match=f"is being written by process {os.getpid()} on .* since "):
                compute(out, True, **how)
        assert tree(out) == held
    assert {name: held[name] for name in before} == before
