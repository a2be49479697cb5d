"""Worker processes of Beam that may die.

Beam waits for the answer of such a worker forever. Here whoever waits gets an error.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from threading import Event, Thread
from typing import Any

from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    BeamFnControlServicer,
    ControlFuture,
    SubprocessSdkWorkerHandler,
)

from isinglass.pipelines.engine.deaths import DIED, signal_name

_MOMENT = 0.2


class Watched(SubprocessSdkWorkerHandler):
    """Beam's own handler of a process, which answers for one that is dead."""

    def start_worker(self) -> None:
        """Start the process, and threads that wait for its answers and for its end."""
        self.worker = self.new_worker()
        self._over = Event()
        control: Any = self.control_conn
        data: Any = self.data_conn
        control.set_input = self._unbroken(control.set_input)
        data.set_inputs = self._unbroken(data.set_inputs)
        self.worker_thread = Thread(target=self._wait)
        self.worker_thread.start()

    def new_worker(self) -> Any:
        """What has a method `run`, as Beam's own: a `RuntimeError` ends with a code."""
        raise NotImplementedError

    def close(self) -> None:
        """End the process, if it has not ended by itself, and its connections."""
        self._over.set()
        super().close()

    def _unbroken(self, listen: Callable[[Any], None]) -> Callable[[Any], None]:
        """Listen so that a connection which breaks off just tells no more.

        It breaks before the process is known to have ended, of which Beam is told.
        """

        def told(messages: Iterable[Any]) -> Iterator[Any]:
            try:
                yield from messages
            except Exception:  # noqa: BLE001 - whatever gRPC calls it
                self._over.wait()

        return lambda messages: listen(told(messages))

    def _wait(self) -> None:
        try:
            self.worker.run()
        except RuntimeError as error:
            # The code stands at the end of what Beam says.
            self._answer(DIED + signal_name(int(str(error).rsplit(maxsplit=1)[-1])))

    def _answer(self, told: str) -> None:
        """Answer everything that the process was asked, and will be asked."""
        connection: Any = self.control_conn
        push = connection.push

        def refuse(request: Any) -> Any:
            if request is BeamFnControlServicer._DONE_MARKER:  # noqa: SLF001
                return push(request)
            number = request.instruction_id
            return ControlFuture(number, _response(number, told))

        connection.push = refuse
        # Somebody may have been about to ask.
        for pause in (0.0, _MOMENT):
            time.sleep(pause)
            for number, future in list(connection._futures_by_id.items()):  # noqa: SLF001
                future.set(_response(number, told))


def _response(number: str, error: str) -> Any:
    return beam_fn_api_pb2.InstructionResponse(instruction_id=number, error=error)
