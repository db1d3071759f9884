"""What COPY is given: literal rows of its text format."""

from datetime import UTC, datetime

import pandas as pd

from memorialization.ledger.copying import as_copied

MOMENT = datetime(2026, 11, 22, 18, 0, 0, 123000, tzinfo=UTC)


def test_every_type_has_its_spelling_and_nothing_is_null() -> None:
    frame = pd.DataFrame(
        {
            "key": pd.Series(["b", "a"], dtype="str"),
            "text": pd.Series([None, ""], dtype="str"),
            "number": pd.Series([None, -5], dtype="Int64"),
            "truth": [True, False],
            "at": pd.Series([pd.NaT, MOMENT], dtype="datetime64[ms, UTC]"),
            "anything": pd.Series([MOMENT, None], dtype="object"),
        }
    )
    assert as_copied(frame, ["key"]).read().decode() == (
        "a\t\t-5\tfalse\t2026-11-22 18:00:00.123000+00\t\\N\n"
        "b\t\\N\t\\N\ttrue\t\\N\t2026-11-22 18:00:00.123000+00:00\n"
    )  # fmt: skip


def test_what_would_end_a_column_or_a_row_is_escaped() -> None:
    frame = pd.DataFrame({"key": pd.Series(["a\tb\nc\rd\\N\\."], dtype="str"), "n": [1]})
    assert as_copied(frame, ["key"]).read() == b"a\\tb\\nc\\rd\\\\N\\\\.\t1\n"


def test_rows_are_in_the_order_of_their_keys_and_of_the_same_the_last_counts() -> None:
    frame = pd.DataFrame(
        {"second": [2, 1, 2, 1], "first": pd.Series(["b", "b", "a", "b"], dtype="str"), "value": [1, 2, 3, 4]}
    )
    assert as_copied(frame, ["first", "second"]).read() == b"2\ta\t3\n1\tb\t4\n2\tb\t1\n"
