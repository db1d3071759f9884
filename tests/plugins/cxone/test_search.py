"""The search for digital cases, against scripted pages."""

from typing import Any

import pytest

from memorialization.errors import RequestRefused
from plugins.cxone.options import Tally
from plugins.cxone.search import cases_of

SEARCH = "/dfo/3.0/contacts"
SHORT = {"digital: the search counts more cases than it gives": 1}


def page(*ids: str, hits: int = 3, token: str = "s") -> dict[str, Any]:
    return {"hits": hits, "data": [{"id": i} for i in ids], "scrollToken": token}


def found(scripted: Any) -> tuple[list[str], dict[str, int]]:
    """Ids in the order given, and what had to be assumed."""
    tally = Tally()
    ids = [case["id"] for rows in cases_of(scripted.client(), {"channel[]": "c"}, tally) for case in rows]
    return ids, dict(tally.assumed)


def test_a_search_ends_with_its_last_hit(scripted: Any) -> None:
    scripted.dfo("contacts", page("1", "2", token="s1"), page("3", token="s2"))
    assert found(scripted) == (["1", "2", "3"], {})
    assert [seen.query.get("scrollToken") for seen in scripted.asked(SEARCH)] == [None, "s1"]


@pytest.mark.parametrize(
    ("body", "status"), [(None, 204), (page(), 200), ({"errors": []}, 400)], ids=["204", "empty", "token used up"]
)
def test_a_search_that_ends_before_its_hits_is_begun_anew(scripted: Any, body: Any, status: int) -> None:
    scripted.dfo("contacts", page("1", "2"))
    scripted.dfo("contacts", body, status=status)
    scripted.dfo("contacts", page("1", "2"), page("3"))
    assert found(scripted) == (["1", "2", "1", "2", "3"], {})


def test_a_search_that_never_gives_its_hits_is_counted(scripted: Any) -> None:
    scripted.dfo("contacts", *(one for _ in range(3) for one in (page("1", "2"), page())))
    assert found(scripted) == (["1", "2"] * 3, SHORT)


def test_a_search_that_is_refused_at_once_is_refused(scripted: Any) -> None:
    scripted.dfo("contacts", None, status=400)
    with pytest.raises(RequestRefused):
        found(scripted)
