"""Worker processes that end when the run that started them is gone."""

from __future__ import annotations

import os
import signal
import threading
import time

from metagnn.files.output import is_alive


def end_with_run(run: int) -> None:
    """End this local worker when the run that started it ends, even before its first chunk.

    Otherwise the workers of a killed run would idle for minutes and keep their memory. Ctrl-C, which a terminal sends
    to workers too, is left to the run: it ends them without a traceback each.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    is_child = os.getppid() == run
    if is_child or os.name == "posix":
        threading.Thread(target=_end_with, args=(run, is_child), daemon=True).start()


def _end_with(run: int, is_child: bool) -> None:
    # A run killed a moment ago is no parent any more, but stays in the table of processes until somebody asks for it.
    while os.getppid() == run if is_child else is_alive(run):
        time.sleep(1.0)
    os._exit(1)
