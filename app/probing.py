"""Asks a portal and a tenant what no document says, and keeps the answers in crm.yaml; nothing else there changes.

HubSpot is asked by trying, on test accounts only; CXone by reading alone.
"""

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from app.clients import cxone_client, hubspot_client
from app.connections import connection
from app.settings import settings
from memorialization.configuration import load
from memorialization.crm import Probed, ProbedCxone
from memorialization.errors import MemorializationError
from memorialization.portal import check_account
from memorialization.probing import cxone_advice, hubspot_advice
from plugins.cxone import probe as cxone
from plugins.hubspot import probe as hubspot
from plugins.hubspot.records import HubSpotStore

if TYPE_CHECKING:
    from pathlib import Path

    from memorialization.configuration import Configuration

Found = tuple[dict[str, Any], list[str]]
"""Answers as crm.yaml takes them, and what a person should do about them."""


def probe_hubspot(configuration: "Configuration", progress: Callable[[str], None]) -> Found:
    """Tries HubSpot out; raises ConfigurationError unless the account is a test account."""
    client = hubspot_client(configuration.name)
    account = HubSpotStore(client).account()
    check_account(configuration, account)
    hubspot.check_test_account(account)
    version = str(connection(configuration.hubspot_connection).extras.get("api_version") or "v3")
    known = {"at": _today(), "account_id": account.portal_id, "api_version": version}
    answers = known | hubspot.probe(client, progress)
    return answers, list(hubspot_advice(Probed.model_validate_json(orjson.dumps(answers))))


def probe_cxone(configuration: "Configuration", progress: Callable[[str], None]) -> Found:
    """Reads the tenant; writes nothing there."""
    wanted = configuration.script_variables
    with cxone_client(configuration.name) as client:
        answers = {"at": _today(), **cxone.probe(client, wanted, progress)}
    found = ProbedCxone.model_validate_json(orjson.dumps(answers))
    return answers, list(cxone_advice(found, configuration.crm, wanted))


def written(configuration: "Configuration", key: str, block: str) -> "Path":
    """Put the block `key` into crm.yaml, in the place of an older one; what would not load is taken back."""
    mappings = settings().mappings
    path = mappings / configuration.name / "crm.yaml"
    before = path.read_bytes()
    text = before.decode("utf-8-sig")
    older = re.compile(rf"^{key}:.*\n(?:[ \t].*\n|-.*\n|\n(?=[ \t]))*", re.MULTILINE)
    text = text if text.endswith("\n") else text + "\n"
    text = older.sub(lambda _: block, text, count=1) if older.search(text) else text + block
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    try:
        load(mappings, configuration.name)
    except MemorializationError:
        path.write_bytes(before)
        raise
    return path


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"
