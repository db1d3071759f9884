"""What coverage adds to a report: the section, and in the verdict the gaps that no later night heals by itself."""

from memorialization.report.model import Coverage, Report
from memorialization.report.words import ENGLISH, Language, language


def with_coverage(report: Report, coverage: Coverage, *, nightly: bool) -> Report:
    """The report with its section. In a scheduled night's, a gap that is too old to be healed by one needs a person."""
    verdict, words = report.verdict, language(report.run.language)
    old = [gap for gap in coverage.gaps if gap.too_old]
    if nightly and old:
        days = words.days(day for gap in old for day in gap.days)
        also = words.say("verdict.never_covered", days=days, command=old[0].command)
        state = "attention" if verdict.state == "balanced" else verdict.state
        verdict = verdict.model_copy(update={"sentence": verdict.sentence + also, "state": state})
    return report.model_copy(update={"coverage": coverage, "verdict": verdict})


def healed(coverage: Coverage, words: Language = ENGLISH) -> list[str]:
    """Sentences about the days that the run took along."""
    return [
        words.say("coverage.healed", days=words.days(part.days), was=words.texts[f"coverage.was.{part.was}"])
        for part in coverage.healed
    ]
