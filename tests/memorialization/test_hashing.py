"""Who has the ledger alone can check no guess, and a key that was changed leads to no write that was not to be."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memorialization.canonical import value_hash
from memorialization.hashing import Key, comparable, key_of
from memorialization.ledger import Ledger
from memorialization.ledger.rejections import decide, uncured
from memorialization.plan import bucket_hash
from memorialization.ports import Property
from memorialization.report.model import Report
from tests.leaks import tables
from tests.memorialization.fakes import CONTACT, MemoryStore
from tests.memorialization.nights import (
    DAY,
    EVENING,
    SECRET,
    Night,
    configuration,
    interaction,
    night,
    reverted,
    row,
    schema,
    section,
)

ANOTHER = "another-secret-of-32-characters-"
PHONE = "+4930901820"
SETUP = configuration(section("Contact", row("last_id", "voice", "ANI"), row("agent", "voice", "Agent Name")))
SECRETS = st.text(min_size=32, max_size=40)


def hashed(text: str, secret: str) -> int:
    return int(value_hash(pd.Series([text], dtype="str"), key_of(secret))[0])


# ---- the hashes themselves


def test_a_hash_is_the_same_tomorrow_and_another_with_another_key() -> None:
    assert hashed(PHONE, SECRET) == -2554948453485888948
    assert key_of(SECRET).name == 56458 == hashed(PHONE, SECRET) >> 48 & 0xFFFF
    assert SECRET not in repr(key_of(SECRET)) and key_of(SECRET).siphash not in repr(key_of(SECRET))


@settings(max_examples=30)
@given(first=st.text(), second=st.text(), secret=SECRETS)
def test_hashes_of_one_key_are_equal_where_the_texts_are(first: str, second: str, secret: str) -> None:
    one, other = hashed(first, secret), hashed(second, secret)
    assert comparable(one, other) and (one == other) == (first == second)
    assert 0 not in (one, other)


@settings(max_examples=30)
@given(first=st.text(), second=st.text(), secrets=st.tuples(SECRETS, SECRETS))
def test_hashes_of_two_keys_say_nothing_of_each_other(first: str, second: str, secrets: tuple[str, str]) -> None:
    one, other = (hashed(text, secret) for text, secret in zip((first, second), secrets, strict=True))
    if key_of(secrets[0]).name != key_of(secrets[1]).name:  # one pair of 65,535 has the same
        assert not comparable(one, other)
    assert comparable(one, 0) and comparable(0, other)


def test_a_missing_value_is_0_in_every_key() -> None:
    values = pd.Series([None, "x"], dtype="str")
    assert [value_hash(values, key_of(secret))[0] for secret in (SECRET, ANOTHER, "")] == [0, 0, 0]
    assert value_hash(values, key_of(SECRET)).dtype == np.int64


# ---- what somebody has who has the ledger alone


def _guesses(guess: str, key: Key) -> set[str]:
    """A guess as a hash may hold it, in the decimal and hexadecimal forms that a table or its JSON would show."""
    spelled = np.array([guess], dtype=object)
    raw = (key.hashed(spelled), key.marked(key.hashed(spelled)), pd.util.hash_array(spelled, categorize=False))
    numbers = [int(found.view("int64")[0]) for found in raw]
    return {str(n) for n in numbers} | {f"{n & (2**64 - 1):016x}" for n in numbers}


@pytest.fixture
def written(ledger: Ledger, tmp_path: Path) -> Night:
    """A night that wrote a number into an empty property of one contact, and nothing else of it."""
    store = MemoryStore(schema())
    store.create(CONTACT, email="kim@example.com", agent="Agent 1")
    opened = night(SETUP, store, ledger, tmp_path, interaction(1, ani="030 901820"))
    assert opened.whole().funnel.verified == 1
    return opened


@pytest.mark.slow
def test_a_guess_cannot_be_checked_by_who_has_the_ledger_alone(
    written: Night, postgres_socket: str, ledger_database: str
) -> None:
    ledger = "\n".join(tables(postgres_socket, ledger_database).values())
    guesses = (PHONE, "4930901820", "030 901820")
    assert any(found in ledger for found in _guesses(PHONE, key_of(SECRET))), "with the key it can: the search finds"
    for guess in guesses:
        for key in (key_of(""), key_of(ANOTHER)):
            assert not [found for found in _guesses(guess, key) if found in ledger]

    change = written.frame("changes/Contact/0")
    assert change[["property", "desired"]].to_numpy().tolist() == [["last_id", "030 901820"]]
    salt = written.run.files.read_json("frozen.json")["salt"]
    assert len(salt) == 32 and salt not in ledger
    assert bucket_hash(change, salt) in ledger, "with the files it can: all of a small plan but its value can be known"
    assert bucket_hash(change, "") not in ledger


# ---- another key


def _under(secret: str, store: MemoryStore, ledger: Ledger, folder: Path, *rows: dict[str, Any], **more: Any) -> Night:
    opened = night(more.pop("setup", SETUP), store, ledger, folder, *rows, **more)
    return replace(opened, ports=replace(opened.ports, address_secret=secret))


def _whole(opened: Night) -> Report:
    report = opened.whole()
    assert report.funnel.imbalances() == []
    return report


@pytest.mark.slow
@pytest.mark.parametrize(("secret", "agent"), [(SECRET, "Agent 2"), (ANOTHER, "Agent 1")])
def test_what_is_not_known_to_be_ours_is_not_written_over(
    secret: str, agent: str, ledger: Ledger, tmp_path: Path
) -> None:
    """A late write of an older call is ours to correct as long as it is known to be ours."""
    store = MemoryStore(schema(), now=DAY.end)
    kim = store.create(CONTACT, email="kim@example.com")
    _whole(_under(SECRET, store, ledger, tmp_path, interaction(1)))
    report = _whole(_under(secret, store, ledger, tmp_path, interaction(2)))
    assert store.value(CONTACT, kim, "agent") == agent
    assert report.funnel.superseded == (0 if secret == SECRET else 1)


@pytest.mark.slow
@pytest.mark.parametrize(("secret", "again"), [(SECRET, 1), (ANOTHER, 0)])
def test_what_a_person_dismissed_stays_so_under_another_key(
    secret: str, again: int, ledger: Ledger, tmp_path: Path
) -> None:
    """Also a value that has changed since: it cannot be told. With the key it is another value, and offered."""
    store = MemoryStore(schema())
    kim = store.create(CONTACT, email="kim@example.com")
    store.refused = {kim}
    assert _whole(_under(SECRET, store, ledger, tmp_path, interaction(1))).funnel.rejected == 1
    decide(ledger, "acme", uncured(ledger, "acme"), "dismissed")
    store.refused = set()
    assert _whole(_under(secret, store, ledger, tmp_path, interaction(1))).funnel.planned == 0
    changed = _whole(_under(secret, store, ledger, tmp_path, interaction(1, agent_name="Agent 7")))
    assert changed.funnel.written == again
    assert store.value(CONTACT, kim, "agent") == ("Agent 7" if again else None)


@pytest.mark.slow
@pytest.mark.parametrize(("secret", "newer_ones"), [(SECRET, 2), (ANOTHER, 0)])
def test_with_another_key_nothing_is_written_that_was_not_to_be(
    secret: str, newer_ones: int, ledger: Ledger, tmp_path: Path
) -> None:
    """A person's value that a revert put back stays, though nothing but the revert is seen to have written it."""
    ended = Property("ended", "ended", "datetime", "date")
    setup = configuration(section("Contact", row("agent", "voice", "Agent Name"), row("ended", "voice", "End Time")))
    store = MemoryStore(schema(ended=ended), now=EVENING + timedelta(minutes=3))
    kim = store.create(CONTACT, email="kim@example.com")
    _whole(_under(SECRET, store, ledger, tmp_path, interaction(1), setup=setup))
    store.now = EVENING + timedelta(minutes=30)
    store.person(CONTACT, kim, "agent", "Kim's own")
    store.now = DAY.end
    newer = _under(SECRET, store, ledger, tmp_path, interaction(60), setup=setup)
    assert _whole(newer).funnel.written == 2
    assert store.value(CONTACT, kim, "agent") == "Agent 60"
    reverted(newer)
    assert store.value(CONTACT, kim, "agent") == "Kim's own"
    again = _whole(_under(secret, store, ledger, tmp_path, interaction(1), setup=setup))
    assert store.value(CONTACT, kim, "agent") == "Kim's own"
    assert (again.funnel.edited, again.funnel.written) == (1, 0)
    last = _under(secret, store, ledger, tmp_path, interaction(60 * 5 + 30), setup=setup)
    assert _whole(last).funnel.written == newer_ones, "under another key not even what is newer than the edit"
