"""The command line: what is read, what is refused, and that the help fits a terminal."""

import os
import re
import subprocess
import sys
from dataclasses import fields
from functools import cache

import pytest

from sandbox.cxone import faults as cxone
from sandbox.cxone.behaviour import Behaviour
from sandbox.hubspot import faults as hubspot
from sandbox.hubspot.limits import Limits
from sandbox.options import EPILOG, options
from tests.sandbox.conftest import ROOT


@cache
def helped() -> str:
    command = [sys.executable, "-m", "sandbox", "--help"]
    return subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=True).stdout


def test_without_options_there_is_a_week_and_no_fault() -> None:
    chosen = options([])
    assert (chosen.seed, chosen.interactions, chosen.days, str(chosen.start)) == (7, 1500, 7, "2026-11-16")
    assert chosen.shares == {"cxone": None, "hubspot": None}
    assert chosen.limits == Limits()
    assert chosen.behaviour == Behaviour()


def test_one_scale_shortens_every_window() -> None:
    chosen = options(["--scale", "10", "--burst", "100"])
    assert chosen.limits == Limits(burst=100, interval=1.0, second=0.1)
    assert chosen.behaviour == Behaviour(scale=10.0)
    assert chosen.behaviour.token_lifetime == 3600


@pytest.mark.parametrize(
    ("arguments", "failing"),
    [
        (["--faults", "5%"], {"cxone", "hubspot"}),
        (["--faults", "cxone=5%"], {"cxone"}),
        (["--faults", "hubspot=0.05"], {"hubspot"}),
        (["--faults", "5%", "--fault", "token expired"], {"cxone"}),
        (["--faults", "5%", "--fault", "locked", "--fault", "reset"], {"cxone", "hubspot"}),
    ],
)
def test_a_share_is_of_both_services_or_of_one(arguments: list[str], failing: set[str]) -> None:
    assert {service for service, share in options(arguments).shares.items() if share} == failing


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fault", "reset"], "--faults says how many"),
        (["--faults", "120%"], "1.2 is no share of the calls"),
        (["--faults", "often"], "often is no share of the calls, such as 5% or 0.05"),
        (["--faults", "mail=5%"], "mail is none of cxone, hubspot"),
        (
            ["--faults", "hubspot=5%", "--fault", "token expired"],
            "no such fault: token expired; there are: burst",
        ),
        (["--scale", "0"], "--scale must be more than 0"),
        (["--interactions", "0"], "--interactions must be 1 to 400000"),
        (["--require", "butterflies.wings"], "butterflies.wings is no property of a type"),
        (["--length-unit", "inches"], "invalid choice: 'inches'"),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        options(arguments)
    assert left.value.code == 2
    assert words in capsys.readouterr().err


def test_required_properties_are_read_by_any_spelling_of_the_type() -> None:
    assert options(["--require", "tickets.content", "--require", "0-1.email"]).require == [
        ("0-5", "content"),
        ("0-1", "email"),
    ]


def test_the_help_fits_a_hundred_columns_and_names_every_group() -> None:
    shown = helped()
    assert max(map(len, shown.splitlines())) <= 100
    for group in ("world:", "time:", "limits", "what nobody knows", "faults:", "ports and files:", "examples:"):
        assert f"\n{group}" in shown
    assert EPILOG.strip() in shown


def test_the_readme_names_no_option_that_is_none_and_every_part_of_a_fault() -> None:
    readme = (ROOT / "sandbox/README.md").read_text()
    known = set(re.findall(r"--[a-z-]+", helped()))
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", readme)) <= known | {"--help"}
    parts = {field.name for kind in (cxone.Fault, hubspot.Fault) for field in fields(kind)}
    assert {name for name in parts if f"`{name}`" not in readme} == set()
