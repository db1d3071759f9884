"""The run's plan in its report: its numbers, and who decided what about it."""

from datetime import UTC, datetime

from memorialization.approval import Plan
from memorialization.report.model import PlanApproval


def planned(plan: Plan) -> PlanApproval:
    counts = plan["counts"]
    return PlanApproval(
        state=plan["state"],
        plan_hash=plan["plan_hash"],
        **{name: counts[name] for name in ("values", "overwrites", "creates", "records", "comparable")},
        exceeds=tuple(plan["exceeds"]),
        expires_at=_moment(plan["expires_at"]),
        decided_by=plan["decided_by"],
        decided_at=_moment(plan["decided_at"]) if plan["decided_at"] else None,
    )


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
