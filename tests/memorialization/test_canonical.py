import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memorialization.canonical import Kind, canonical, kind_of, readings, same
from memorialization.ports import Property

REGIONS = ("DE", "US")
KINDS: tuple[Kind, ...] = ("text", "line", "email", "folded", "instant", "date", "number", "set", "phone")


def forms(kind: Kind, *values: str | None) -> list[str]:
    return [str(form) for form in canonical(pd.Series(list(values), dtype="str"), kind, REGIONS).fillna("<missing>")]


@pytest.mark.parametrize(
    ("type_", "field_type", "field", "kind"),
    [
        ("datetime", "date", "Agent Name", "instant"),
        ("date", "date", "End Time", "date"),
        ("number", "number", "Contact ID", "number"),
        ("bool", "booleancheckbox", "Final State", "folded"),
        ("enumeration", "checkbox", "Tags", "set"),
        ("enumeration", "select", "Status", "text"),
        ("phone_number", "phonenumber", "Agent Name", "phone"),
        ("string", "text", "End Time", "instant"),
        ("string", "text", "ANI", "phone"),
        ("string", "text", "Tags", "set"),
        ("string", "text", "Channel Type", "folded"),
        ("string", "textarea", "Transcription Text", "text"),
        ("string", "text", "Transcription Text", "line"),
        ("string", "text", "Disposition Notes", "line"),
        ("string", "html", "Transcription Text", "html"),
        ("string", "phonenumber", "Customer Name", "phone"),
        ("string", "text", "ordernumber", "text"),
    ],
)
def test_the_propertys_type_decides_before_the_field(type_: str, field_type: str, field: str, kind: Kind) -> None:
    assert kind_of(Property("p", "P", type_, field_type), field) == kind


@pytest.mark.parametrize(
    ("kind", "spellings", "form"),
    [
        ("text", ("a\nb", "a\r\nb", "a\rb", "a\nb \n"), "a\nb"),
        ("line", ("a b", "a\nb", "a \r\n\n b"), "a b"),
        ("html", ("a &amp; b<br>c", "<p>a &amp;&nbsp;b</p><p>c</p>", "a & b\nc", "<div><b>a</b> &#38; b</div>c"),
         "a & b\nc"),
        ("html", ("a&lt;b&gt;c", "<i>a&lt;b&gt;</i>c<script>x()</script>"), "a<b>c"),
        ("email", ("Ada@Example.com", " ada@example.COM "), "ada@example.com"),
        ("folded", ("Phone Call", "phone_call", "PHONECALL", "call", "Voice"), "phonecall"),
        ("folded", ("Work Item", "workitem", "Work"), "workitem"),
        ("instant", ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00.000Z", "2026-11-22T11:00:00+01:00", "1795341600000"),
         "2026-11-22T10:00:00.000000"),
        ("date", ("2026-11-22", "2026-11-22T00:00:00Z", "1795305600000"), "2026-11-22"),
        ("number", ("1.5", "1.50", "01.5", " 1.5 "), "1.5"),
        ("number", ("7", "7.", "7.0", "007"), "7"),
        ("number", ("0", "-0", "0.0", ".0", "-.0", "00"), "0"),
        ("number", ("0.5", ".5", "00.50"), "0.5"),
        ("number", ("-0.5", "-.5"), "-0.5"),
        ("number", ("100", "100.0"), "100"),
        ("set", ("a;b", "b;a", ";a;b", "a, b", "a|b", "a;b;a;"), "a;b"),
        ("phone", ("+4930901820", "4930901820", "030 901820", "(030) 90 18 20", "+49 30 901820"), "+4930901820"),
    ],
)  # fmt: skip
def test_spellings_of_one_value_have_one_form(kind: Kind, spellings: tuple[str, ...], form: str) -> None:
    assert forms(kind, *spellings) == [form] * len(spellings)


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("text", "Abc", "abc"),
        ("text", " abc", "abc"),
        ("line", "a b", "a  b"),
        ("html", "<b>a</b>", "<b>b</b>"),
        ("email", "ada@example.com", "ada@example.org"),
        ("folded", "inbound", "outbound"),
        ("folded", "-", "_"),
        ("instant", "2026-11-22T10:00:00Z", "2026-11-22T10:00:00.001Z"),
        ("instant", "now", "today"),
        ("date", "2026-11-22", "2026-11-23"),
        ("number", "10", "1"),
        ("number", "1", "-1"),
        ("number", "a", "a.0"),
        ("set", "a;b", "a"),
        ("phone", "+4930901820", "+4930901821"),
        ("phone", "extension 5", "extension 6"),
    ],
)
def test_what_is_not_known_to_be_the_same_stays_different(kind: Kind, first: str, second: str) -> None:
    one, other = forms(kind, first, second)
    assert one != other


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_or_empty_value_is_missing(kind: Kind) -> None:
    assert forms(kind, None, "", " \r\n ") == ["<missing>"] * 3
    assert forms(kind) == []
    for dtype in ("object", "str"):
        assert canonical(pd.Series([None, None], dtype=dtype), kind, REGIONS).isna().all()


