"""`memorialize lint`: every rule over mapping files, before they can do harm."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from memorialization.lint.registry import Rule


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option(
    "--portal",
    type=click.Choice(["snapshot", "live"]),
    default="snapshot",
    show_default=True,
    help="Facts from each folder's snapshot.json, or asked of HubSpot and CXone now.",
)
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
@click.option("--explain", metavar="CODE", help="Explain one rule, such as MEM101, and end.")
def lint(paths: tuple[Path, ...], portal: str, form: str, strict: bool, explain: str | None) -> None:
    """Check mapping files: all of them, one configuration's folder, or single files.

    Exit code 0: no errors; 1: errors, or warnings with --strict; 2: a file cannot be read.
    """
    from memorialization.lint import show

    if explain is not None:
        click.echo(show.explain(_rule(explain)))
        return
    from app.facts import collect
    from app.settings import settings
    from memorialization.lint.run import lint as run

    result = run(paths or [settings().mappings], collect if portal == "live" else None)
    click.echo({"text": show.text, "json": show.as_json, "github": show.github}[form](result))
    sys.exit(result.exit_code(strict=strict))


def _rule(code: str) -> "Rule":
    from memorialization.cures import meant
    from memorialization.errors import ConfigurationError
    from memorialization.lint.registry import RULES

    rule = RULES.get(code.strip().upper())
    if rule is None:
        raise ConfigurationError(f"there is no rule {code!r}.{meant(code, RULES)} Known: {', '.join(RULES)}.")
    return rule
