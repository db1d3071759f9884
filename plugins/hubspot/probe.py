"""Settles by trying what no document says about HubSpot, on a test account, and leaves nothing behind.

All of it happens on one contact and with properties of its own, which are archived at the end whatever happened.
A question that an answer does not settle is answered with "unknown", never with a guess. Questions: hubspot-api,
section 12.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from memorialization.errors import ConfigurationError, MemorializationError, ServiceUnavailable
from memorialization.ports import Account
from plugins.hubspot.client import Answer, Client
from plugins.hubspot.failures import Refused, contract, reason
from plugins.hubspot.schema import STANDARD

TEST_ACCOUNTS = ("DEVELOPER_TEST", "SANDBOX")
UNKNOWN = "unknown"
PAUSE = 5.0  # seconds in which what HubSpot recalculates after a change settles

_CONTACT, _CALL = STANDARD["Contact"], STANDARD["Call"]
_LIMIT = 65_536
_REQUESTS = tuple(2**power for power in range(20, 25))  # bytes: 1 to 16 MiB
_KEY, _TEXT = "memorialize_probe_key", "memorialize_probe_text"
_GROUP = "contactinformation"
_MODIFIED = "lastmodifieddate"
_EMOJI, _UMLAUT = "\U0001f600", "ä"  # 2 UTF-16 units, 4 bytes; 1 unit, 2 bytes


class LeftBehind(MemorializationError):
    """The probe could not clean up after itself; the message names what stays. A retry cleans up as well."""


@dataclass(frozen=True, slots=True)
class Tried:
    """How HubSpot answered one write."""

    accepted: bool
    status: int = 200
    category: str | None = None
    code: str | None = None

    def told(self) -> dict[str, Any]:
        return {"status": self.status, "category": self.category, "code": self.code}


def check_test_account(account: Account) -> None:
    """Raises ConfigurationError unless the account says of itself that it is for tests."""
    if account.account_type not in TEST_ACCOUNTS:
        raise ConfigurationError(
            f"Hub ID {account.portal_id} is an account of type {account.account_type}: the probe writes, so it runs on "
            f"{' or '.join(TEST_ACCOUNTS)} only. Make a test account in HubSpot (Development > Test accounts)."
        )


def probe(client: Client, progress: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """The answers, as `crm.Probed` names them, without time and account; `progress` is told what is tried.

    Raises PermissionMissing without the scopes crm.schemas.contacts.write and crm.objects.contacts.write.
    """
    with _stage(client) as one:
        answers: dict[str, Any] = {}
        progress("lengths and their unit")
        answers |= _lengths(one)
        progress("size of requests")
        answers |= _request_size(one, answers["over_limit"])
        progress("white space")
        answers["trims_text"] = _trims(one)
        answers["newlines"] = _newlines(one)
        progress("times of change")
        answers["unchanged_write_bumps_modified"] = _bumps(one)
        progress("upserts, batches and unique values")
        answers["partial_upsert_by_email"] = _partial_upsert(one)
        answers["over_batch"] = _over_batch(client)
        answers["unique_on_engagements"] = _unique_on_engagements(client)
        answers["upsert_on_archived"] = _upsert_on_archived(one)
    return answers


class _Stage:
    """The probe's one contact; every id that it met is archived at the end."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.key = f"probe-{secrets.token_hex(6)}"
        self.email = f"{self.key}@example.com"
        self.ids: set[str] = set()
        self.id = ""

    def begin(self) -> None:
        self.id = self.upsert({"email": self.email, _TEXT: "begin"})

    def archive(self) -> None:
        """Also what an upsert made whose answer never came."""
        answer = self.client.batch_read(_CONTACT, {"idProperty": _KEY, "properties": [], "inputs": [{"id": self.key}]})
        ids = self.ids.union(str(record["id"]) for record in answer.results)
        if ids:
            self.client.batch_archive(_CONTACT, sorted(ids))

    def upsert(self, properties: dict[str, str]) -> str:
        inputs = {"id": self.key, "idProperty": _KEY, "properties": {**properties, _KEY: self.key}}
        answer = self.client.batch_upsert(_CONTACT, [inputs])
        with contract("upserting the probe's contact"):
            self.ids.add(str(answer.results[0]["id"]))
            return str(answer.results[0]["id"])

    def write(self, value: str) -> Tried:
        return _tried(lambda: self.client.batch_update(_CONTACT, [{"id": self.id, "properties": {_TEXT: value}}]))

    def read(self, name: str = _TEXT) -> str:
        answer = self.client.batch_read(_CONTACT, {"inputs": [{"id": self.id}], "properties": [name]})
        with contract("reading the probe's contact"):
            return answer.results[0]["properties"].get(name) or ""


@contextmanager
def _stage(client: Client) -> Iterator[_Stage]:
    _remove(client, _CONTACT, (_KEY, _TEXT))  # of a probe that was cut off
    stage = _Stage(client)
    made: list[str] = []
    cause = ""
    try:
        for name, field, unique in ((_KEY, "text", True), (_TEXT, "textarea", False)):
            client.create_property(_CONTACT, _definition(name, field, _GROUP, unique=unique))
            made.append(name)
        stage.begin()
        yield stage
    except MemorializationError as error:
        cause = f" It broke off before: {error}"
        raise
    finally:
        left = []
        try:
            if len(made) == 2:
                stage.archive()
        except MemorializationError:
            left.append(f"the contact {stage.email}")
        left += [f"the property {name}" for name in _remove(client, _CONTACT, tuple(made))]
        if left:
            raise LeftBehind(f"the probe could not remove {', '.join(left)}. Archive them in HubSpot by hand.{cause}")


