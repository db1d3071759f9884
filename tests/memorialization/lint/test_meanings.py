import re

from memorialization.lint.documents import TABLES
from memorialization.lint.meanings import MEANINGS


def test_every_key_of_every_model_has_a_meaning_and_no_meaning_is_left_over() -> None:
    assert set(MEANINGS) == {(model.__name__, key) for model in TABLES for key in model.model_fields}


def test_a_meaning_is_a_sentence_that_fits_a_cell() -> None:
    for key, text in MEANINGS.items():
        assert text.endswith(".") and text[0] == text[0].upper() and "|" not in text and "\n" not in text, key
        assert len(text) <= 150 and not re.search(r"\s{2}", text), key
