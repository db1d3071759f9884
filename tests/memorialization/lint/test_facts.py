import os
from pathlib import Path

import pytest

from memorialization.errors import ConfigurationError
from memorialization.lint.facts import Portal, PropertyFact, RecordType, Snapshot, read, write
from memorialization.ports import Property

FACTS = Snapshot(
    portal=Portal(
        account_id=1,
        record_types={"Contact": RecordType(properties={
            "z": PropertyFact(label="Größe", type="string", field_type="text", max_length=9),
            "a": PropertyFact(label="A", type="enumeration", options=(("x", "Ex"),), unique=True),
        })},
    )
)  # fmt: skip


def test_what_is_written_is_read_and_the_same_facts_are_the_same_bytes(tmp_path: Path) -> None:
    path = write(tmp_path, FACTS)
    first = path.read_bytes()
    assert read(tmp_path) == FACTS
    write(tmp_path, read(tmp_path))
    assert path.read_bytes() == first and first.endswith(b"}\n")
    assert "Größe" in first.decode() and first.index(b'"a"') < first.index(b'"z"')
    assert [p.name for p in tmp_path.iterdir()] == ["snapshot.json"]


def test_properties_come_as_the_domain_knows_them(tmp_path: Path) -> None:
    found = FACTS.properties("Contact")
    assert found is not None
    assert found["z"] == Property("z", "Größe", "string", "text", max_length=9)
    assert found["a"] == Property("a", "A", "enumeration", "", options=(("x", "Ex"),), unique=True)
    assert FACTS.properties("Deal") is None and Snapshot().properties("Contact") is None


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    assert read(tmp_path) == Snapshot()


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"version": 2}', b'{"x": 1}', b"\xff", b"[" * 100_000])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "snapshot.json").write_bytes(content)
    with pytest.raises(ConfigurationError, match="snapshot.json:1: is no snapshot of this version. Refresh it"):
        read(tmp_path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "snapshot.json")
    with pytest.raises(ConfigurationError, match="snapshot.json:1: is no snapshot of this version. Refresh it"):
        read(tmp_path)
