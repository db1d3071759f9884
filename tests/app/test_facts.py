"""Facts for the linter: asked live of the twin, or measured from what runs have staged."""

from pathlib import Path

import pandas as pd
import pytest

from app import facts
from memorialization.errors import ConfigurationError
from memorialization.lint.facts import Lengths
from memorialization.lint.reading import read_folder
from tests.app.command import memorialize


def stage_lengths(root: Path, run: str, **lengths: int | None) -> None:
    path = root / "acme" / run / "lengths" / "0.parquet"
    path.parent.mkdir(parents=True)
    frame = pd.DataFrame({"interaction_key": list(lengths), "length": pd.array(list(lengths.values()), dtype="Int64")})
    frame.to_parquet(path)


def test_lengths_are_quantiles_over_the_interactions_of_all_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMORIALIZATION_STAGING", str(tmp_path))
    stage_lengths(tmp_path, "a", **{f"d:{i}": i for i in range(1, 101)}, twice=7)
    stage_lengths(tmp_path, "b", twice=5000, unread=None)
    assert facts.lengths("acme") == Lengths(count=101, median=51, p95=96, p99=100, longest=5000)


def test_without_a_transcript_nothing_is_known_of_lengths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMORIALIZATION_STAGING", str(tmp_path))
    assert facts.lengths("acme") is None
    stage_lengths(tmp_path, "a", unread=None)
    assert facts.lengths("acme") is None


def test_a_connection_that_is_not_defined_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = read_folder(project / "include/mappings/acme")
    monkeypatch.delenv("AIRFLOW_CONN_CXONE_ACME", raising=False)
    with pytest.raises(ConfigurationError, match="cxone_acme"):
        facts.tenant(folder)


@pytest.mark.slow
def test_the_facts_are_those_of_the_record_types_that_the_folder_names(acme: Path) -> None:
    (acme / "dynamic" / "extra.yaml").write_text(
        "dynamic_data_mapping: Extra\nsections:\n  - {entity: Deal, fields: [dealname]}\n"
        "  - {entity: Nothing, fields: [x]}\n"
    )
    found = facts.collect(read_folder(acme))
    assert found.portal is not None and found.tenant is not None
    assert found.portal.account_id == 4711001
    assert set(found.portal.record_types) == {"Contact", "Ticket", "Company"}  # the token may not read deals
    assert found.portal.unknown_record_types == ("Nothing",)
    assert "tickets" in (found.portal.scopes or ())
    assert found.portal.pipelines["Ticket"]["0"].stages["1"] == "New"
    assert found.tenant.skills["Störung DE"].screen_pops is False
    assert found.transcript_lengths is None


@pytest.mark.slow
def test_a_record_type_that_the_token_may_not_read_is_found_live_and_by_a_snapshot(acme: Path) -> None:
    path = acme / "dynamic" / "customer_card.yaml"
    path.write_text(path.read_text().replace("entity: Company", "entity: Deal"))
    assert memorialize("snapshot", "-c", "acme").code == 0
    for source in ("snapshot", "live"):
        linted = memorialize("lint", "--portal", source)
        assert (
            linted.code == 1 and "error MEM601 scope-missing: the token lacks the scope crm.objects.deals" in linted.out
        )
        assert "acme: not checked without properties of Deal: MEM202" in linted.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('hs_pipeline: "0"', 'hs_pipeline: "7"',
         "mapping 'Acme digital', section Ticket: create_with: the portal has no pipeline '7'. "
         "Known: 0 (Support Pipeline)."),
        ('hs_pipeline_stage: "1"', 'hs_pipeline_stage: "77"',
         "mapping 'Acme digital', section Ticket: create_with: pipeline '0' has no stage '77'. Known: 1 (New), "
         "2 (Waiting on contact), 3 (Waiting on us), 4 (Closed)."),
    ],
)  # fmt: skip
def test_a_pipeline_that_the_portal_lacks_is_an_error_live_and_stops_a_run(
    acme: Path, old: str, new: str, message: str
) -> None:
    path = acme / "digital.yaml"
    path.write_text(path.read_text().replace(old, new))
    linted = memorialize("lint", "--portal", "live")
    assert linted.code == 1 and "error MEM213 pipeline-unknown" in linted.out
    run = memorialize("run", "-c", "acme", "--from", "2026-11-20T00:00:00Z", "--to", "2026-11-21T00:00:00Z")
    assert run.code == 2 and message in " ".join(" ".join(run.messages).split())
