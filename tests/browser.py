"""Headless Chromium, spoken to over a pipe by the DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
WITHOUT = "no chromium on the path: `apt-get install chromium` brings one"

_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--disable-dev-shm-usage", "--hide-scrollbars"),
    "--remote-debugging-pipe",
)
_PATIENCE = 60.0
# Chromium reads commands from descriptor 3 and answers on 4.
_START = 'exec "$0" "$@" 3</dev/fd/{} 4>/dev/fd/{}'


@dataclass
class Tab:
    """One page of a browser; answers are waited for, events are kept."""

    commands: int
    answers: int
    heard: bytearray = field(default_factory=bytearray)
    session: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    sent: int = 0

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What a command of the protocol answers."""
        self.sent += 1
        message = {"id": self.sent, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self.sent:
            self.events.append(answer)
        assert "error" not in answer, (method, answer)
        result: dict[str, Any] = answer["result"]
        return result

    def _read(self) -> dict[str, Any]:
        while (end := self.heard.find(b"\0")) < 0:
            ready, _, _ = select.select([self.answers], [], [], _PATIENCE)
            more = os.read(self.answers, 1 << 16) if ready else b""
            assert more, "the browser is gone"
            self.heard += more
        message: dict[str, Any] = json.loads(self.heard[:end])
        del self.heard[: end + 1]
        return message

    def wait(self, event: str) -> None:
        """Read on until an event has come."""
        while all(one.get("method") != event for one in self.events):
            self.events.append(self._read())

    def open(
        self,
        page: Path,
        width: int = 1600,
        scheme: Literal["light", "dark"] = "light",
        media: Literal["screen", "print"] = "screen",
    ) -> None:
        """Load a file in a window of this width, and of a usual height."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.do("Emulation.setEmulatedMedia", media=media, features=features)
        size = {"width": width, "height": 900, "deviceScaleFactor": 1}
        self.do("Emulation.setDeviceMetricsOverride", **size, mobile=False)
        self.events.clear()
        self.do("Page.navigate", url=page.resolve().as_uri())
        self.wait("Page.loadEventFired")

    def run(self, script: str) -> Any:
        """The value of an expression, as JSON has it."""
        told = self.do("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def asked_for(self) -> list[str]:
        """Addresses that the page that is open asked for."""
        return [
            one["params"]["request"]["url"]
            for one in self.events
            if one.get("method") == "Network.requestWillBeSent"
        ]

    def press(self, key: str, text: str = "") -> None:
        """A key of the keyboard, down and up."""
        codes = {"Tab": 9, "Enter": 13}
        for kind in ("keyDown", "keyUp"):
            known = {"key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
            told = {"text": text} if text and kind == "keyDown" else {}
            self.do("Input.dispatchKeyEvent", type=kind, **known, **told)

    def picture(self, target: Path, *, whole: bool = True) -> None:
        """Write a picture of the whole page, or of what a window shows."""
        told = self.do("Page.captureScreenshot", captureBeyondViewport=whole)
        target.write_bytes(base64.b64decode(told["data"]))

    def paper(self, target: Path) -> None:
        """Write what would be printed."""
        told = self.do("Page.printToPDF", printBackground=True)
        target.write_bytes(base64.b64decode(told["data"]))

    def tree(self) -> list[dict[str, Any]]:
        """What a screen reader is told, node by node."""
        nodes: list[dict[str, Any]] = self.do("Accessibility.getFullAXTree")["nodes"]
        return nodes


@contextmanager
def browser(profile: Path) -> Iterator[Tab]:
    """A browser with an empty profile and one tab; it is gone afterwards."""
    assert CHROMIUM is not None, WITHOUT
    (reads, commands), (answers, writes) = os.pipe(), os.pipe()
    start = ["/bin/sh", "-c", _START.format(reads, writes), CHROMIUM, *_OPTIONS]
    with subprocess.Popen(
        [*start, f"--user-data-dir={profile}", "about:blank"],
        pass_fds=(reads, writes),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(reads)
        os.close(writes)
        try:
            tab = Tab(commands, answers)
            made = tab.do("Target.createTarget", url="about:blank")["targetId"]
            told = tab.do("Target.attachToTarget", targetId=made, flatten=True)
            tab.session = told["sessionId"]
            for part in ("Page", "Runtime", "Network", "Accessibility"):
                tab.do(f"{part}.enable")
            yield tab
        finally:
            # Nobody writes to it any more: it ends by itself.
            os.close(commands)
            os.close(answers)
            process.wait(20)
