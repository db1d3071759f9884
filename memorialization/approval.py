"""What a person is asked before a large plan is applied: limits and numbers, never a value of anybody.

Works on plans as the ledger keeps them. The limits are those of `approval` in crm.yaml; the runs of backfills share
them, and so does an approval, up to the number of values that the person grants the whole backfill.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any, Final

from memorialization.crm import Approval

MADE: Final = "made"  # waits for a person
NOT_NEEDED: Final = "not_needed"  # within the limits
APPROVED: Final = "approved"
REFUSED: Final = "refused"
EXPIRED: Final = "expired"
APPLIED: Final = "applied"

WITHOUT_LEAVE: Final = (MADE, REFUSED, EXPIRED)
"""States in which nothing of a plan may be written."""

SHARE_FROM: Final = 100
"""Of fewer comparable values than these, a share says nothing."""

Plan = Mapping[str, Any]
"""A row of the ledger's `plans`."""


def above(counts: Sequence[Mapping[str, Any]], limits: Approval) -> list[str]:
    """The limits that plans exceed together, each as a clause with both numbers."""
    overwrites, creates, comparable, notes, mended = (
        sum(int(c[name]) for c in counts) for name in ("overwrites", "creates", "comparable", "notes", "mended")
    )
    found = []
    if overwrites + mended > limits.max_overwrites:
        what = f"{overwrites + mended:,} overwritten values{_of_them(mended)}"
        found.append(f"{what}, max_overwrites is {limits.max_overwrites:,}")
    if creates + notes > limits.max_creates:
        found.append(f"{creates + notes:,} new records{_of_them(notes)}, max_creates is {limits.max_creates:,}")
    if comparable >= SHARE_FROM and overwrites / comparable > limits.max_changed_share:
        found.append(
            f"{overwrites / comparable:.1%} of {comparable:,} comparable values overwritten, "
            f"max_changed_share is {limits.max_changed_share:.1%}"
        )
    return found


def amount(counts: Mapping[str, Any]) -> int:
    """How many values a plan writes; a note is one."""
    return sum(int(counts[name]) for name in ("values", "notes", "mended"))


def _of_them(notes: int) -> str:
    return f" ({notes:,} of them notes)" if notes else ""


def given_before(before: Sequence[Plan], total: int) -> Plan | None:
    """The plan of a backfill whose approval covers `total` values, too; the newest one."""
    return next(
        (p for p in reversed(before) if p["approved_values"] is not None and total <= p["approved_values"]), None
    )


def numbers(plan: Plan) -> Iterator[str]:
    """The plan in figures, a sentence each."""
    counts = plan["counts"]
    yield (
        f"{counts['values']:,} values in {counts['records']:,} records: {counts['overwrites']:,} replace a value that "
        f"HubSpot holds, the others fill an empty property. {counts['creates']:,} records are new."
    )
    if counts["notes"] or counts["mended"] or counts["associations"]:
        yield (
            f"Beside these: {counts['notes']:,} new notes with whole transcripts, {counts['mended']:,} notes whose "
            f"text is replaced, {counts['associations']:,} new associations."
        )
    if plan["backfill"]:
        yield f"With the runs of the backfill before it: {counts['total']:,} values."
    for clause in plan["exceeds"]:
        yield f"Above the limit: {clause}."


def question(plan: Plan, window: str) -> str:
    """What is asked, as Markdown: the numbers, and the values by property and verdict."""
    until = plan["expires_at"].astimezone(UTC)
    rows = "\n".join(
        f"| {row['entity']} | {row['property']} | {row['verdict']} | {row['n']:,} |"
        for row in plan["counts"]["properties"]
    )
    return "\n".join(
        [
            f"**{plan['configuration']}**, {window}",
            "",
            *(f"* {line}" for line in numbers(plan)),
            "",
            "| record type | property | found | values |",
            "|---|---|---|---:|",
            rows,
            "",
            f"Run {plan['run_id']}, plan {plan['plan_hash']}, may be applied until {until:%Y-%m-%d %H:%M} UTC. "
            "*Approve* writes exactly this; *Reject*, or no answer in time, writes nothing: the interval stays open.",
        ]
    )


def why_not(plan: Plan) -> str:
    """Why nothing of the plan was written, and what to do."""
    what = f"the plan of run {plan['run_id']} was not applied"
    if plan["state"] == REFUSED:
        return f"{what}: {plan['decided_by']} refused it"
    if plan["state"] == EXPIRED:
        return f"{what}: nobody approved it in time. Run the window again"
    return (
        f"{what}: a person must approve it first ({'; '.join(plan['exceeds'])}). To apply it: "
        f"memorialize apply {plan['run_id']} --approve {plan['plan_hash']}"
    )
