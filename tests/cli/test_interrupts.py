import os
import signal
import threading

import pytest

from metagnn.cli.interrupts import NAMES, Interrupted, Interrupts

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of POSIX")


@pytest.fixture(autouse=True)
def handlers():
    before = {name: signal.getsignal(getattr(signal, name)) for name in NAMES}
    yield before
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)


@pytest.mark.parametrize("name", NAMES)
def test_the_first_signal_is_an_interrupt_that_knows_its_number(name: str) -> None:
    number = getattr(signal, name)
    with pytest.raises(KeyboardInterrupt, match=name) as raised, Interrupts().raised():
        os.kill(os.getpid(), number)
    assert isinstance(raised.value, Interrupted)
    assert raised.value.number == number


@pytest.mark.parametrize("name", NAMES)
def test_a_second_signal_ends_the_process_at_once(name: str) -> None:
    number, child = getattr(signal, name), os.fork()
    if not child:
        try:
            with Interrupts().raised():
                os.kill(os.getpid(), signal.SIGTERM)
        except Interrupted:
            os.kill(os.getpid(), number)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -number


def test_handlers_are_put_back(handlers: dict) -> None:
    with Interrupts().raised():
        assert all(signal.getsignal(getattr(signal, name)) is not handler for name, handler in handlers.items())
    assert {name: signal.getsignal(getattr(signal, name)) for name in NAMES} == handlers


def test_a_signal_that_is_ignored_stays_ignored_as_under_nohup() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with Interrupts().raised():
        os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_another_thread_leaves_signals_alone(handlers: dict) -> None:
    seen = []

    def look() -> None:
        with Interrupts().raised():
            seen.extend(signal.getsignal(getattr(signal, name)) for name in NAMES)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == list(handlers.values())
