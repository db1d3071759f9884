"""What an ordered fault does to one of CXone's answers (when it does: `orders`)."""

from dataclasses import dataclass
from typing import Any

from sandbox.orders import Rule

HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass
class Fault(Rule):
    """One rule: requests that match get this.

    `status` answers at once (429 without Retry-After unless `retry_after` says so; 204 says that there is nothing),
    with `html` as a gateway's page; `delay` waits that many real seconds first; `drop` cuts the connection.

    The rest spoils an answer. Of completed contacts: `duplicate` starts a later page with the last row of the page
    before (match that page: `skip=1000`); `moved` takes the first row of all to their end, as if it had changed
    since the page before, when they are ordered by lastUpdateTime; `empty` makes a later page a 204; `renamed`
    names fields as the other API generation does. Of all reporting and admin answers: `texts` gives every number
    and flag as a text. Of the messages of a case: `shortened` cuts every text to its half until the message is
    fetched singly, `removed` withdraws the case's texts for privacy, from now on and for good.
    """

    status: int | None = None
    html: bool = False
    delay: float = 0.0
    drop: bool = False
    retry_after: int | None = None
    duplicate: bool = False
    moved: bool = False
    empty: bool = False
    renamed: bool = False
    texts: bool = False
    shortened: bool = False
    removed: bool = False


def as_texts(body: Any) -> Any:
    """A JSON value whose numbers and flags are texts: 12 -> "12", true -> "True" (cxone-api, section 6)."""
    if isinstance(body, dict):
        return {name: as_texts(value) for name, value in body.items()}
    if isinstance(body, list):
        return [as_texts(value) for value in body]
    return str(body) if isinstance(body, (bool, int, float)) else body
