"""A report in which every text that may be any is one given string."""

from copy import deepcopy
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from memorialization.report.model import Report


def filled(report: Report, text: str) -> Report:
    """All but moments, and what the model allows a few words for."""
    data = report.model_dump(mode="json")
    spoilt = _spoilt(deepcopy(data), text)
    try:
        return Report.model_validate(spoilt)
    except ValidationError as error:
        for place in (finding["loc"] for finding in error.errors()):
            _put(spoilt, place, _get(data, place))
    return Report.model_validate(spoilt)


def _spoilt(data: Any, text: str) -> Any:
    if isinstance(data, dict):
        return {key: _spoilt(value, text) for key, value in data.items()}
    if isinstance(data, list):
        return [_spoilt(item, text) for item in data]
    return text if isinstance(data, str) and not _is_moment(data) else data


def _is_moment(text: str) -> bool:
    try:
        return bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def _get(data: Any, place: tuple[int | str, ...]) -> Any:
    for step in place:
        data = data[step]
    return data


def _put(data: Any, place: tuple[int | str, ...], value: Any) -> None:
    _get(data, place[:-1])[place[-1]] = value
