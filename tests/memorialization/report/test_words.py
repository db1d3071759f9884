"""No verdict, no reason for holding and no outcome of the funnel is without its sentence."""

from memorialization.compare import VERDICTS
from memorialization.gate import HELD_REASONS
from memorialization.rendering import Status
from memorialization.report.model import Funnel
from memorialization.report.words import GLOSSARY, HELD, PARKED, WITHHELD, cure, likely_cause


def test_every_word_of_the_funnel_is_explained() -> None:
    assert set(VERDICTS) <= set(GLOSSARY)
    assert set(Funnel.model_fields) - {"pulled", "targets", "values"} <= set(GLOSSARY)


def test_every_reason_says_what_to_do_next() -> None:
    assert set(HELD) == set(HELD_REASONS)
    assert set(PARKED) == {"ambiguous", "unmatched"}
    assert set(WITHHELD) == {s.name.lower() for s in Status if s >= Status.TOO_LONG}


def test_a_cure_goes_by_code_then_by_category_then_in_general() -> None:
    assert cure("READ_ONLY_VALUE", "VALIDATION_ERROR") == "HubSpot computes this property. Map to another one."
    assert cure(None, "CONFLICT").startswith("Another record already holds this unique value.")
    assert cure("NEVER_SEEN", None).endswith("finds the call by its correlation id.")


def test_a_pattern_has_a_likely_cause() -> None:
    assert "time zone" in likely_cause("times +1 h apart")
    assert "another form" in likely_cause("spelled 'a' instead of '9'")
    assert "rendering" in likely_cause("")