def test_a_set_without_members_is_missing() -> None:
    assert forms("set", ";", " ; ") == ["<missing>", "<missing>"]


@pytest.mark.parametrize("kind", ["instant", "date", "number", "phone"])
def test_a_value_that_is_not_of_its_kind_keeps_its_text(kind: Kind) -> None:
    assert forms(kind, "call me", "0x10.0", "now") == ["call me", "0x10.0", "now"]


def test_a_national_number_is_read_as_one_of_the_first_region_that_knows_it() -> None:
    spellings = pd.Series(["(303) 555-0123", "303-555-0123", "3035550123", "13035550123"], dtype="str")
    assert canonical(spellings, "phone", ("US", "DE")).tolist() == ["+13035550123"] * 4
    assert canonical(spellings, "phone", ("DE", "US")).tolist() == ["+493035550123"] * 3 + ["+13035550123"]


def test_digits_alone_can_mean_several_numbers_the_likeliest_first() -> None:
    assert readings("4930901820", REGIONS) == ("+4930901820",)
    assert readings("13035550123", REGIONS)[0] == "+13035550123"
    assert readings("030 901820", ("US", "DE")) == ("+4930901820",)
    assert readings("12", REGIONS) == readings("anonymous", REGIONS) == readings("", REGIONS) == ()


def test_the_name_email_is_enough() -> None:
    assert kind_of(Property("email", "E-mail", "string", "text"), "From") == "email"


@pytest.mark.parametrize(
    ("first", "second", "regions", "equal"),
    [
        ("3035550123", "+13035550123", ("DE", "US"), True),  # whose first reading is a German number
        ("(303) 555-0123", "+493035550123", ("US", "DE"), True),
        ("3035550123", "+13035550123", ("DE",), False),
        ("+4930901820", "+4930901821", ("DE", "US"), False),
        ("extension 5", "extension 5", ("DE",), True),
        ("extension 5", "extension 6", ("DE",), False),
        (None, "+4930901820", ("DE",), False),
        (None, None, ("DE",), False),
    ],
)
def test_two_phone_numbers_are_the_same_where_one_reading_is_of_both(
    first: str | None, second: str | None, regions: tuple[str, ...], equal: bool
) -> None:
    sides = [pd.Series([value], dtype="str") for value in (first, second)]
    assert same(*sides, "phone", regions).tolist() == [equal]
    assert same(*sides[::-1], "phone", regions).tolist() == [equal]


def test_the_index_stays() -> None:
    values = pd.Series(["a", None], index=[9, 4], dtype="str")
    for kind in KINDS:
        assert canonical(values, kind, REGIONS).index.tolist() == [9, 4]


NEAR = st.one_of(
    st.none(),
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=15),
    st.text(alphabet="0123456789.-+eTZ: ", max_size=20),
    st.text(alphabet="aA;,| -_\r\n\t\u00a0", max_size=10),
    st.datetimes().map(lambda when: when.isoformat()),
    st.sampled_from(
        ["call", "Voice", "Work ", "+49 30 901820", "030901820", "3035550123", "1795341600000", "2026-11-22"]
    ),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(NEAR, max_size=12), st.sampled_from(KINDS))
def test_a_canonical_form_is_its_own(values: list[str | None], kind: Kind) -> None:
    once = canonical(pd.Series(values, dtype="str"), kind, REGIONS)
    twice = canonical(once, kind, REGIONS)
    assert once.fillna("<missing>").tolist() == twice.fillna("<missing>").tolist()
    assert not once.eq("").any()
