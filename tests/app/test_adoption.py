"""Observing writes nothing; adopting changes one word of one file, and only after a report of this very mapping."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.app.command import NIGHT, held, mappings, memorialize, replace, small_world
from tests.app.world import World

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Only the first test of this module writes to it."""
    with small_world(tmp_path_factory.mktemp("twin")) as running:
        yield running


@pytest.fixture
def crm(world: World, stage: Callable[[World], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The crm.yaml of a configuration that observes."""
    stage(world)
    file = mappings(tmp_path, monkeypatch) / "crm.yaml"
    replace(file, "\nmode: adopted", "\nmode: observe")
    return file


def test_from_the_first_look_to_the_first_write(crm: Path, world: World) -> None:
    replace(crm, "fail: 0.15", "fail: 0.01")  # of what stands there now, more is wrong
    before = crm.read_bytes()
    early = memorialize("adopt", "-c", "acme")
    assert (early.code, early.out, len(early.messages)) == (2, "", 1)
    assert "Run it in observe mode and read the report first: memorialize run -c acme" in early.messages[0]
    assert crm.read_bytes() == before

    stood = held(world)
    observed = memorialize(*NIGHT, "--json")
    funnel = observed.report["funnel"]
    assert observed.code == 0 and observed.report["run"]["mode"] == "observe"
    assert funnel["held"] == funnel["missing"] + funnel["drifted"] + funnel["truncated"] > 50
    assert (funnel["planned"], funnel["written"]) == (0, 0)
    states = {suite["suite"]: suite["state"] for suite in observed.report["quality"]}
    assert states["stored"] == "fail"  # as HubSpot is: a finding and no failure, for the run was not to mend it
    assert observed.report["reasons"]["held"] == {"observe": funnel["held"]}
    assert (world.writes(), held(world)) == (0, stood)

    adopted = memorialize("adopt", "-c", "acme")
    assert adopted.code == 0 and "the next run writes to HubSpot. Commit crm.yaml." in adopted.out
    assert crm.read_bytes() == before.replace(b"\nmode: observe", b"\nmode: adopted")
    again = memorialize("adopt", "-c", "acme")
    assert (again.code, again.out) == (0, "acme is adopted already: runs write to HubSpot\n")

    written = memorialize(*NIGHT, "--json").report["funnel"]
    assert written["written"] == written["verified"] == funnel["held"]
    assert world.writes() > 0 and held(world) != stood


def with_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this mapping had been observed; the way there is the first test's."""
    monkeypatch.setattr("memorialization.ledger.Ledger.has_report", lambda *_: True)


@pytest.mark.parametrize(
    ("old", "new", "then"),
    [
        ("\nmode: observe", "\r\nmode: observe\r", "\r\nmode: adopted\r"),
        ("\nmode: observe", "\nmode: 'observe'   # until May", "\nmode: adopted   # until May"),
        ("\nmode: observe", '\nmode:   "observe"', "\nmode:   adopted"),
    ],
)
def test_every_other_byte_of_the_file_stays(
    crm: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, then: str
) -> None:
    with_report(monkeypatch)
    before = crm.read_bytes().replace(old.encode(), new.encode())
    crm.write_bytes(before)
    assert memorialize("adopt", "-c", "acme").code == 0
    assert crm.read_bytes() == before.replace(new.encode(), then.encode())


def test_a_file_that_leaves_the_mode_to_its_default_gets_the_line(crm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_report(monkeypatch)
    replace(crm, "\nmode: observe", "")
    before = crm.read_text()
    assert memorialize("adopt", "-c", "acme").code == 0
    assert crm.read_text() == before + "mode: adopted\n"


def test_a_spelling_it_does_not_know_is_left_alone(crm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_report(monkeypatch)
    replace(crm, "\nmode: observe", '\n"mode": observe')
    before = crm.read_bytes()
    outcome = memorialize("adopt", "-c", "acme")
    assert outcome.code == 2 and "Write the line yourself: mode: adopted" in outcome.messages[0]
    assert crm.read_bytes() == before
