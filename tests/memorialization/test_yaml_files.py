import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memorialization.errors import ConfigurationError
from memorialization.yaml_files import YamlFile, read_yaml


def read(folder: Path, content: str | bytes) -> YamlFile:
    path = folder / "file.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_yaml(path)


def refusal(folder: Path, content: str | bytes) -> str:
    """What follows the path in the message of the refusal."""
    with pytest.raises(ConfigurationError) as caught:
        read(folder, content)
    message = str(caught.value)
    assert message.startswith(f"{folder / 'file.yaml'}:")
    return message.removeprefix(f"{folder / 'file.yaml'}:")


def test_plain_data_comes_with_the_line_of_every_node(tmp_path: Path) -> None:
    file = read(tmp_path, "a: 1\nb:\n  - x\n  - {c: true, d: null}\n")
    assert file.data == {"a": 1, "b": ["x", {"c": True, "d": None}]}
    assert [file.line(where) for where in [("a",), ("b",), ("b", 0), ("b", 1, "c")]] == [1, 2, 3, 4]


def test_an_unknown_location_has_the_line_of_the_nearest_one_above(tmp_path: Path) -> None:
    file = read(tmp_path, "a: 1\nb:\n  c: 2\n")
    assert (file.line(("b", "c", "gone")), file.line(("b", "gone")), file.line(("gone",))) == (3, 2, 1)
    assert str(file.error(("b", "c"), "wrong.")) == f"{tmp_path / 'file.yaml'}:3: wrong."


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfa: 1\n").data == {"a": 1}


def test_the_scalars_of_yaml_are_typed(tmp_path: Path) -> None:
    assert read(tmp_path, 'a: 007\nb: "7"\nc: 1.5\nd: true\ne: ~\nf: 0 2 * * *\n').data == {
        "a": 7, "b": "7", "c": 1.5, "d": True, "e": None, "f": "0 2 * * *",
    }  # fmt: skip


def test_a_moment_stays_the_text_that_was_written(tmp_path: Path) -> None:
    assert read(tmp_path, "a: 2026-11-23\nb: 2026-11-23 02:00:00 +1\n").data == {
        "a": "2026-11-23", "b": "2026-11-23 02:00:00 +1",
    }  # fmt: skip


LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "1: the file is empty. Write it as docs/mapping.md shows, or remove it."),
        ("# only a comment\n", "1: the file is empty. Write it as docs/mapping.md shows, or remove it."),
        ("a: 1\nb: 2\na: 3\n", "3: 'a' stands here twice. Remove one."),
        ("a:\n  b: 1\n  b: 1\n", "3: 'b' stands here twice. Remove one."),
        (LAUGHS, "1: anchors and aliases are not allowed. Write the value out."),
        ("a: 1\nb: &unused 2\n", "2: anchors and aliases are not allowed. Write the value out."),
        ("a: 1\nb: *undefined\n", "2: anchors and aliases are not allowed. Write the value out."),
        ("a: &a [*a]\n", "1: anchors and aliases are not allowed. Write the value out."),
        ("a:\n\tb: 1\n", "2: a tab stands before the text. Indent with spaces."),
        ("a:\n  b: 1\n \tc: 1\n", "3: a tab stands before the text. Indent with spaces."),
        ("a: 1\nb: \x00\n", "2: a character that YAML does not allow. Remove it."),
        (b"a: 1\nb: \xff\n", "2: not UTF-8. Save the file as UTF-8."),
        ("a: 1\n".encode("utf-16"), "1: not UTF-8. Save the file as UTF-8."),
        ("a: 1\nb: {\n", "3: not valid YAML: did not find expected node content."),
        ("a: 1\n---\nb: 2\n", "2: not valid YAML: but found another document."),
        ("? [a]\n: 1\n", "1: a key must be plain text."),
        ("a: !!python/name:os.system\n",
         "1: the tag 'tag:yaml.org,2002:python/name:os.system' is not allowed. Remove it."),
        ("a: !env {b: 1}\n", "1: the tag '!env' is not allowed. Remove it."),
        ('a: !!int ""\n', "1: the tag 'tag:yaml.org,2002:int' is not allowed. Remove it."),
        ("a: !!bool x\n", "1: the tag 'tag:yaml.org,2002:bool' is not allowed. Remove it."),
        ("a: !!timestamp x\n", "1: the tag 'tag:yaml.org,2002:timestamp' is not allowed. Remove it."),
        ("a: !!binary aGk=\n", "1: the tag 'tag:yaml.org,2002:binary' is not allowed. Remove it."),
        ("a: 2026-02-31\n", "1: '2026-02-31' is not a value. Put it in quotes."),
        ("a: 99999999999999999999\n", "1: '99999999999999999999' is not a value. Put it in quotes."),
        ("a: 010\n", "1: '010' would be read as 8. Write digits or use quotes."),
        ("a: 47:11\n", "1: '47:11' would be read as 2831. Write digits or use quotes."),
        ("a: 0x1f\n", "1: '0x1f' would be read as 31. Write digits or use quotes."),
        ('a: 1\nb: "x\u2028y"\n', "2: an unusual line end (U+2028). Remove it."),
        ("a: 1\r\nb: x\x85\r\n", "2: an unusual line end (U+0085). Remove it."),
        ("a: .nan\n", "1: '.nan' is not a value. Put it in quotes."),
        ("a: -.inf\n", "1: '-.inf' is not a value. Put it in quotes."),
        ("a: 1" + ":0" * 300 + ".5\n", "1: '1" + ":0" * 300 + ".5' is not a value. Put it in quotes."),
    ],
)  # fmt: skip
def test_what_is_refused_is_named_with_line_and_cure(tmp_path: Path, content: str | bytes, message: str) -> None:
    assert refusal(tmp_path, content) == message


