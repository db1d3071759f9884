"""Who took part in a digital case: the agent under each of its ids, and how the customer can be found again.

An address is taken only if it plainly is one: other ids of external platforms are left alone.
Source: cxone-api, sections 1.4 and 4.1.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import phonenumbers

from plugins.cxone.fields import text_of
from plugins.cxone.lookups import Lookups
from plugins.cxone.transcript import full_name

_EMAIL: Final = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+")
_PHONE: Final = re.compile(r"\+?[\d\s()./-]{6,24}")


@dataclass(frozen=True, slots=True)
class Agent:
    """`number` is the ACD's agent id, else the best id there is: it is part of the interaction key."""

    number: str
    uuid: str | None
    name: str | None
    kind: Literal["human", "bot", "survey"]


def agent_of(user: Mapping[str, Any], lookups: Lookups) -> Agent:
    """A digital user has an id of its own, and an incontactId: the agent id or the user UUID."""
    known = text_of(user, "incontactId")
    if known and known.isdigit():
        number, uuid = known, lookups.agent_uuids.get(known)
    elif known:
        number, uuid = lookups.agent_ids.get(known.lower(), known), known.lower()
    else:
        number, uuid = text_of(user, "id") or "", None
    kind: Literal["human", "bot", "survey"] = "human"
    if user.get("isSurveyUser"):
        kind = "survey"
    elif user.get("isBotUser"):
        kind = "bot"
    return Agent(number, uuid, full_name(user), kind)


def customer_email(case: Mapping[str, Any]) -> str | None:
    """The first address of the customer that is an e-mail address, in lower case."""
    return next((address.lower() for address in _addresses(case) if _EMAIL.fullmatch(address)), None)


def customer_phone(case: Mapping[str, Any], regions: Sequence[str]) -> str | None:
    """The first address that is a valid phone number, in one of `regions` or international; as it is spelled."""
    return next((address for address in _addresses(case) if _is_phone(address, regions)), None)


def _addresses(case: Mapping[str, Any]) -> Iterator[str]:
    identities = (case.get("endUser") or {}).get("identities") or []
    for holder in [
        case.get("authorEndUserIdentity") or {},
        *identities,
        *(case.get("endUserRecipients") or []),
    ]:
        if address := text_of(holder, "idOnExternalPlatform"):
            yield address


def _is_phone(address: str, regions: Sequence[str]) -> bool:
    if not _PHONE.fullmatch(address):
        return False
    for spelling, where in (*((address, region) for region in regions), ("+" + address.lstrip("+"), None)):
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(spelling, where)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False