def _definition(name: str, field: str, group: str, *, unique: bool) -> dict[str, Any]:
    return {
        "name": name, "label": "Memorialize probe", "type": "string", "fieldType": field, "groupName": group,
        "description": "Made by a probe, which removes it", "hasUniqueValue": unique, "formField": False,
    }  # fmt: skip


def _remove(client: Client, type_id: str, names: tuple[str, ...]) -> list[str]:
    """Archive the probe's properties; returns those that stay."""
    left = []
    for name in names:
        try:
            client.archive_property(type_id, name)
        except Refused as refusal:
            if refusal.status != 404:
                left.append(name)
        except MemorializationError:
            left.append(name)
    return left


def _tried(call: Callable[[], Answer]) -> Tried:
    try:
        answer = call()
    except Refused as refusal:
        return Tried(False, refusal.status, refusal.reason.category, refusal.reason.code)
    if answer.errors or not answer.results:
        why = reason(answer.errors[0] if answer.errors else {})
        return Tried(False, 207 if answer.partial else 200, why.category, why.code)
    return Tried(True)


def _lengths(one: _Stage) -> dict[str, Any]:
    """The limit, its unit, and what is done with a longer text."""
    whole = _kept(one, "a" * _LIMIT)
    longer = one.write("a" * (_LIMIT + 1))
    found: dict[str, Any] = {"string_limit": _LIMIT if whole else UNKNOWN, "character_unit": UNKNOWN}
    found["over_limit"] = longer.told()
    if longer.accepted:
        held = len(one.read())
        found["over_limit"]["kept"] = held
        found["string_limit"] = held if held <= _LIMIT else UNKNOWN
        return found
    if whole:
        astral = _kept(one, _EMOJI * (_LIMIT // 2 + 1))  # too long in UTF-16 units, half the limit in code points
        wide = _kept(one, _UMLAUT * _LIMIT)  # just fits in UTF-16 units, twice the limit in bytes
        found["character_unit"] = "code_points" if astral and wide else "utf16" if wide else "bytes"
        if astral and not wide:
            found["character_unit"] = UNKNOWN
    return found


def _request_size(one: _Stage, over_limit: dict[str, Any]) -> dict[str, Any]:
    """The largest request that was read, told by what was said of its text; and the answer to one that was not."""
    largest: int | str = UNKNOWN
    for size in _REQUESTS:
        try:
            answer = one.write("a" * size)
        except ServiceUnavailable:  # cut off, or a page of some gateway: no answer of HubSpot's
            return {"request_bytes": largest, "over_request": {"status": 0, "category": None, "code": None}}
        if not answer.accepted and answer.told() != {k: over_limit[k] for k in answer.told()}:
            return {"request_bytes": largest, "over_request": answer.told()}
        largest = size
    return {"request_bytes": largest, "over_request": None}


def _kept(one: _Stage, text: str) -> bool:
    return one.write(text).accepted and one.read() == text


def _trims(one: _Stage) -> bool | str:
    text = "  a \u00a0b  "
    if not one.write(text).accepted:
        return UNKNOWN
    held = one.read()
    return False if held == text else True if held == text.strip() else UNKNOWN


def _newlines(one: _Stage) -> str:
    """kept, lf (all made \\n), crlf, or flattened."""
    text = "a\r\nb\nc\rd"
    if not one.write(text).accepted:
        return UNKNOWN
    spellings = {text: "kept", "a\nb\nc\nd": "lf", "a\r\nb\r\nc\r\nd": "crlf", "a b c d": "flattened"}
    return spellings.get(one.read(), UNKNOWN)


def _bumps(one: _Stage) -> bool | str:
    if not one.write("same").accepted:
        return UNKNOWN
    time.sleep(PAUSE)
    before = one.read(_MODIFIED)
    if not one.write("same").accepted:
        return UNKNOWN
    time.sleep(PAUSE)
    return one.read(_MODIFIED) != before


def _partial_upsert(one: _Stage) -> str:
    """What an upsert by e-mail does to properties that it leaves out: kept, blanked, or refused as a whole."""
    one.write("stays")
    inputs = [{"id": one.email, "idProperty": "email", "properties": {"email": one.email, "firstname": "Probe"}}]
    if not _tried(lambda: one.client.batch_upsert(_CONTACT, inputs)).accepted:
        return "refused"
    held = one.read()
    return "kept" if held == "stays" else "blanked" if held == "" else UNKNOWN


def _over_batch(client: Client) -> dict[str, Any]:
    body = {"properties": [], "inputs": [{"id": str(number)} for number in range(1, 102)]}
    return _tried(lambda: client.batch_read(_CONTACT, body)).told()


def _unique_on_engagements(client: Client) -> bool | str:
    """Whether a call takes a property with unique values of our own."""
    _remove(client, _CALL, (_KEY,))
    try:
        groups = client.property_groups(_CALL).results
        made = client.create_property(_CALL, _definition(_KEY, "text", groups[0]["name"], unique=True))
    except Refused:
        return False
    except (MemorializationError, LookupError):
        return UNKNOWN
    if _remove(client, _CALL, (_KEY,)):
        raise LeftBehind(f"the probe could not remove the property {_KEY} of calls. Archive it in HubSpot by hand.")
    return bool(made.body.get("hasUniqueValue"))


def _upsert_on_archived(one: _Stage) -> str:
    """What an upsert with the unique value of an archived record does: created, restored, or refused."""
    first = one.id
    one.client.batch_archive(_CONTACT, [first])
    try:
        second = one.upsert({_TEXT: "again"})
    except Refused:
        return "refused"
    return "restored" if second == first else "created"
