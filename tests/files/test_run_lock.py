import errno
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from metagnn.errors import FolderError
from metagnn.files import run_lock
from metagnn.files.run_lock import RunLock, refuse_if_held

OUT = Path("out")

HOLD = """
import sys, time
from pathlib import Path
from metagnn.files.run_lock import RunLock
with RunLock(Path(sys.argv[1]), Path("out")):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path / ".lock")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_another_process_is_refused_by_name_until_the_holder_dies(tmp_path, holder):
    path = tmp_path / ".lock"
    who = rf"'out' is being written by process {holder.pid} on {socket.gethostname()} since 20..-..-.. ..:..:..\+00:00;"
    for _ in range(2):
        with pytest.raises(FolderError, match=who), RunLock(path, OUT):
            pass
        with pytest.raises(FolderError, match=who):
            refuse_if_held(path, OUT)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert path.exists()
    with RunLock(path, OUT):
        assert str(os.getpid()) in path.read_text()
    assert not path.exists()


def test_a_lock_is_free_again_whatever_ends_its_holder(tmp_path):
    path = tmp_path / ".lock"
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), RunLock(path, OUT):
            raise KeyboardInterrupt
    assert not path.exists()
    refuse_if_held(path, OUT)
    assert not path.exists()


def test_threads_of_one_process_exclude_each_other(tmp_path):
    refused = []

    def enter():
        try:
            with RunLock(tmp_path / ".lock", OUT):
                pass
        except FolderError as error:
            refused.append(str(error))

    with RunLock(tmp_path / ".lock", OUT):
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
    assert len(refused) == 1


def test_what_an_old_holder_left_is_no_lock(tmp_path):
    path = tmp_path / ".lock"
    for left in (b"", b"\xff", b"[]", b'{"process": 1, "host": "elsewhere", "since": "2020"}'):
        path.write_bytes(left)
        with RunLock(path, OUT):
            pass
        assert not path.exists()


def test_a_file_system_without_locks_gets_a_file_that_is_never_taken_over(tmp_path, monkeypatch):
    def without(file):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(run_lock, "_lock", without)
    path = tmp_path / ".lock"
    refused = pytest.raises(FolderError, match=rf"process {os.getpid()} .*remove '.*held'\)")
    with RunLock(path, OUT), refused, RunLock(path, OUT):
        pass
    assert not list(tmp_path.iterdir())
    (tmp_path / ".lock.held").touch()
    with pytest.raises(FolderError, match="this file system has no locks"), RunLock(path, OUT):
        pass


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with (
        pytest.raises(FolderError, match=r"nowhere/\.lock' cannot be written"),
        RunLock(tmp_path / "nowhere" / ".lock", OUT),
    ):
        pass
