"""Says what is wrong with a configuration file, and what to write instead, in the words of someone who edits it.

Every text names the key as it stands in the file and ends with a cure; pydantic's own words are the last resort.
"""

import difflib
import re
from collections.abc import Iterable
from typing import Any, Final, get_args

from pydantic import BaseModel

_WORDS: Final = {
    "int_type": "must be a whole number, without quotes",
    "float_type": "must be a number, without quotes",
    "bool_type": "must be true or false, without quotes",
    "string_type": "must be text; put it in quotes",
    "none_required": "must stay empty; remove the value",
    "tuple_type": "must be a list, as [one, two]",
    "dict_type": "must be keys with values, as {key: value}",
    "model_type": "must be keys with values, as {key: value}",
    "too_short": "must not be empty; add an entry",
    "string_too_short": "must not be empty; write a text",
}


def finding(model: type[BaseModel], error: Any) -> str:
    """One of the errors of `ValidationError.errors()` on `model`, in plain words."""
    location = error["loc"]
    where = ".".join(str(part) for part in location) or "the file"
    match error["type"]:
        case "extra_forbidden":
            known = _known_keys(model, location[:-1])
            return f"{where}: unknown key.{meant(str(location[-1]), known)} Known here: {', '.join(known)}."
        case "missing":
            return f"{where}: missing. Add it."
        case "literal_error":
            expected = error["ctx"]["expected"]
            close = meant(str(error["input"]), re.findall("'(.*?)'", expected))
            return f"{where}: {error['input']!r} is not allowed.{close} Allowed: {expected}."
        case other:
            return f"{where}: {_WORDS.get(other) or error['msg'].removeprefix('Value error, ')}."


def meant(value: str, known: Iterable[str]) -> str:
    """ " Did you mean 'X'?" for the closest known name, whatever its case and spacing; "" if none is close."""
    folded = {re.sub(r"[\s_-]", "", k).lower(): k for k in known}
    close = difflib.get_close_matches(re.sub(r"[\s_-]", "", value).lower(), folded, n=1)
    return f" Did you mean {folded[close[0]]!r}?" if close else ""


def _known_keys(model: Any, location: tuple[str | int, ...]) -> list[str]:
    for part in location:
        if isinstance(model, type) and issubclass(model, BaseModel):
            model = model.model_fields[str(part)].annotation
        else:  # tuple[Item, ...] or dict[str, Item]
            model = [a for a in get_args(model) if a is not Ellipsis][-1]
        if not isinstance(model, type) and type(None) in get_args(model):  # Item | None
            model = next(a for a in get_args(model) if a is not type(None))
    return list(model.model_fields)
