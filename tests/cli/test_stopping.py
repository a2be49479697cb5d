"""A signal that comes when all is done finds nothing to break into."""

from __future__ import annotations

import signal
import threading

import pytest

from isinglass.__main__ import ENDING
from isinglass.cli.stopping import stoppable


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_while_the_watch_is_taken_down(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    join = threading.Thread.join

    def late(thread: threading.Thread, timeout: float | None = None) -> None:
        signal.raise_signal(number)
        join(thread, timeout)

    monkeypatch.setattr(threading.Thread, "join", late)
    before = signal.signal(number, signal.default_int_handler)
    try:
        with stoppable("Stopped."):
            pass
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)
