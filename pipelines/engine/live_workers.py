"""Worker processes that live as long as a run: started once, lent to pass after pass.

Beam starts the workers of a pipeline with it and ends them with it, and each takes
seconds of imports. Here Beam asks for a worker and gets one that has served before, if
there is one: only its connections are new.
"""

from __future__ import annotations

import json
import subprocess
import weakref
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from apache_beam.portability.api import endpoints_pb2
from apache_beam.runners.portability.fn_api_runner.worker_handlers import WorkerHandler
from apache_beam.transforms.environments import Environment
from google.protobuf import (  # type: ignore[import-untyped]
    json_format,
    text_format,
)

from isinglass.pipelines.engine.watched import Watched
from isinglass.pipelines.engine.worker import DONE


class Worker:
    """One process; `serve` gives it the addresses of a pipeline."""

    def __init__(self, command: str) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter
            ["/bin/sh", "-c", command],
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def serve(self, order: dict[str, str]) -> bool:
        """Wait until a pipeline is done with the worker; False if it ended before."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
        except OSError:
            return False
        return DONE in self.process.stdout

    def end(self) -> None:
        """Let the process end, and wait for it."""
        with suppress(OSError):
            self.process.communicate()


class LiveWorkers:
    """The workers of a run. They end with `close`, with this object or its process."""

    def __init__(self) -> None:
        self._idle: list[Worker] = []
        self._urn = f"isinglass:environment:live:{id(self)}"
        end = partial(_end_all, self._idle, self._urn)
        self._finalizer = weakref.finalize(self, end)

    def close(self) -> None:
        """End all of them."""
        self._finalizer()

    def environment(self, command: str) -> Environment:
        """What tells Beam to ask here for workers, which `command` starts."""
        WorkerHandler.register_environment(self._urn, bytes)(
            partial(_Lent, weakref.proxy(self))
        )
        return _LiveEnvironment(self._urn, command)

    def lend(self, command: str) -> Worker:
        """A worker that waits for orders."""
        return self._idle.pop() if self._idle else Worker(command)

    def take_back(self, worker: Worker, *, alive: bool) -> None:
        """A worker that a pipeline is done with, or that ended."""
        if alive:
            self._idle.append(worker)
        else:
            worker.end()


def _end_all(idle: list[Worker], urn: str) -> None:
    WorkerHandler._registered_environments.pop(urn, None)  # noqa: SLF001 - no other way
    while idle:
        idle.pop().end()


class _LiveEnvironment(Environment):
    def __init__(self, urn: str, command: str) -> None:
        super().__init__()
        self.urn = urn
        self.command = command

    def to_runner_api_parameter(self, context: object) -> tuple[str, bytes]:
        """What `_Lent` is made for, and what it is given."""
        del context
        return self.urn, self.command.encode()


@dataclass(frozen=True)
class _Service:
    """What a worker does for one pipeline."""

    workers: LiveWorkers
    worker: Worker
    order: dict[str, str]

    def run(self) -> None:
        """Serve until the pipeline is done.

        Raises:
            RuntimeError: The process ended before; its code stands at the end.
        """
        alive = self.worker.serve(self.order)
        self.workers.take_back(self.worker, alive=alive)
        if not alive:
            raise RuntimeError(f"return code {self.worker.process.returncode}")


class _Lent(Watched):
    """A worker as a pipeline sees it."""

    def __init__(self, workers: LiveWorkers, command: bytes, *beams_own: Any) -> None:
        super().__init__(command, *beams_own)
        self._workers = workers

    def new_worker(self) -> _Service:
        """Take one that lives, or start one: in this thread, which outlives it."""
        options = self.provision_info.provision_info.pipeline_options
        control = endpoints_pb2.ApiServiceDescriptor(url=self.control_address)
        order = {
            "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(control),
            "PIPELINE_OPTIONS": json_format.MessageToJson(options),
            "WORKER_ID": self.worker_id,
        }
        worker = self._workers.lend(self._worker_command_line.decode())
        return _Service(self._workers, worker, order)
