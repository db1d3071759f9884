"""Switches `mode: observe` to `mode: adopted` in crm.yaml, once a report of this very mapping was written.

The switch is one word in a file under version control; nothing else in the file changes.
"""

import re

from app.connections import ledger_url
from app.settings import settings
from memorialization.configuration import load
from memorialization.errors import ConfigurationError
from memorialization.ledger import Ledger


def adopt(name: str) -> str:
    """Returns what was done; raises ConfigurationError if there is no report to have read."""
    folder = settings().mappings
    configuration = load(folder, name)
    if configuration.crm.mode == "adopted":
        return f"{name} is adopted already: runs write to HubSpot"
    if not Ledger(ledger_url()).has_report(name, configuration.mapping_hash):
        raise ConfigurationError(
            f"{name}: no report of mapping {configuration.mapping_hash} yet. Run it in observe mode and read the "
            f"report first: memorialize run -c {name}"
        )
    path = folder / name / "crm.yaml"
    before = path.read_bytes()  # as bytes: line ends stay as they are
    changed, count = re.subn(rb"(?m)^(mode:\s*)(['\"]?)observe\2(?=\s|$)", rb"\1adopted", before)
    if not count:  # the default: the key is absent
        changed = before.rstrip(b"\r\n") + b"\nmode: adopted\n"
    path.write_bytes(changed)
    try:
        load(folder, name)
    except ConfigurationError:  # `mode` is spelled in a way this does not know
        path.write_bytes(before)
        raise ConfigurationError(
            f"{path}: the word observe was not found. Write the line yourself: mode: adopted"
        ) from None
    return f"{name} is adopted: the next run writes to HubSpot. Commit {path.name}."
