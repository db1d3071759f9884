"""What HubSpot must hold in the end, from the twin's facts alone: the latest interaction wins, value by value.

Told by what happened and not by the product's rules: an interaction whose record can be found leaves it whole, another
one what its browser wrote; a person's edit stays if it came after the interaction was due. Left out is what nobody can
expect: values that CXone does not hand out, and transcripts longer than their field.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.app.world import World

CONTACT, TICKET = "0-1", "0-5"
NO_SOURCE = {"cxone_interaction_id", "cxone_recording_url"}
LIMITS = {"cxone_transcript": 4_000, "cxone_last_transcript": 65_536}

Name = tuple[str, str]
"""(record type, HubSpot's id of a contact, CXone's Contact ID of a ticket)"""


@dataclass
class Oracle:
    """`values`: per record and property what it must hold; `ends`: how it must end, where a person added to it."""

    values: dict[Name, dict[str, str]] = field(default_factory=dict)
    ends: dict[Name, dict[str, str]] = field(default_factory=dict)

    def wrong(self, world: World, names: Iterable[Name]) -> list[Any]:
        """(record, property, what it must hold, what it holds) of each value of these records that is wrong."""
        found: list[Any] = []
        with httpx.Client(base_url=f"{world.services.hubspot}/_twin/records") as portal:
            for name in names:
                ids = [name[1]]
                if name[0] == TICKET:
                    ids = portal.get(TICKET, params={"property": "cxone_contact_id", "value": name[1]}).json()
                if len(ids) != 1:
                    found.append((name, f"{len(ids)} records"))
                    continue
                held = portal.get(f"{name[0]}/{ids[0]}").json()["properties"]
                found += [(name, *difference) for difference in self._differences(name, held)]
        return found

    def _differences(self, name: Name, held: Mapping[str, str]) -> list[tuple[str, str, str]]:
        wanted, ends = self.values[name], self.ends.get(name, {})
        names = wanted.keys() | {p for p in held if p.startswith("cxone_")}
        pairs = [(p, _spelled(wanted, p), _spelled(held, p)) for p in sorted(names - ends.keys() - NO_SOURCE)]
        pairs = [(p, want, has) for p, want, has in pairs if want != has and _units(want) <= LIMITS.get(p, sys.maxsize)]
        return pairs + [
            (p, f"...{end}", held.get(p) or "") for p, end in ends.items() if not (held.get(p) or "").endswith(end)
        ]


def _spelled(values: Mapping[str, str], name: str) -> str:
    """A moment has as many milliseconds as its writer likes."""
    return re.sub(r"(?<=T\d\d:\d\d:\d\d)\.000Z$", "Z", values.get(name) or "")


def _units(text: str) -> int:
    """UTF-16 code units, as HubSpot counts."""
    return len(text.encode("utf-16-le")) // 2


def oracle(truth: Mapping[str, Any]) -> Oracle:
    """From `GET /_twin/truth` over the whole of a world."""
    told = Oracle()
    winner: dict[tuple[Name, str], Mapping[str, Any]] = {}
    tickets = {leg["ticket_id"]: leg["id"] for leg in truth["legs"] if leg["ticket_id"]}
    due = [leg for leg in truth["legs"] if leg["fate"]]
    for leg in sorted(due, key=lambda leg: (leg["end"], leg["id"], leg["start"])):
        for name, values in records(leg).items():
            for property_, value in values.items():
                told.values.setdefault(name, {})[property_] = value
                winner[name, property_] = leg
    for edit in sorted(truth["edits"], key=lambda edit: edit["at"]):
        name, property_ = (edit["type_id"], tickets.get(edit["record_id"], edit["record_id"])), edit["property"]
        leg = winner.get((name, property_))
        if leg and edit["at"] <= leg["due_at"]:
            continue
        told.ends.get(name, {}).pop(property_, None)
        if edit["value"] is None:
            told.ends.setdefault(name, {})[property_] = edit["append"].strip(" –")
        elif edit["value"] == "" and leg and not _arrived(leg, property_):
            told.ends.setdefault(name, {})[property_] = ""  # perhaps it was empty, and who empties that leaves no trace
        else:
            told.values.setdefault(name, {})[property_] = edit["value"]
    return told


def records(leg: Mapping[str, Any]) -> dict[Name, dict[str, str]]:
    """What an interaction leaves in its records when all is done."""
    found = {}
    if leg["ticket_id"] or leg["channel"] == "digital":  # a case without its ticket gets one
        found[TICKET, leg["id"]] = leg["values"]["ticket"]
    if leg["contact_record_id"]:
        values = leg["values"]["contact"]
        if leg["found_by"] == "hand":  # nobody can know it, but the browser did
            values = {p: v for p, v in values.items() if _arrived(leg, p)}
        found[CONTACT, leg["contact_record_id"]] = values
    return found


def _arrived(leg: Mapping[str, Any], name: str) -> bool:
    return leg["fate"]["write"] == "whole" and name not in leg["fate"]["fields_lost"]
