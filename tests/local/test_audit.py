"""`make audit` by the real tool, against an advisory database of our own: what it finds, and what it could not ask."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from local.audit import CLEAN, NOT_AUDITED, VULNERABLE, audit, verdict

pytestmark = pytest.mark.slow

KNOWN = {"name": "xlsxwriter", "version": "3.3.1", "vulns": []}
BAD = {"name": "urllib3", "version": "2.8.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["2.8.1", "3.0"]}]}
UNFIXED = {"name": "pandas", "version": "3.1.1", "vulns": [{"id": "GHSA-x", "fix_versions": []}]}
SKIPPED = {"name": "uuid6", "skip_reason": "Dependency not found on PyPI and could not be audited: uuid6 (2025.0.1)"}
TOLD = "urllib3 2.8.0: PYSEC-2026-1, mended in 2.8.1, 3.0"


@pytest.mark.parametrize(
    ("pins", "code", "said"),
    [
        ([KNOWN, KNOWN], CLEAN, ["2 packages audited, no known vulnerability"]),
        ([], NOT_AUDITED, ["not audited: no advisory database could be reached"]),
        ([SKIPPED], NOT_AUDITED, ["not audited: no advisory database could be reached"]),
        ([KNOWN, SKIPPED], NOT_AUDITED, ["not audited: 1 of 2 packages; no advisory database knew them"]),
        ([KNOWN, BAD], VULNERABLE, [TOLD, "mend: make lock UPGRADE='urllib3'"]),
        (
            [BAD, UNFIXED, SKIPPED],
            VULNERABLE,
            [
                TOLD,
                "pandas 3.1.1: GHSA-x, mended in no version yet",
                "not audited: 1 of 3 packages; no advisory database knew them",
                "mend: make lock UPGRADE='pandas urllib3'",
            ],
        ),
    ],
)
def test_what_the_answers_come_to(pins: list[dict[str, Any]], code: int, said: list[str]) -> None:
    assert verdict(pins) == (code, said)


@pytest.fixture
def advisories() -> Iterator[tuple[str, dict[str, list[str]]]]:
    """The address of an OSV service, and what it knows: package -> ids."""
    known: dict[str, list[str]] = {}

    class Osv(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = asked["package"]["name"]
            body = json.dumps({"vulns": [_advisory(name, one) for one in known.get(name, ())]} if name in known else {})
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Osv)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query", known
    server.shutdown()
    server.server_close()


def _advisory(name: str, one: str) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9.9"}]}]
    affected = [{"package": {"ecosystem": "PyPI", "name": name}, "ranges": ranges, "versions": ["1.0"]}]
    return {"id": one, "details": "words", "affected": affected, "modified": "2026-11-01T00:00:00Z"}


def test_the_tool_is_asked_about_every_pin_and_its_silence_is_told(
    advisories: tuple[str, dict[str, list[str]]], tmp_path: Path
) -> None:
    address, known = advisories
    lock = tmp_path / "requirements.lock"
    lock.write_text("".join(f"{name}==1.0 \\\n    --hash=sha256:{'0' * 64}\n" for name in ("alpha", "beta")))
    ours = ("--vulnerability-service", "osv", "--osv-url", address)
    nobody = ("--vulnerability-service", "osv", "--osv-url", "http://127.0.0.1:9/v1/query")
    assert audit(lock, [nobody]) == (NOT_AUDITED, ["not audited: no advisory database could be reached"])
    assert audit(lock, [nobody, ours]) == (CLEAN, ["2 packages audited, no known vulnerability"])
    known["beta"] = ["PYSEC-2026-7"]
    code, lines = audit(lock, [ours])
    assert (code, lines[0]) == (VULNERABLE, "beta 1.0: PYSEC-2026-7, mended in 9.9")
