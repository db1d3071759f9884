"""The search for digital cases gives all its hits, or the tally says that it did not (cxone-api, section 4.1).

25 a page, walked by scroll tokens; a token leads on only once, so that a walk whose page was lost is begun anew.
"""

from collections.abc import Generator, Iterator
from typing import Any, Final

from memorialization.errors import ContractBroken, RequestRefused
from plugins.cxone.client import CxoneClient, Params
from plugins.cxone.fields import count_of, rows_of, text_of
from plugins.cxone.options import Tally

_WALKS: Final = 3


def cases_of(client: CxoneClient, params: Params, tally: Tally) -> Iterator[list[Any]]:
    """Pages of cases until one is empty or all hits are there; cases may come twice.

    Raises ContractBroken for a search that does not move.
    """
    ids: set[str] = set()
    for _ in range(_WALKS):
        if (yield from _walk(client, params, ids)):
            return
    tally.assumed["digital: the search counts more cases than it gives"] += 1


def _walk(client: CxoneClient, first: Params, ids: set[str]) -> Generator[list[Any], None, bool]:
    """One walk through a search, adding what it finds to `ids`; whether they are all its hits."""
    params, seen = first, set[str]()
    unreadable = idle = hits = 0
    while True:
        try:
            body = client.dfo("contacts", params)
        except RequestRefused:
            if params is first:
                raise
            body = None  # the token was used up by a try whose answer was lost
        rows, envelope = ([], {}) if body is None else rows_of(body, "data", "the search for digital contacts")
        if not rows:
            return len(ids) + unreadable >= hits
        yield rows
        before = len(seen)
        seen.update(str(case.get("id")) for case in rows if isinstance(case, dict))
        ids |= seen
        unreadable += sum(not isinstance(case, dict) for case in rows)
        idle = 0 if len(seen) > before else idle + 1
        token, told = text_of(envelope, "scrollToken"), count_of(envelope, "hits")
        if not token or (told is not None and len(ids) >= told):
            return True
        if idle > 2:
            raise ContractBroken(f"the search for digital contacts repeats itself after {len(seen)} cases")
        params, hits = {**first, "scrollToken": token}, told or 0
