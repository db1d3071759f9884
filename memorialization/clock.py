"""How far this machine's clock is from a service's, as the Date header of the service's answers tells."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def ahead(date: str | None) -> float | None:
    """Seconds that this clock is ahead of the `Date` header of an answer just received; None where it tells none.

    The header is of whole seconds, and the answer took its way: differences of some seconds mean nothing.
    """
    try:
        told = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    return (datetime.now(UTC) - (told if told.tzinfo else told.replace(tzinfo=UTC))).total_seconds()
