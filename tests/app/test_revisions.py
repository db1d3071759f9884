import subprocess
from pathlib import Path

import pytest

from app.revisions import checked_out
from memorialization.errors import ConfigurationError


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    folder = root / "deep" / "mappings" / "acme"
    (folder / "dynamic").mkdir(parents=True)
    (folder / "crm.yaml").write_text("first: Größe\n", encoding="utf-8")
    (folder / "dynamic" / "käse.yaml").write_text("card\n")
    (root / "deep" / "other.txt").write_text("not mine\n")
    git = ["git", "-C", str(root), "-c", "user.name=T", "-c", "user.email=t@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"], ["tag", "v1"]):
        subprocess.run([*git, *arguments], check=True)
    (folder / "crm.yaml").write_text("second\n")
    return root / "deep" / "mappings"


def test_a_folder_is_laid_out_as_it_was(repository: Path, tmp_path: Path) -> None:
    commit = checked_out(repository, "acme", "v1", tmp_path / "out")
    assert len(commit) == 40
    files = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert files == {"acme/crm.yaml", "acme/dynamic/käse.yaml"}
    assert (tmp_path / "out/acme/crm.yaml").read_text(encoding="utf-8") == "first: Größe\n"
    assert (repository / "acme/crm.yaml").read_text() == "second\n"


@pytest.mark.parametrize("revision", ["v2", "--all", "", "v1:deep", "v1^^"])
def test_what_is_no_commit_is_refused(repository: Path, tmp_path: Path, revision: str) -> None:
    with pytest.raises(ConfigurationError, match="no such commit"):
        checked_out(repository, "acme", revision, tmp_path / "out")


def test_a_folder_that_is_younger_than_the_commit_is_named(repository: Path, tmp_path: Path) -> None:
    (repository / "neu").mkdir()
    with pytest.raises(ConfigurationError, match=r"holds no neu/crm\.yaml"):
        checked_out(repository, "neu", "v1", tmp_path / "out")


def test_a_folder_outside_of_git_has_no_revisions(tmp_path: Path) -> None:
    (tmp_path / "mappings" / "acme").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="no such commit in the git repository"):
        checked_out(tmp_path / "mappings", "acme", "HEAD", tmp_path / "out")


def test_without_git_the_message_says_so(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigurationError, match="needs git"):
        checked_out(repository, "acme", "v1", tmp_path / "out")
