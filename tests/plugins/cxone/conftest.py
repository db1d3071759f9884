"""Two real services for these tests: the twin as a process, and a scripted one for what it never says."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from plugins.cxone.client import CxoneClient

TOKEN_PATH = "/authentication/v1/token/access-key"
ACD = "/incontactapi/services/v30.0/"
DFO = "/dfo/3.0/"


@dataclass(frozen=True)
class Seen:
    """One request that came in."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass
class Scripted:
    """Answers per path, in order, the last one for ever; (status, body or None, headers)."""

    url: str = ""
    answers: dict[str, list[tuple[int, Any, dict[str, str]]]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    clients: list[CxoneClient] = field(default_factory=list)

    def on(self, path: str, *bodies: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Append answers for `path`; bytes travel as they are, None is an empty body, all else JSON."""
        self.answers.setdefault(path, []).extend((status, body, headers or {}) for body in bodies)

    def acd(self, path: str, *bodies: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.on(ACD + path, *bodies, status=status, headers=headers)

    def dfo(self, path: str, *bodies: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.on(DFO + path, *bodies, status=status, headers=headers)

    def asked(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == path]

    def client(self, **more: Any) -> CxoneClient:
        """Waits before retries last a few milliseconds."""
        settings = {"api_endpoint": self.url, "first_wait": 0.002, **more}
        client = CxoneClient(self.url, "key", "s3cret-value", **settings)
        self.clients.append(client)
        return client

    def take(self, path: str) -> tuple[int, Any, dict[str, str]]:
        queue = self.answers.get(path)
        if not queue:
            return 404, {"error": "not scripted"}, {}
        return queue.pop(0) if len(queue) > 1 else queue[0]


def _handler(script: Scripted) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with lock:
                query = dict(parse_qsl(parts.query))
                script.seen.append(Seen(self.command, parts.path, query, dict(self.headers.items())))
                status, body, headers = script.take(parts.path)
            raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """A service that issues the token "t-1" and otherwise answers 404 until told."""
    script = Scripted()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    script.on(TOKEN_PATH, {"access_token": "t-1", "token_type": "Bearer", "expires_in": 3600})
    yield script
    for client in script.clients:
        client.close()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the twin's CXone: three days from Monday 2026-11-16, seen from the 19th at 02:00."""
    ready = tmp_path_factory.mktemp("twin") / "ready.json"
    command = [sys.executable, "-m", "sandbox", "--seed", "7", "--interactions", "300", "--days", "3"]
    command += ["--start", "2026-11-16", "--clock", "2026-11-19T02:00:00Z", "--ready", str(ready)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 60
            while not ready.exists():
                assert process.poll() is None, "the twin ended before it served"
                assert time.monotonic() < deadline, "the twin was not ready within a minute"
                time.sleep(0.05)
            yield json.loads(ready.read_text())["cxone"]
        finally:
            process.terminate()


@pytest.fixture
def twin_client(twin: str) -> Iterator[Callable[..., CxoneClient]]:
    """Makes clients of the twin that wait only milliseconds before a retry."""
    made: list[CxoneClient] = []

    def make(**more: Any) -> CxoneClient:
        made.append(CxoneClient(twin, "acme-access-key", "acme-access-secret", **{"first_wait": 0.002, **more}))
        return made[-1]

    yield make
    for client in made:
        client.close()
