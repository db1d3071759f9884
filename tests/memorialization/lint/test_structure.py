import pytest

from memorialization.interactions import DIGITAL, SCRIPT, VOICE
from memorialization.lint.structure import canonical, canonical_row, field_problem, mapped_twice


@pytest.mark.parametrize("written", ["Agent ID", "agent id", "AGENTID", " Agent  Id\t"])
def test_a_name_is_matched_without_regard_to_case_or_spacing(written: str) -> None:
    assert canonical(written, ["Agent Name", "Agent ID"]) == "Agent ID"


@pytest.mark.parametrize("written", ["Agent_ID", "Agent", "", 7, None, ["Agent ID"]])
def test_what_differs_in_more_than_that_stays_as_it_is(written: object) -> None:
    assert canonical(written, ["Agent ID"]) == written


def test_a_row_keeps_what_it_does_not_know_and_the_case_of_script_variables() -> None:
    assert canonical_row({"channel": "script VARIABLE", "cxone_data": "OrderNo", "x": 1}) == {
        "channel": SCRIPT, "cxone_data": "OrderNo", "x": 1,
    }  # fmt: skip
    assert canonical_row({"cxone_data": "ani"}) == {"cxone_data": "ani"}
    assert canonical_row([1]) == [1]


def test_a_field_that_was_nearly_meant_is_proposed() -> None:
    problem = field_problem(VOICE, "Dispositon Name", ("x",))
    assert problem is not None
    assert (problem.code, str(problem)) == (
        "MEM101",
        "'Dispositon Name' is not a CXone field of 'Voice call contact'. Did you mean 'Disposition Name'?",
    )
    assert field_problem(VOICE, "Disposition Name", ()) is None


@pytest.mark.parametrize("name", ["Attachment", "images", " NOTE "])
def test_attachments_images_and_notes_have_a_code_of_their_own(name: str) -> None:
    problem = field_problem(DIGITAL, name, ())
    assert problem is not None and problem.code == "MEM102"


def test_a_property_is_written_once_per_channel() -> None:
    rows = [("a", VOICE), ("a", DIGITAL), ("b", VOICE), ("a", SCRIPT), ("b", VOICE)]
    assert list(mapped_twice(rows)) == [(3, 0), (4, 2)]
