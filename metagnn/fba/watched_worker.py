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
    if os.getppid() == run:
        threading.Thread(target=_end_with, args=(run,), daemon=True).start()
    elif os.name == "posix" and not is_alive(run):
        os._exit(1)


def _end_with(run: int) -> None:
    while os.getppid() == run:
        time.sleep(1.0)
    os._exit(1)
