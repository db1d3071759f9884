import pytest

from memorialization.cures import meant


@pytest.mark.parametrize(
    ("value", "suggestion"),
    [
        ("contact id", " Did you mean 'Contact ID'?"),
        ("ContactID", " Did you mean 'Contact ID'?"),
        ("contact_id ", " Did you mean 'Contact ID'?"),
        ("Skil Name", " Did you mean 'Skill Name'?"),
        ("Shoe size", ""),
        ("", ""),
    ],
)
def test_the_closest_name_is_offered_whatever_its_case_and_spacing(value: str, suggestion: str) -> None:
    assert meant(value, ["Contact ID", "Skill Name"]) == suggestion


def test_without_known_names_nothing_is_offered() -> None:
    assert meant("Contact ID", []) == ""
