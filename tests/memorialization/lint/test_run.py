import os
import random
import shutil
import time
from pathlib import Path

import pytest

from memorialization.configuration import load
from memorialization.errors import ConfigurationError
from memorialization.lint.registry import RULES
from memorialization.lint.run import lint
from tests.memorialization.lint.conftest import Broken, lines
from tests.memorialization.test_configuration import FILES, mutated


def test_all_findings_of_all_files_come_at_once(acme: Broken) -> None:
    """A wrong key, a wrong row and an unreadable file hide nothing beside them."""
    acme.change("crm.yaml", "mode: adopted", "mode: adoptd")
    acme.change("crm.yaml", "account_id: 4711001", "account_id: x")
    acme.change("voice.yaml", "required: true", "requird: true")
    acme.change("voice.yaml", "channel: Voice call contact, cxone_data: Agent Name", "channel: Voice, cxone_data: X")
    acme.change("voice.yaml", "cxone_data: ANI", "cxone_data: ANNI")
    acme.change("voice.yaml", "cxone_dnis", "cxone_dniss")
    acme.change("dynamic/customer_card.yaml", "[firstname", "{[firstname")
    assert acme.said() == [
        "MEM013 crm.yaml:9 x",
        "MEM012 crm.yaml:12 adoptd",
        "MEM001 dynamic/customer_card.yaml:6 customer_card.yaml",
        "MEM010 voice.yaml:6 requird",
        "MEM012 voice.yaml:9 Voice",
        "MEM101 voice.yaml:21 ANNI",
        "MEM202 voice.yaml:25 cxone_dniss",
    ]
    assert acme.lint().exit_code(strict=False) == 2


def test_exit_codes(acme: Broken) -> None:
    assert [acme.lint().exit_code(strict=strict) for strict in (False, True)] == [0, 1]  # warnings only
    acme.change("voice.yaml", "cxone_data: ANI", "cxone_data: ANNI")
    assert acme.lint().exit_code(strict=False) == 1
    (acme.folder / "crm.yaml").write_bytes(b"\xff")
    assert acme.lint().exit_code(strict=False) == 2


def test_a_path_is_a_mappings_folder_a_configuration_or_files(acme: Broken) -> None:
    shutil.copytree(acme.folder, acme.folder.parent / "beta")
    root = acme.folder.parent
    assert (lint([root]).configurations, lint([root]).files) == (2, 10)
    assert lint([root / "beta"]).configurations == 1
    text = (root / "beta" / "digital.yaml").read_text()
    (root / "beta" / "digital.yaml").write_text(text.replace(", on_overflow: reject", ""))
    files = [root / "beta" / "digital.yaml", root / "beta" / "dynamic" / "customer_card.yaml"]
    assert lines(lint(files), root) == ["MEM211 beta/digital.yaml:42 cxone_transcript"]
    with pytest.raises(ConfigurationError, match="nowhere: no such file or folder. Name a mappings folder"):
        lint([root / "nowhere"])
    (root / "empty").mkdir()
    with pytest.raises(ConfigurationError, match="empty: holds no configuration"):
        lint([root / "empty"])


def test_a_snapshot_that_cannot_be_read_is_a_finding(acme: Broken) -> None:
    (acme.folder / "snapshot.json").write_text('{"version": 2}')
    result = acme.lint()
    assert "MEM001 snapshot.json:1 snapshot.json" in lines(result, acme.folder)
    assert len(result.not_checked) > 20


def test_two_hundred_files_take_less_than_two_seconds(acme: Broken) -> None:
    text = (acme.folder / "voice.yaml").read_text()
    for i in range(196):
        (acme.folder / f"m{i}.yaml").write_text(text.replace("Acme voice", f"M {i}"))
    start = time.process_time()
    assert acme.lint().files == 201
    assert time.process_time() - start < 2


SEEDS = int(os.environ.get("LINT_FUZZ_SEEDS", "4"))
"""Each is a hundred damaged files: LINT_FUZZ_SEEDS=100 tries ten thousand, in some five minutes."""


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_damaged_file_gives_codes_and_lines_and_never_a_traceback(acme: Broken, seed: int) -> None:
    """What a run refuses is an error here, in the same file; what is no such error here, a run takes."""
    rng = random.Random(seed)
    texts = {name: (acme.folder / name).read_text() for name in FILES}
    before = set(lines(acme.lint(), acme.folder))
    found = 0
    for _ in range(100):
        name = rng.choice(FILES)
        path, damaged = acme.folder / name, texts[name]
        for _ in range(rng.randint(1, 3)):
            damaged = mutated(damaged or "a: 1\n", rng)
        path.write_text(damaged)
        result = acme.lint()
        found += set(lines(result, acme.folder)) != before
        for finding in result.findings:
            assert 1 <= finding.line <= damaged.count("\n") + 1 or finding.path != path
            assert finding.problem.what and finding.problem.cure
        stopping = {f.code for f in result.findings if RULES[f.code].stops_run and RULES[f.code].needs is None}
        assert (refusal(acme.folder) is not None) == bool(stopping), (refusal(acme.folder), stopping, damaged)
        path.write_text(texts[name])
    assert found > 60


def refusal(folder: Path) -> str | None:
    try:
        load(folder.parent, folder.name)
    except ConfigurationError as error:
        return str(error)
    return None


def test_a_folder_of_the_whole_project_is_read_where_it_stands(project: Path) -> None:
    assert lint([project / "include/mappings"]).count("error") == 0
