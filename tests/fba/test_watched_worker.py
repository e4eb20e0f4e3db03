import os
import signal
import subprocess
import sys
import time

import pytest

from metagnn.files.output import is_alive

RUN = """
import os, time
from metagnn.fba.watched_worker import end_with_run
run = os.getpid()
worker = os.fork()
if not worker:
    end_with_run(run)
    print(os.getpid(), flush=True)
time.sleep(120)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_worker_ends_soon_after_its_run_was_killed():
    run = subprocess.Popen([sys.executable, "-c", RUN], stdout=subprocess.PIPE, text=True)
    worker = int(run.stdout.readline())
    assert is_alive(worker)
    # Ctrl-C of a terminal reaches workers too, and is the run's to handle.
    os.kill(worker, signal.SIGINT)
    time.sleep(0.2)
    assert is_alive(worker)
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    until = time.monotonic() + 30
    while is_alive(worker) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_alive(worker)
