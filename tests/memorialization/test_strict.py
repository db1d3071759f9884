import pytest
from pydantic import ValidationError

from memorialization.strict import StrictModel


class Written(StrictModel):
    number: int = 1
    texts: tuple[str, ...] = ()


@pytest.mark.parametrize(
    "text", ['{"number": "1"}', '{"number": 1.0}', '{"numbr": 1}', '{"texts": [1]}', '{"texts": "a"}']
)
def test_nothing_is_converted_and_no_key_is_passed_over(text: str) -> None:
    with pytest.raises(ValidationError):
        Written.model_validate_json(text)


def test_what_was_read_stays_as_it_was_read() -> None:
    written = Written.model_validate_json('{"number": 2, "texts": ["a"]}')
    assert (written.number, written.texts) == (2, ("a",))
    with pytest.raises(ValidationError, match="frozen"):
        written.number = 3  # type: ignore[misc]