@pytest.mark.parametrize("opening", ["[", "{", "- ", "? "])
def test_a_megabyte_of_opening_brackets_is_refused_and_does_not_end_the_process(tmp_path: Path, opening: str) -> None:
    content = opening * ((1 << 20) // len(opening))
    assert refusal(tmp_path, content) == "1: nested more than 50 deep. Flatten the file."


def test_fifty_levels_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, "[" * 50 + "]" * 50).data != []
    assert refusal(tmp_path, "[" * 51 + "]" * 51) == "1: nested more than 50 deep. Flatten the file."


@pytest.mark.parametrize(
    "content", [LAUGHS.encode(), b"[" * (1 << 20), b"a: 1\n" * (10 << 20)], ids=["laughs", "deep", "50 MB"]
)
def test_hostile_files_are_refused_within_a_second(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    start = time.process_time()
    with pytest.raises(ConfigurationError):
        read_yaml(path)
    assert time.process_time() - start < 1


def test_a_file_over_one_mebibyte_is_refused_by_its_size(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"#" * ((1 << 20) + 1)) == " 1,048,577 bytes is over 1,048,576. Split the file."


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="none.yaml: cannot be read: No such file or directory. Check path"):
        read_yaml(tmp_path / "none.yaml")
    with pytest.raises(ConfigurationError, match="cannot be read: it is no plain file. Check path and rights."):
        read_yaml(tmp_path)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=60), st.text(alphabet="ab01:-.[]{}&*!|>#%@?,\"'\\ \n\t\x00é😀", max_size=60)))
def test_any_bytes_give_data_or_a_refusal_with_its_line(tmp_path: Path, content: str | bytes) -> None:
    try:
        assert isinstance(read(tmp_path, content), YamlFile)
    except ConfigurationError as error:
        line, _, reason = str(error).removeprefix(f"{tmp_path / 'file.yaml'}:").partition(": ")
        assert int(line) >= 1 and reason.endswith(".")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(
        ConfigurationError, match="pipe.yaml: cannot be read: it is no plain file. Check path and rights"
    ):
        read_yaml(tmp_path / "pipe.yaml")


def test_a_file_that_is_too_large_is_not_read_into_memory(tmp_path: Path) -> None:
    with (tmp_path / "large.yaml").open("wb") as file:
        file.truncate(50_000_000_000)
    with pytest.raises(ConfigurationError, match="large.yaml: 50,000,000,000 bytes is over 1,048,576. Split the file."):
        read_yaml(tmp_path / "large.yaml")
