import random

from sandbox.names import Names, ascii_word


def test_mailboxes_are_plain_ascii() -> None:
    assert Names.mailbox("Jürgen", "Weiß") == "juergen.weiss"
    assert ascii_word("André") == "andre"
    assert ascii_word("ليلى") == "x"


def test_names_follow_from_the_seed() -> None:
    first = [Names(7).person(random.Random(1), "de") for _ in range(3)]
    assert first == [Names(7).person(random.Random(1), "de") for _ in range(3)]
    assert Names(7).companies != Names(8).companies
