"""Tells one interaction's story from facts: what CXone said, what was due and where, what HubSpot holds, what is next.

Facts in, story out; nothing is asked of anybody here (`app.explain` gathers). Verdicts are those of the product's own
steps, replayed for this interaction alone. Of a value that was written the ledger knows hash and length only; values
that CXone and HubSpot hold now are masked unless they are to be revealed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from memorialization.compare import (
    DRIFTED,
    EDITED,
    MISSING,
    REPAIRABLE,
    TRUNCATED,
    UNREADABLE,
    WITHHELD,
)
from memorialization.matching import MATCHED, PARKED, RESOLVED
from memorialization.ownership import Holder
from memorialization.ports import Change, Window
from memorialization.preview import masked
from memorialization.report.words import ENGLISH
from memorialization.settle import DUE, NEVER_DUE, PROVISIONAL

NOT_DUE: Final[Mapping[str, str]] = {
    "unsupported_media": "CXone memorializes nothing for this kind of media",
    "abandoned": "the customer hung up before an agent answered",
    "no_agent": "no agent had it",
    "refused": "the agent refused it",
    "bot_or_survey": "a bot or a survey had it, no person",
    "no_assignment": "no assignment in workflows.yaml gives its skill or channel a mapping",
    "not_closed": "its case was never closed, and this tenant writes when a case is closed",
    "never_became_due": "it never came to an end within the settle horizon",
    "still_assigned": "it is still assigned to the agent",
    "wrap_up_open": "its after-call work is still open",
}
"""What the reasons of `settle` mean."""

_RULES: Final[Mapping[str, str]] = {
    "key": "it holds the CXone id in the section's key property",
    "stored id": "the script stored this record id",
    "e-mail": "it is the only one with the customer's e-mail",
    "phone": "it is the only one with the customer's phone number",
    "company of the contact": "it is the primary company of the matched contact",
    RESOLVED: "a person decided so",
    "kept": "an earlier run matched it",
}


@dataclass(frozen=True, slots=True)
class Written:
    """One receipt of a value: when its run started, and what the ledger keeps of before and after."""

    at: datetime
    run_id: str
    reverts: str | None
    interaction_key: str
    outcome: str
    verified: bool | None
    before_hash: int | None
    before_length: int | None
    after_hash: int
    after_length: int
    code: str | None = None


@dataclass(frozen=True, slots=True)
class ValueFacts:
    """One mapped property of one record. `verdict` is None where CXone's row is not known any more."""

    property: str
    cxone_data: str
    transcript: bool
    verdict: str | None
    reason: str
    ownership: str
    desired: str | None
    held: str | None
    newest: Change | None
    holder: Holder | None
    receipts: tuple[Written, ...]


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """One section of the mapping. `rule`: how the record was found first; `by`: whose resolution led to it."""

    entity: str
    outcome: str
    record_id: str | None
    link: str | None
    rule: str | None
    by: str | None
    reason: str | None
    candidates: tuple[str, ...]
    decided: str | None
    values: tuple[ValueFacts, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one interaction. `said`: CXone's row, by column; `origin` says where it was read.

    `interval`: the schedule's interval that holds the leg's end.
    """

    configuration: str
    mode: str
    integration_sources: frozenset[str]
    interaction_key: str
    channel: str
    state: str
    reason: str | None
    mapping: str | None
    ended_by: str | None
    start_time: datetime | None
    end_time: datetime | None
    said: Mapping[str, Any]
    origin: str
    seen_by: str
    interval: Window | None
    now: datetime
    targets: tuple[TargetFacts, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class ValueStory:
    """`should` and `holds` are masked unless revealed; `whose`: the interaction whose value stands there, and
    whether we wrote it or it was found there (live); else who changed it, and when."""

    property: str
    cxone_data: str
    verdict: str
    should: str
    holds: str
    whose: str
    changed_at: datetime | None
    source: str | None
    written: tuple[Written, ...]
    next: str


@dataclass(frozen=True, slots=True)
class TargetStory:
    """One record, or why there is none."""

    entity: str
    outcome: str
    record_id: str | None
    link: str | None
    why: str
    candidates: tuple[str, ...]
    next: str
    values: tuple[ValueStory, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """The whole story; times are UTC."""

    configuration: str
    interaction_key: str
    channel: str
    cxone: Mapping[str, str]
    origin: str
    state: str
    why: str
    mapping: str | None
    next: str
    targets: tuple[TargetStory, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def tell(facts: Facts, *, reveal: bool) -> Story:
    """`reveal`: show values as they are; else first and last character and the length."""
    return Story(
        configuration=facts.configuration,
        interaction_key=facts.interaction_key,
        channel=facts.channel,
        cxone=_cxone(facts, reveal=reveal),
        origin=facts.origin,
        state=facts.state,
        why=_why_due(facts),
        mapping=facts.mapping,
        next=_next_of(facts),
        targets=tuple(_target(facts, target, reveal=reveal) for target in facts.targets),
    )


def _cxone(facts: Facts, *, reveal: bool) -> dict[str, str]:
    """What CXone said, by a word for each fact; the customer's own facts are masked."""
    said = facts.said
    result = {
        "direction": said.get("direction"),
        "media": said.get("media_type"),
        "start": _instant(facts.start_time),
        "end": _instant(facts.end_time),
        "due": _instant(said.get("due_at")),
        "skill": said.get("skill_name"),
        "agent": said.get("agent_name"),
        "disposition": said.get("disposition_name"),
        "end reason": said.get("end_reason"),
        "ended by": facts.ended_by,
    }
    for word, column in (("e-mail", "customer_email"), ("phone", "customer_phone")):
        value = said.get(column)
        result[word] = value if reveal or value is None else masked(value)
    return {word: str(value) for word, value in result.items() if value}


def _why_due(facts: Facts) -> str:
    if facts.state == DUE:
        return "it has ended, and the live system has had its moment"
    return NOT_DUE.get(facts.reason or "", facts.reason or "the ledger tells no reason")


def _next_of(facts: Facts) -> str:
    if facts.state == PROVISIONAL:
        return "the next night looks again"
    if facts.state == NEVER_DUE:
        return "nothing"
    return "see each record below" if facts.targets else "nothing: its mapping has no section for this channel"


def _again(facts: Facts) -> str:
    """Which run takes the interaction up: the next one, or, where its interval is over, one a person starts."""
    if facts.interval is None or facts.interval.end > facts.now:
        return "the next night"
    start, end = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (facts.interval.start, facts.interval.end))
    return f"memorialize run -c {facts.configuration} --from {start} --to {end}"


