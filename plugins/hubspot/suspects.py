"""A row is suspicious where the definition of one of its properties speaks against its value; nothing is decided here.

HubSpot refuses a batch as a whole without saying which row it means (hubspot-api, sections 2.3 and 11, point 5): the
suspects are sent apart from the others first, and HubSpot's word about them counts.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from memorialization.ports import LARGEST_TEXT, Property

_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def suspicious(values: Mapping[str, str], known: Mapping[str, Property]) -> bool:
    """Whether any of a row's values is likely to be refused. `known`: the declared properties by name."""
    return any(_doubtful(value, known.get(name)) for name, value in values.items())


def _doubtful(value: str, declared: Property | None) -> bool:
    if declared is None or declared.read_only or declared.calculated:
        return True
    if not value:
        return False
    if declared.holds_text:
        too_long = len(value.encode("utf-16-le", "surrogatepass")) // 2 > (declared.max_length or LARGEST_TEXT)
        return too_long or (declared.name == "email" and not _EMAIL.fullmatch(value.strip()))
    if value != value.strip():
        return True
    match declared.type:
        case "number":
            return not _NUMBER.fullmatch(value)
        case "bool":
            return value not in ("true", "false")
        case "enumeration":
            options = {option for option, _ in declared.options}
            chosen = value.split(";") if declared.field_type == "checkbox" else [value]
            return bool(options) and not options.issuperset(filter(None, chosen))
        case "date" | "datetime":
            return not _is_time(value)
    return False


def _is_time(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return bool(re.fullmatch(r"-?\d{1,14}", value))
    return True
