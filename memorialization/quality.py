"""Judges lengths against limits with Great Expectations; no text ever enters, so none can leave.

Suites are the YAML files of `expectations/`; a result names offenders by interaction key. An expectation that
crashed is told from data that failed: a crash raises, failing data is a finding.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pandas as pd

from memorialization.compare import EDITED, EQUAL
from memorialization.errors import ConfigurationError
from memorialization.run import Ports, Run, recorded, thaw
from memorialization.yaml_files import YamlFile, read_yaml


def judge(run: Run, suite: str, part: str, expectations: Path, ports: Ports) -> dict[str, Any]:
    """Judge one partition (`mapped`) or bucket (`stored`) by a suite; returns its counts.

    Raises ConfigurationError if the suite cannot be read or one of its expectations cannot be evaluated.
    """
    file = read_yaml(expectations / f"{suite}.yaml")
    data = file.data["data"]
    if data not in _DATA:
        raise file.error(("data",), f"{data!r} is no data of a run. Known: {', '.join(_DATA)}.")
    with recorded(run, ports, f"judge {suite}", part) as summary:
        frame = _named(run, _DATA[data](run, part))
        results = _validate(file, frame) if len(frame) else []
        failing = sorted({key for result in results for key in result["keys"]})
        run.files.write_json(f"quality/{suite}/{part}.json", {"results": results, "failing": failing})
        summary.update(rows=len(frame), failing=len(failing), about=file.data.get("about", suite))
    return dict(summary)


def _lengths(run: Run, partition: str) -> pd.DataFrame:
    if not run.files.exists(f"lengths/{partition}.parquet"):  # its preparation failed, which the report says
        return pd.DataFrame(columns=["section"])
    frame = run.files.read_frame(f"lengths/{partition}.parquet")
    return frame.assign(length=frame["delivered"])  # what a row cuts by its policy is judged as it is cut


def _transcripts(run: Run, bucket: str) -> pd.DataFrame:
    """What HubSpot held when it was compared, brought up to date by what was written and verified since."""
    if not run.files.exists(f"transcripts/{bucket}.parquet"):  # its reconcile failed, which the report says
        return pd.DataFrame(columns=["section"])
    frame = run.files.read_frame(f"transcripts/{bucket}.parquet")
    frame = frame[frame["verdict"].ne(EDITED)]  # a person's word stands
    verified = frame["verdict"].eq(EQUAL)
    if run.files.exists(f"receipts/{bucket}.parquet"):
        receipts = run.files.read_frame(f"receipts/{bucket}.parquet", ["record", "property", "verified"])
        written = receipts[receipts["verified"].eq(True).to_numpy(dtype=bool, na_value=False)]
        done = pd.MultiIndex.from_frame(written[["record", "property"]])
        verified |= pd.MultiIndex.from_frame(frame[["record", "property"]]).isin(done)
    frame = frame.assign(length=frame["delivered"])
    return frame.assign(stored_length=frame["held_length"].where(~verified, frame["length"]))


_DATA: Final[dict[str, Callable[[Run, str], pd.DataFrame]]] = {
    "lengths": _lengths,
    "transcripts": _transcripts,
}


def _named(run: Run, frame: pd.DataFrame) -> pd.DataFrame:
    sections = {s.number: s for s in thaw(run).sections}
    return frame.assign(
        mapping=[sections[n].mapping.name for n in frame["section"]],
        entity=[sections[n].section.entity for n in frame["section"]],
    )


def _validate(file: YamlFile, frame: pd.DataFrame) -> list[dict[str, Any]]:
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    batch = (
        context.data_sources.add_pandas("run")
        .add_dataframe_asset("lengths")
        .add_batch_definition_whole_dataframe("all")
    )
    suite = gx.ExpectationSuite(name=file.data["suite"])
    for i, item in enumerate(file.data["expectations"]):
        arguments = {k: v for k, v in item.items() if k != "type"}
        try:
            suite.add_expectation(
                ExpectationConfiguration(type=item["type"], kwargs=arguments, meta={"position": i}).to_domain_obj()
            )
        except Exception as error:  # GX raises many kinds for an unknown type or argument
            raise file.error(
                ("expectations", i),
                f"Great Expectations does not accept this: {type(error).__name__}. Correct it.",
            ) from None
    outcome = batch.get_batch({"dataframe": frame}).validate(
        context.suites.add(suite),
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": ["interaction_key"],
            "exclude_unexpected_values": True,
            "partial_unexpected_count": 0,
        },
    )
    return [_result(file, result) for result in sorted(outcome.results, key=_position)]


def _position(result: Any) -> int:
    """The place of a result's expectation in its file; Great Expectations answers in an order of its own."""
    return int(result.expectation_config.meta["position"])


def _result(file: YamlFile, result: Any) -> dict[str, Any]:
    if result.exception_info.get("raised_exception") or any(
        isinstance(v, dict) and v.get("raised_exception") for v in result.exception_info.values()
    ):
        raise ConfigurationError(
            f"{file.path}:{file.line(('expectations', _position(result)))}: this expectation could not be evaluated "
            "(wrong column or argument); it is no verdict on the data. Correct it."
        )
    keys: set[str] = set()
    for item in result.result.get("unexpected_index_list") or []:
        named = item["interaction_key"]  # a list for expectations on pairs of columns
        keys.update(named if isinstance(named, list) else [named])
    return {
        "type": result.expectation_config.type,
        "rows": result.result.get("element_count", 0),
        "failing": result.result.get("unexpected_count", 0 if result.success else 1),
        "success": bool(result.success),
        "keys": sorted(keys),
    }