def _target(facts: Facts, target: TargetFacts, *, reveal: bool) -> TargetStory:
    if target.outcome == MATCHED:
        rule = target.rule or "kept"
        why = _RULES.get(rule, f"it holds the CXone id ({rule})" if rule.startswith("property ") else rule)
        if target.by and target.by != facts.interaction_key:
            why += f", about {target.by}"
        next_ = ""
    elif target.outcome == PARKED:
        why = "several records fit" if target.candidates else "no record fits"
        resolve = (
            f"memorialize parked resolve -c {facts.configuration} {facts.interaction_key} --entity {target.entity}"
        )
        next_ = (
            f"a person decided on {target.decided}; {_again(facts)} takes it up"
            if target.decided
            else f"waits for a person: {resolve} --record ID"
        )
    else:
        why = ENGLISH.glossary.get(target.outcome, target.outcome).rstrip(".")
        next_ = _again(facts) if target.outcome == "to_create" else "nothing"
    return TargetStory(
        entity=target.entity,
        outcome=target.outcome,
        record_id=target.record_id,
        link=target.link,
        why=why,
        candidates=target.candidates,
        next=next_,
        values=tuple(_value(facts, value, reveal=reveal) for value in target.values),
    )


def _value(facts: Facts, value: ValueFacts, *, reveal: bool) -> ValueStory:
    def shown(text: str | None) -> str:
        return (text or "empty") if reveal else masked(text, whole=value.transcript)

    return ValueStory(
        property=value.property,
        cxone_data=value.cxone_data,
        verdict=value.verdict or "unknown",
        should=shown(value.desired),
        holds=shown(value.held),
        whose=_whose(facts, value),
        changed_at=value.newest.at if value.newest else None,
        source=value.newest.source_type if value.newest else None,
        written=value.receipts,
        next=_next(facts, value),
    )


def _whose(facts: Facts, value: ValueFacts) -> str:
    """Who set what HubSpot holds; a person's edit comes first, as it does in a run."""
    newest, holder = value.newest, value.holder
    if newest is None:
        return "never set"
    if newest.source_type not in facts.integration_sources:
        return f"{ENGLISH.source(newest.source_type)}, {_minute(newest.at)}"
    if holder is None:
        return f"an integration, {_minute(newest.at)}"
    whose = "this one" if holder.interaction_key == facts.interaction_key else holder.interaction_key
    return f"{whose}, {'by us' if holder.written else 'live'}"


def _next(facts: Facts, value: ValueFacts) -> str:
    match value.verdict:
        case verdict if verdict in REPAIRABLE:
            if value.ownership == "fill_if_empty" and verdict != MISSING:
                return "nothing: its row fills empty properties only"
            if facts.mode == "observe":
                return f"nothing while the configuration observes: memorialize adopt -c {facts.configuration}"
            return _again(facts)
        case verdict if verdict == EDITED:
            return "nothing: the edit stays (ownership: pipeline in the mapping overrules it)"
        case verdict if verdict == WITHHELD:
            return ENGLISH.withheld.get(value.reason, ENGLISH.general["reason"])
        case verdict if verdict == UNREADABLE:
            return ENGLISH.general["unreadable"]
        case None:
            return "not known: CXone's row is gone"
        case _:
            return "nothing"


def tone(verdict: str) -> str:
    """How grave a verdict is: calm, wait or bad."""
    if verdict in (MISSING, DRIFTED, TRUNCATED, UNREADABLE):
        return "bad"
    return "wait" if verdict in (WITHHELD, EDITED, PARKED, PROVISIONAL) else "calm"


def runs_of(story: Story) -> Sequence[Written]:
    """One receipt of each run that touched any of the values, the oldest first."""
    found = {w.run_id: w for t in story.targets for v in t.values for w in v.written}
    return sorted(found.values(), key=lambda w: (w.at, w.run_id))


def _instant(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else None


def _minute(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
