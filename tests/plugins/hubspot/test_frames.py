import pandas as pd
import pytest

from memorialization.errors import ConfigurationError
from plugins.hubspot.frames import frame, table


def _record(record_id, **properties):
    return {"id": record_id, "properties": properties}


def test_values_stay_texts_and_unset_ones_are_missing():
    tables = [
        table([_record("900719925474099312", a="1.0", b=None)], ["a", "b"], "Ticket", ["x"]),
        table([_record("2", a="", b="Grüße")], ["a", "b"], "Ticket", ["y"]),
    ]
    expected = pd.DataFrame(
        {
            "record_id": ["900719925474099312", "2"],
            "asked": ["x", "y"],
            "a": ["1.0", ""],
            "b": [None, "Grüße"],
        },
        dtype="str",
    )
    pd.testing.assert_frame_equal(frame(tables, ["a", "b"], asked=True), expected)


def test_an_empty_frame_has_its_columns():
    empty = frame([], ["a"], asked=True)
    assert list(empty.columns) == ["record_id", "asked", "a"]
    assert {str(dtype) for dtype in empty.dtypes} == {"str"}


def test_a_property_left_out_is_no_unset_property():
    with pytest.raises(ConfigurationError, match="Ticket has no property typo that this token can read"):
        table([_record("1", a="x")], ["a", "typo"], "Ticket")
