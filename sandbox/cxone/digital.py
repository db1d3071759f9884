"""Digital Experience (`/dfo/3.0`, cxone-api, section 4): cases, history, messages as they stand at a moment.

The history event schema is this twin's documented assumption, for NICE publishes none: `{id, eventType,
createdAt, createdAtWithMilliseconds, user, endUser, before, after}` with `inboxAssigneeUser`, `status` and
`routingQueueId` in before and after; `user` did it; null means the system, or the contact when `endUser` is
set. Oldest first.
"""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.catalogue import Agent, guid
from sandbox.conversation import SHORTENED_AT, Message, messages
from sandbox.cxone.answers import Refused, answer, whole
from sandbox.cxone.faults import Fault
from sandbox.interactions import CaseEvent, DigitalCase
from sandbox.live import detail_url
from sandbox.times import midnight, offset, offset_millis
from sandbox.world import World

PAGE = 25
LIVE_SCROLLS = 64
MESSAGE_ADDED = "MessageAddedIntoCase"


class DigitalApi:
    """Handlers over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._cases = sorted(world.cases.values(), key=lambda case: (case.created, case.case_id))
        self._opened = [case.created for case in self._cases]
        self._scrolls: dict[str, list[DigitalCase]] = {}
        self._withdrawn: set[str] = set()
        self._random = random.Random(world.settings.seed)

    def search(self, request: Request) -> Response:
        """GET /contacts: 25 a page; a scroll token walks the result as it was when the search began."""
        query, now = request.query_params, self._world.clock.ms()
        token = query.get("scrollToken")
        if token:
            found = self._scrolls.pop(token, None)
            if found is None:
                raise Refused(400, "scrollToken is unknown or used up; start the search again")
            hits = int(token.rpartition(".")[2])
        else:
            if query.get("sorting", "createdAt") != "createdAt":
                raise Refused(400, "sorting must be createdAt")
            found = self._matching(request, now)
            if query.get("sortingType", "asc").lower() == "desc":
                found.reverse()
            hits = len(found)
        page, rest = found[:PAGE], found[PAGE:]
        fresh = f"{self._random.getrandbits(96):024x}.{hits}"
        self._scrolls[fresh] = rest
        if len(self._scrolls) > LIVE_SCROLLS:
            del self._scrolls[next(iter(self._scrolls))]
        return answer({"hits": hits, "data": [self._view(case, now) for case in page], "scrollToken": fresh})

    def case(self, case_id: str) -> Response:
        """GET /contacts/{id}."""
        case, now = self._get(case_id)
        return answer(self._view(case, now))

    def history(self, request: Request, case_id: str) -> Response:
        """GET /contacts/{id}/history?page=1&size=50."""
        case, now = self._get(case_id)
        page, size = whole(request, "page", 1), whole(request, "size", 50, 100)
        rows = list(self._history(case, now))
        first = max(0, page - 1) * size
        return answer({"hits": len(rows), "data": rows[first : first + size]})

    def detail(self, case_id: str) -> Response:
        """GET /contacts/{id}/detail: the case with its channel, queue and messages."""
        case, now = self._get(case_id)
        channel = {"id": case.channel.channel_id, "name": case.channel.name, "isDeleted": False}
        queue = {"id": case.skill.queue_id, "name": case.skill.name, "skillId": case.skill.skill_id}
        rows = self._messages(case, now, Fault())
        return answer(self._view(case, now) | {"channel": channel, "routingQueue": queue, "messages": rows})

    def neighbours(self, case_id: str) -> Response:
        """GET /contacts/{id}/detail/pagination, by creation."""
        case, now = self._get(case_id)
        place = self._cases.index(case)
        before = self._cases[place - 1].case_id if place else None
        after = next((other.case_id for other in self._cases[place + 1 : place + 2] if other.created <= now), None)
        return answer({"previous": before, "next": after})

    def messages(self, case_id: str, fault: Fault) -> Response:
        """GET /contacts/{id}/messages: long ones shortened."""
        case, now = self._get(case_id)
        if fault.removed:
            self._withdrawn.add(case_id)
        rows = self._messages(case, now, fault)
        return answer({"hits": len(rows), "data": rows})

    def all_messages(self, request: Request) -> Response:
        """GET /messages?contactNumber=: of that case alone (without it the real one searches all)."""
        number = request.query_params.get("contactNumber")
        if number is None:
            raise Refused(400, "contactNumber is required")
        direction = request.query_params.getlist("direction") or ["inbound", "outbound"]
        case, now = self._get(number)
        rows = [row for row in self._messages(case, now, Fault()) if row["direction"] in direction]
        return answer({"hits": len(rows), "data": rows})

    def message(self, message_id: str) -> Response:
        """GET /messages/{id}: the whole message."""
        case, now = self._get(message_id.partition("-")[0])
        for message in messages(case):
            if message.message_id == message_id and message.at <= now:
                return answer(self._message(case, message, whole=True))
        raise Refused(404, f"message {message_id} not found")

    def _messages(self, case: DigitalCase, now: int, fault: Fault) -> list[dict[str, Any]]:
        told = [message for message in messages(case) if message.at <= now]
        return [self._message(case, message, cut=fault.shortened) for message in told]

    def channels(self) -> Response:
        return answer(
            [{"id": c.channel_id, "name": c.name, "isDeleted": False} for c in self._world.catalogue.channels]
        )

    def queues(self, request: Request) -> Response:
        """GET /routing-queues?size=: 50 unless told."""
        rows = [
            {"id": s.queue_id, "name": s.name, "skillId": s.skill_id, "isSubqueue": False}
            for s in self._world.catalogue.digital_skills
        ]
        return answer({"hits": len(rows), "data": rows[: whole(request, "size", 50, 500)]})

    def users(self) -> Response:
        return answer([_user(agent) for agent in self._world.catalogue.users])

    def _get(self, case_id: str) -> tuple[DigitalCase, int]:
        now, case = self._world.clock.ms(), self._world.cases.get(case_id)
        if case is None or case.created > now:
            raise Refused(404, f"contact {case_id} not found")
        return case, now

    def _matching(self, request: Request, now: int) -> list[DigitalCase]:
        query = request.query_params
        first, last = 0, bisect_right(self._opened, now)
        try:
            if "date[from]" in query:
                first = bisect_left(self._opened, midnight(date.fromisoformat(query["date[from]"])))
            if "date[to]" in query:
                after = date.fromisoformat(query["date[to]"]) + timedelta(days=1)
                last = min(last, bisect_left(self._opened, midnight(after)))
        except ValueError:
            raise Refused(400, "date[from] and date[to] must be days, YYYY-MM-DD") from None
        channels, states = query.getlist("channel[]"), query.getlist("status[]")
        queues, addresses = query.getlist("routingQueueId[]"), query.getlist("endUserIdOnExternalPlatform[]")
        owners, words = query.getlist("ownerAssignee[]"), query.get("query", "").lower()
        return [
            case
            for case in self._cases[first:last]
            if (not channels or case.channel.channel_id in channels)
            and (not queues or case.skill.queue_id in queues)
            and (not addresses or case.address in addresses)
            and (not words or words in f"{case.case_id} {case.customer_name} {case.address}".lower())
            and (not states or _state(case, now)[0] in states)
            and (not owners or str(owner.digital_id if (owner := _state(case, now)[3]) else "") in owners)
        ]

    def _view(self, case: DigitalCase, now: int) -> dict[str, Any]:
        status, changed, assignee, owner, assigned = _state(case, now)
        author = {
            "id": guid(case.address),
            "idOnExternalPlatform": case.address,
            "firstName": case.customer_name.partition(" ")[0],
            "lastName": case.customer_name.partition(" ")[2],
            "nickname": "",
            "fullName": case.customer_name,
        }
        fields = []
        if case.order_number:
            fields = [{"ident": "ordernumber", "value": case.order_number, "updatedAt": offset(case.created)}]
        abandon = None
        if case.abandoned_at and case.abandoned_at <= now:
            abandon = {"type": "abandon", "abandonedAt": offset(case.abandoned_at)}
        return {
            "id": case.case_id,
            "contactId": guid(case.case_id, "contact") if case.guids else None,
            "interactionId": guid(case.case_id, "interaction") if case.guids else None,
            "customerContactId": guid(case.case_id, "customer"),
            "threadId": guid(case.case_id, "thread"),
            "threadIdOnExternalPlatform": guid(case.case_id, "external-thread"),
            "channelId": case.channel.channel_id,
            "status": status,
            "statusUpdatedAt": offset(changed),
            "statusUpdatedAtWithMilliseconds": offset_millis(changed),
            "createdAt": offset(case.created),
            "createdAtWithMilliseconds": offset_millis(case.created),
            "direction": "outbound" if case.outbound else "inbound",
            "routingQueueId": case.skill.queue_id,
            "routingQueuePriority": 10,
            "inboxAssignee": assignee.digital_id if assignee else None,
            "inboxAssigneeUser": _user(assignee) if assignee else None,
            "inboxPreAssigneeUser": None,
            "ownerAssigneeUser": _user(owner) if owner else None,
            "inboxAssigneeLastAssignedAt": offset(assigned) if assigned else None,
            "endUser": {
                "id": guid(case.address, "user"),
                "firstName": author["firstName"],
                "surname": author["lastName"],
                "fullName": case.customer_name,
                "customFields": [],
                "identities": [author],
            },
            "authorEndUserIdentity": author,
            "recipients": [],
            "endUserRecipients": [
                {
                    "idOnExternalPlatform": case.address,
                    "name": case.customer_name,
                    "isPrimary": True,
                    "isPrivate": False,
                }
            ],
            "customFields": fields,
            "abandon": abandon,
            "detailUrl": detail_url(case),
        }

    def _history(self, case: DigitalCase, now: int) -> Iterator[dict[str, Any]]:
        """Changes and added messages merged in time; each begins where the last change ended."""
        added = [(m.at, 0, m) for m in messages(case) if m.at <= now]
        changed = [(e.at, 1, e) for e in case.events if e.at <= now]
        assignee: Agent | None = None
        status = "new"
        steps: list[tuple[int, int, Message | CaseEvent]] = [*added, *changed]
        for n, (at, _, step) in enumerate(sorted(steps, key=lambda s: s[:2])):
            before = _side(case, assignee, status)
            if isinstance(step, CaseEvent):
                assignee, status = step.assignee, step.status
                kind, user, by_contact = step.event_type, step.user, step.by_contact
            else:
                kind, user, by_contact = MESSAGE_ADDED, step.author, step.author is None
            contact = {"id": guid(case.address, "user"), "fullName": case.customer_name}
            yield {
                "id": f"{case.case_id}-e{n}",
                "eventType": kind,
                "createdAt": offset(at),
                "createdAtWithMilliseconds": offset_millis(at),
                "user": _user(user) if user else None,
                "endUser": contact if by_contact else None,
                "before": before,
                "after": _side(case, assignee, status),
            }

    def _message(
        self, case: DigitalCase, message: Message, *, whole: bool = False, cut: bool = False
    ) -> dict[str, Any]:
        """A message as the API shows it: `whole`, or shortened if it is long or all are `cut`."""
        text, removed = message.text, message.removed or case.case_id in self._withdrawn
        shortened = not whole and not removed and (message.shortened or (cut and bool(text)))
        if shortened:
            text = text[: min(SHORTENED_AT, len(text)) // 2]
        content: dict[str, Any] = {
            "type": message.kind,
            "payload": {"text": text},
            "fallbackText": text,
            "postback": None,
        }
        if removed:
            content |= {"payload": {"text": ""}, "fallbackText": ""}
        elif message.kind != "TEXT":
            content["payload"] = {"elements": []}
        elif message.legacy:
            content = {"type": "TEXT", "text": text}
        author = message.author
        identity = {"idOnExternalPlatform": case.address, "fullName": case.customer_name, "nickname": ""}
        return {
            "id": message.message_id,
            "threadId": guid(case.case_id, "thread"),
            "contactNumber": case.case_id,
            "title": "",
            "url": None,
            "direction": "outbound" if author else "inbound",
            "createdAt": offset(message.at),
            "createdAtWithMilliseconds": offset_millis(message.at),
            "messageContent": content,
            "hasAdditionalMessageContent": shortened,
            "contentRemoved": {"reason": "GDPR", "removedAt": offset(message.at)} if removed else None,
            "authorNameRemoved": None,
            "authorUser": _user(author) if author else None,
            "authorEndUserIdentity": None if author else identity,
            "attachments": [],
            "isDeletedOnExternalPlatform": False,
            "isHiddenOnExternalPlatform": False,
        }


def _state(case: DigitalCase, now: int) -> tuple[str, int, Agent | None, Agent | None, int | None]:
    """(status, since when, assignee, owner = last person assigned, last assigned at) at `now`."""
    status, changed = "new", case.created
    assignee: Agent | None = None
    owner: Agent | None = None
    assigned: int | None = None
    for event in case.events:
        if event.at > now:
            break
        if event.status != status:
            status, changed = event.status, event.at
        if event.assignee is not assignee and event.assignee is not None:
            assigned = event.at
            owner = owner if event.assignee.is_survey else event.assignee
        assignee = event.assignee
    return status, changed, assignee, owner, assigned


def _side(case: DigitalCase, assignee: Agent | None, status: str) -> dict[str, Any]:
    return {
        "inboxAssigneeUser": _user(assignee) if assignee else None,
        "status": status,
        "routingQueueId": case.skill.queue_id,
    }


def _user(agent: Agent) -> dict[str, Any]:
    """A user as Digital Experience shows one; incontactId is the employee number as a string (assumed)."""
    return {
        "id": agent.digital_id,
        "incontactId": str(agent.agent_id),
        "emailAddress": agent.email,
        "loginUsername": agent.email,
        "firstName": agent.first,
        "surname": agent.last,
        "nickname": "",
        "isBotUser": agent.is_bot,
        "isSurveyUser": agent.is_survey,
    }
