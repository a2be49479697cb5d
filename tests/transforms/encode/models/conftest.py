"""A small hub on this machine, which the library is sent to instead of the real one."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from isinglass.schemas.config import EncodeConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER_COMMIT = "89abcdef0123456789abcdef0123456789abcdef"
NAME = "owner/small-model"
LARGE = 10_000
"""Bytes from which on the hub stores a file apart and names it by its SHA-256."""

_API = re.compile(r"/api/models/(?P<name>.+?)(?:/(?P<kind>revision|tree)/(?P<rev>.+))?")
_FILE = re.compile(r"/(?P<name>.+?)/resolve/(?P<rev>[^/]+)/(?P<file>.+)")


@dataclass
class Hub:
    """What the server has, does and was asked for.

    Attributes:
        files: File name to content; the one repository is `NAME`.
        commits: Branch or tag to its commit.
        refusal: Status and error code that every request is answered with.
        cut: File name to the bytes after which the connection breaks, every time.
        requests: Method and path of every request.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    commits: dict[str, str] = field(default_factory=lambda: {"main": COMMIT})
    refusal: tuple[int, str] | None = None
    cut: dict[str, int] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    stop: Callable[[], None] = lambda: None
    url: str = ""

    def take(self, folder: Path) -> None:
        """Have the files of a folder."""
        self.files = {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    def asked_for(self) -> set[str]:
        """Names of the files whose content or size was asked for."""
        found = (_FILE.fullmatch(line.partition(" ")[2]) for line in self.requests)
        return {match["file"] for match in found if match}


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = self.path.partition("?")[0]
        self.hub.requests.append(f"{self.command} {path}")
        api, file = _API.fullmatch(path), _FILE.fullmatch(path)
        if self.hub.refusal is not None:
            self._send(self.hub.refusal[0], {"X-Error-Code": self.hub.refusal[1]})
        elif api and api["name"] == NAME:
            self._describe(api["rev"] or "main", tree=api["kind"] == "tree")
        elif file and file["name"] == NAME and file["file"] in self.hub.files:
            self._file(file["rev"], file["file"])
        elif file and file["name"] == NAME:
            commit = self.hub.commits.get(file["rev"], file["rev"])
            self._send(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit})
        else:
            self._send(401, {"X-Error-Code": "RepoNotFound"})

    def _describe(self, revision: str, *, tree: bool) -> None:
        commits = self.hub.commits
        commit = commits.get(revision, revision)
        if commit not in commits.values():
            self._send(404, {"X-Error-Code": "RevisionNotFound"})
            return
        files = self.hub.files
        body: Any = {
            "id": NAME,
            "sha": commit,
            "siblings": [{"rfilename": name} for name in files],
        }
        if tree:
            body = [
                {"type": "file", "path": name, "size": len(data), "oid": _etag(data)}
                for name, data in files.items()
            ]
        self._send(200, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def _file(self, revision: str, name: str) -> None:
        data = self.hub.files[name]
        commit = self.hub.commits.get(revision, revision)
        headers = {"ETag": f'"{_etag(data)}"', "X-Repo-Commit": commit}
        start = 0
        if asked := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or ""):
            start = int(asked[1])
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        stop = max(self.hub.cut.get(name, len(data)), start)
        self._send(206 if start else 200, headers, data[start:], stop - start)

    def _send(
        self,
        status: int,
        headers: dict[str, str],
        body: bytes = b"",
        most: int | None = None,
    ) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[:most])


def _etag(data: bytes) -> str:
    if len(data) < LARGE:
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()  # noqa: S324
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Run a hub and an empty cache; the library takes both for the usual ones."""
    from huggingface_hub import close_session, constants  # noqa: PLC0415

    hub = Hub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    hub.url = f"http://127.0.0.1:{server.server_port}"

    def stop() -> None:
        server.shutdown()
        server.server_close()

    hub.stop = stop
    template = "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
    # The library waits between its attempts.
    monkeypatch.setattr(time, "sleep", lambda _: None)
    yield hub
    close_session()
    stop()


@pytest.fixture
def named() -> EncodeConfig:
    """Return settings that name the model on the hub, which may be fetched."""
    settings = EncodeConfig(tokenizer=NAME, model=NAME, max_tokens=64)
    return settings.model_copy(update={"allow_download": True})
