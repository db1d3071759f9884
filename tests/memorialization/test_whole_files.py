import errno
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from memorialization.whole_files import replacing


@contextmanager
def room(of: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (of, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("before")
    with replacing(path) as partial:
        partial.write_text("after")
        assert path.read_text() == "before"
    assert path.read_text() == "after" and list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_file_as_it_was_and_names_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("before")
    with pytest.raises(OSError, match="File too large") as raised, room(1_000), replacing(path) as partial:
        partial.write_text("x" * 10_000)
    assert (raised.value.errno, raised.value.filename) == (errno.EFBIG, str(path))
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]


def test_another_error_is_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mine"), replacing(tmp_path / "a"):
        raise ValueError("mine")
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a") as partial:
        partial.with_name("b").read_text()
    assert list(tmp_path.iterdir()) == []
