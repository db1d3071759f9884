"""Judges what CXone told, what was mapped and what HubSpot holds with Great Expectations; no text of a customer ever
enters, so none can leave.

Suites are the YAML files of `expectations/`; a result names offenders by interaction key. An expectation that
crashed is told from data that failed: a crash raises, failing data is a finding.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import pandas as pd

from memorialization.compare import EDITED, EQUAL, NOT_EXPECTED
from memorialization.errors import ConfigurationError
from memorialization.run import Ports, Run, recorded, thaw
from memorialization.yaml_files import YamlFile, read_yaml


def judge(run: Run, suite: str, part: str, expectations: Path, ports: Ports) -> dict[str, Any]:
    """Judge one partition (`source`, `mapped`) or bucket (`stored`) by a suite; returns its counts.

    Raises ConfigurationError if the suite cannot be read or one of its expectations cannot be evaluated.
    """
    file = read_yaml(expectations / f"{suite}.yaml")
    data = file.data["data"]
    if data not in _DATA:
        raise file.error(("data",), f"{data!r} is no data of a run. Known: {', '.join(_DATA)}.")
    with recorded(run, ports, f"judge {suite}", part) as summary:
        frame = _DATA[data](run, part)
        results = _validate(file, frame) if len(frame) else []
        failing = sorted({key for result in results for key in result["keys"]})
        run.files.write_json(f"quality/{suite}/{part}.json", {"results": results, "failing": failing})
        summary.update(rows=len(frame), failing=len(failing), about=file.data.get("about", suite))
    return dict(summary)


def _interactions(run: Run, partition: str) -> pd.DataFrame:
    """One row per interaction as CXone told it, but for names, notes and addresses."""
    if not run.files.exists(f"interactions/{partition}.parquet"):
        return pd.DataFrame()
    frame = run.files.read_frame(f"interactions/{partition}.parquet", _TOLD)
    channel = partition.rsplit("-", 1)[0]
    partitions = run.files.read_json("partitions.json")["partitions"]
    keys = pd.concat(
        run.files.read_frame(f"interactions/{other}.parquet", ["interaction_key"])["interaction_key"]
        for other in partitions if other.rsplit("-", 1)[0] == channel
    )  # fmt: skip
    named = frame.pop("disposition_name").notna()
    chosen = frame.pop("disposition_id").notna()
    return frame.assign(
        times_told=frame["interaction_key"].map(keys.value_counts()),
        disposition_known=pd.Series(named, dtype="object").where(chosen),
    )


def _values(run: Run, partition: str) -> pd.DataFrame:
    """One row per due interaction and section that maps anything of its channel."""
    return _of_section(run, f"mapped/{partition}.parquet")


def _lengths(run: Run, partition: str) -> pd.DataFrame:
    frame = _of_section(run, f"lengths/{partition}.parquet")
    return frame.assign(length=frame["delivered"]) if len(frame) else frame  # what a row cuts is judged as it is cut


def _transcripts(run: Run, bucket: str) -> pd.DataFrame:
    """What HubSpot held when it was compared, brought up to date by what was written and verified since."""
    frame = _of_section(run, f"transcripts/{bucket}.parquet")
    if frame.empty:
        return frame
    frame = frame[~frame["verdict"].isin([EDITED, NOT_EXPECTED])]  # a person's word stands
    verified = frame["verdict"].eq(EQUAL)
    if run.files.exists(f"receipts/{bucket}.parquet"):
        receipts = run.files.read_frame(f"receipts/{bucket}.parquet", ["record", "property", "verified"])
        written = receipts[receipts["verified"].eq(True).to_numpy(dtype=bool, na_value=False)]
        done = pd.MultiIndex.from_frame(written[["record", "property"]])
        verified |= pd.MultiIndex.from_frame(frame[["record", "property"]]).isin(done)
    frame = frame.assign(length=frame["delivered"], equal=verified)
    return frame.assign(stored_length=frame["held_length"].where(~verified, frame["length"]))


def _of_section(run: Run, file: str) -> pd.DataFrame:
    """The file of a step, with the names of its sections; empty where that step failed, which the report says."""
    if not run.files.exists(file):
        return pd.DataFrame()
    frame, sections = run.files.read_frame(file), {s.number: s for s in thaw(run).sections}
    return frame.assign(
        mapping=[sections[n].mapping.name for n in frame["section"]],
        entity=[sections[n].section.entity for n in frame["section"]],
    )


_TIMES: Final = ("start_time", "end_time", "due_at", "updated_at")
_TOLD: Final = [
    "interaction_key", "channel", "contact_id", *_TIMES, "media_type_id", "agent_kind", "agent_id", "skill_id",
    "disposition_id", "disposition_name", "direction", "refused", "abandoned", "wrap_up_closed",
    "transcript_ref", "transcript_withheld",
]  # fmt: skip

_DATA: Final[dict[str, Callable[[Run, str], pd.DataFrame]]] = {
    "interactions": _interactions,
    "values": _values,
    "lengths": _lengths,
    "transcripts": _transcripts,
}


def _validate(file: YamlFile, frame: pd.DataFrame) -> list[dict[str, Any]]:
    import great_expectations as gx
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    source = _context().data_sources.add_or_update_pandas("run")  # anew each time: a source keeps all it was given
    batch = source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
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
        suite,
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": ["interaction_key"],
            "exclude_unexpected_values": True,
            "partial_unexpected_count": 0,
        },
    )
    return [_result(file, result) for result in sorted(outcome.results, key=_position)]


@cache
def _context() -> Any:
    """Great Expectations' own surroundings, in memory, made once in a process."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


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
