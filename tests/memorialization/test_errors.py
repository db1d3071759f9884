import inspect
import re

import pytest

from memorialization import errors
from memorialization.errors import ConfigurationError, MemorializationError, Transient

CLASSES = [
    value
    for _, value in inspect.getmembers(errors, inspect.isclass)
    if issubclass(value, MemorializationError) and value.__module__ == errors.__name__
]


@pytest.mark.parametrize(
    ("name", "retry", "exit_code"),
    [
        ("ConfigurationError", False, 2),
        ("WindowError", False, 2),
        ("WrongAccount", False, 2),
        ("ApprovalNeeded", False, 3),
        ("AuthenticationError", False, 1),
        ("PermissionMissing", False, 1),
        ("RequestRefused", False, 1),
        ("ContractBroken", False, 1),
        ("QuotaExhausted", False, 1),
        ("Unbalanced", False, 1),
        ("PartitionFailed", False, 1),
        ("LeaseLost", False, 1),
        ("LeaseHeld", True, 1),
        ("ServiceUnavailable", True, 1),
        ("RateLimited", True, 1),
        ("LedgerUnavailable", True, 1),
    ],
)
def test_every_error_says_whether_to_retry_and_how_to_exit(name: str, retry: bool, exit_code: int) -> None:
    error = getattr(errors, name)
    assert (error.retry, error.exit_code) == (retry, exit_code)


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_tells_when_it_is_raised_and_about_a_retry(error: type[MemorializationError]) -> None:
    text = (error.__doc__ or "").rstrip()
    if error is not MemorializationError:
        assert re.search(r"retry|next run|a later try", text, re.IGNORECASE)
    assert text.endswith(".")


def test_the_drawing_shows_every_error_below_its_parent() -> None:
    depth: dict[str, int] = {}
    drawn: dict[str, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^ {4}([ │├└─]*)([A-Z]\w+)", line)
        if found:
            above = [name for name in depth if depth[name] < len(found[1])]
            depth[found[2]] = len(found[1])
            drawn[found[2]] = above[-1] if above else "Exception"
    assert drawn == {error.__name__: error.__bases__[0].__name__ for error in CLASSES}


def test_only_transient_errors_are_worth_a_retry() -> None:
    assert all(error.retry == issubclass(error, Transient) for error in CLASSES)
    assert all((error.exit_code == 2) == issubclass(error, ConfigurationError) for error in CLASSES)
