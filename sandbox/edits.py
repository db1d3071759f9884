"""What people and HubSpot workflows change in the CRM: on 1 % of the records, mostly after the live write.

One in five comes before it, between the interaction's start and its due moment, and does not count as later.
"""

import random
from collections.abc import Iterable, Iterator
from datetime import date

from sandbox.catalogue import DISPOSITIONS
from sandbox.interactions import DigitalCase, Edit, VoiceLeg
from sandbox.people import Customer
from sandbox.schema import CONTACT, TICKET
from sandbox.times import HOUR, MINUTE

EDITED = 0.01
_USERS = (700_101, 700_102, 700_103, 700_104)


def day_edits(seed: int, day: date, legs: Iterable[VoiceLeg], cases: Iterable[DigitalCase]) -> Iterator[Edit]:
    """The edits of one day's records, in no order."""
    rng = random.Random(f"{seed}:{day}:edits")
    for leg in legs:
        if leg.due:
            yield from _edits(rng, leg.start, leg.due, leg.ticket_id, leg.linked)
    for case in cases:
        last = next((leg for leg in reversed(case.legs) if leg.due), None)
        if last and last.due:
            yield from _edits(rng, last.start, last.due, case.ticket_id, case.linked)


def _edits(rng: random.Random, start: int, due: int, ticket_id: str | None, linked: Customer | None) -> Iterator[Edit]:
    for type_id, record_id in ((TICKET, ticket_id), (CONTACT, linked.record_id if linked else None)):
        draw, when, what = rng.random(), rng.random(), rng.random()
        if record_id is None or draw >= 2 * EDITED:
            continue
        if draw >= EDITED:
            name, value = ("hs_ticket_priority", "HIGH") if type_id == TICKET else ("lifecyclestage", "customer")
            yield Edit(due + int(when * HOUR), type_id, record_id, name, value, "", None)
            continue
        user = _USERS[int(draw / EDITED * len(_USERS))]
        after = what < 0.8
        at = due + MINUTE + int(when * 20 * HOUR) if after else start + 5000 + int(when * max(0, due - start - 6000))
        prefix = "cxone_" if type_id == TICKET else "cxone_last_"
        notes = "cxone_disposition_notes" if type_id == TICKET else "cxone_last_notes"
        if what < 0.4:
            choices = [d.name for d in DISPOSITIONS if d.active]
            name, value, append = f"{prefix}disposition", choices[int(when * len(choices))], ""
        elif what < 0.65 or not after:
            yield Edit(at, type_id, record_id, notes, None, " – Nachtrag: Kunde bestätigt.", user)
            continue
        else:
            name, value, append = (f"{prefix}agent_name" if type_id == TICKET else notes), "", ""
        yield Edit(at, type_id, record_id, name, value, append, user)
