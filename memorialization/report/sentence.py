"""The verdict of a night: a state and one sentence, in the report's language."""

from collections.abc import Sequence
from typing import Literal

from memorialization.report.model import Funnel, Verdict
from memorialization.report.words import Language


def verdict(
    words: Language, f: Funnel, failures: Sequence[str], *, writes: bool, left_alone: int, open_: int, skipped: int
) -> Verdict:
    """`writes`: neither a dry run nor in observe mode. `left_alone`: values that differ and that somebody decided to
    leave as they are; `open_`: values that HubSpot refused, now or before, and that are offered again; `skipped`: rows
    of CXone."""
    wrong = f.missing + f.drifted + f.truncated - left_alone
    if failures:
        sentence = words.say("verdict.unsettled", failure=failures[0])
    elif not f.pulled:
        sentence = words.say("verdict.quiet")
    elif not writes:
        sentence = words.say("verdict.observed", equal=f.equal, values=f.values, wrong=wrong)
    elif not wrong:
        sentence = words.say("verdict.fine", equal=f.equal)
    else:
        sentence = words.say("verdict.mended", wrong=wrong, verified=f.verified)
    waiting = {
        "parked": f.parked,
        "rejected": open_,
        "held": f.held - left_alone if writes else 0,
        "withheld": f.withheld,
        "unreadable": f.unreadable,
        "verify_failed": f.verify_failed,
        "skipped": skipped,
    }
    told = [words.say(f"verdict.{what}", n=count) for what, count in waiting.items() if count]
    if told and not failures:
        sentence += words.say("verdict.waiting", what=", ".join(told))
    state: Literal["balanced", "attention", "failed"] = (
        "failed" if failures else "attention" if f.held > left_alone or told else "balanced"
    )
    return Verdict(state=state, sentence=sentence, failures=tuple(failures))
