"""Mapping files as they stood at a git revision, laid out in the caller's folder; the work tree stays untouched."""

import shutil
import subprocess
from pathlib import Path

from memorialization.errors import ConfigurationError


def checked_out(mappings: Path, name: str, revision: str, target: Path) -> str:
    """Write the folder `name` of `revision` below `target`; returns the revision's full hash.

    Raises ConfigurationError if there is no git, no such revision, or no such folder in it.
    """
    folder = mappings / name
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: no such folder, so it has no earlier revision.")
    found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    commit = found.decode().strip() if found else ""
    if not commit:
        raise ConfigurationError(
            f"--against {revision}: no such commit in the git repository of {folder}. Name a commit, branch or tag."
        )
    files = (_git(folder, "ls-tree", "-r", "-z", "--name-only", commit, "--", ".") or b"").decode().split("\0")
    for file in filter(None, files):
        content = _git(folder, "cat-file", "blob", f"{commit}:./{file}")
        path = target / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content or b"")
    if not (target / name / "crm.yaml").is_file():
        raise ConfigurationError(f"--against {revision}: that commit holds no {name}/crm.yaml. Name a later one.")
    return commit


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git prints; None where it refuses."""
    git = shutil.which("git")
    if git is None:
        raise ConfigurationError("--against needs git, which is not installed here.")
    done = subprocess.run(  # noqa: S603 - git itself; the revision comes after --end-of-options
        [git, "-C", str(folder), *arguments], capture_output=True, check=False
    )
    return done.stdout if done.returncode == 0 else None
