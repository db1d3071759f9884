"""`make audit`: are there known vulnerabilities in the pinned packages? Nobody's silence is taken for a no.

pip-audit (PyPA) asks an advisory database about each pin; where PyPI does not answer, a mirror of it has no advisories,
or a pin is unknown there, OSV is asked. Ends with 0 if every pin was looked up and nothing is known, 1 if something is
known of one, and 3 if some could not be looked up.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from local.stage import BIN, PROJECT

CLEAN: Final = 0
VULNERABLE: Final = 1
NOT_AUDITED: Final = 3

_PATIENCE: Final = 300.0  # seconds for one service

SERVICES: Final = (("--vulnerability-service", "pypi"), ("--vulnerability-service", "osv"))

Known = Mapping[str, Any]
"""Of one pin, as pip-audit tells it: name, version, and either vulns (id, fix_versions) or skip_reason."""


def audit(lock: Path, services: Sequence[Sequence[str]] = SERVICES) -> tuple[int, list[str]]:
    """(exit code, lines to print). A pin that one service knew is not asked about again."""
    pins: dict[str, Known] = {}
    for service in services:
        for found in _asked(lock, service):
            if "vulns" in found or found["name"] not in pins:
                pins[found["name"]] = found
        if pins and all("vulns" in found for found in pins.values()):
            break
    return verdict(list(pins.values()))


def verdict(pins: Sequence[Known]) -> tuple[int, list[str]]:
    """What the answers about all pins come to; none at all where no service could be reached."""
    looked_up = [pin for pin in pins if "vulns" in pin]
    lines = [
        f"{pin['name']} {pin['version']}: {one['id']}, mended in {', '.join(one['fix_versions']) or 'no version yet'}"
        for pin in looked_up
        for one in pin["vulns"]
    ]
    missing = len(pins) - len(looked_up)
    if not looked_up:
        lines.append("not audited: no advisory database could be reached")
    elif missing:
        lines.append(f"not audited: {missing:,} of {len(pins):,} packages; no advisory database knew them")
    if any(pin["vulns"] for pin in looked_up):
        names = sorted({pin["name"] for pin in looked_up if pin["vulns"]})
        return VULNERABLE, [*lines, f"mend: make lock UPGRADE='{' '.join(names)}'"]
    if missing or not looked_up:
        return NOT_AUDITED, lines
    return CLEAN, [f"{len(pins):,} packages audited, no known vulnerability"]


def _asked(lock: Path, service: Sequence[str]) -> list[Known]:
    """Nothing is installed or resolved: the lock is all there is to ask about."""
    command = [str(BIN / "pip-audit"), "--requirement", str(lock), "--disable-pip", "--require-hashes", *service]
    command += ["--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
        known: list[Known] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError):  # it ends with a traceback where the service is not to be reached
        return []
    return known


def main() -> int:
    code, lines = audit(PROJECT / "requirements.lock")
    print("\n".join(lines), file=sys.stdout if code == CLEAN else sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
