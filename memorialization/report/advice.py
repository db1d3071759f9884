"""What the lengths of a field's transcripts say, and what to do about it, in words; every figure is in the report."""

from memorialization.ports import LARGEST_TEXT
from memorialization.report.model import Truncation
from memorialization.report.words import Language


def advice(t: Truncation, words: Language) -> str:
    """One to four sentences: whether they fit, what would hold them, and how they grow."""
    said = [_fit(t, words)]
    if t.advice.kind == "choose_policy":
        said.append(words.say("transcripts.policies"))
    if t.advice.kind == "text_area" or (t.over_limit and t.format == "single_line"):
        said.append(words.say("transcripts.one_line"))
    if t.advice.holds:
        said.append(words.say("transcripts.holds", fields=", ".join(t.advice.holds)))
    if t.growth is not None:
        key = "transcripts.steady" if t.growth.tight_on is None else "transcripts.grows"
        day = t.growth.tight_on or ""
        said.append(words.say(key, nights=t.growth.nights, more=t.growth.per_month, day=day))
    return " ".join(said)


def _fit(t: Truncation, words: Language) -> str:
    if not t.transcripts:
        return words.say("transcripts.none_here")
    if not t.over_limit:
        return words.say("transcripts.all_fit", n=t.transcripts, share=words.share(t.longest, t.limit))
    fit = words.say("transcripts.not_fit", over=t.over_limit, n=t.transcripts, limit=t.limit)
    if t.shortened_by_policy:
        return f"{fit} {words.say('transcripts.by_policy', cut=t.shortened_by_policy)}"
    return f"{fit} {words.say('transcripts.largest' if t.limit >= LARGEST_TEXT else 'transcripts.raise')}"
