"""`make chaos`: fifty seeded nights under every trouble, then three that Airflow itself does not survive whole.

A line a night. What came out is written to tests/chaos/results.json and docs/reliability.md, each part when all of it
was run. Exit code 1 where a night ended wrong; its files are kept, and the command that repeats it is printed.
"""

import argparse
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rich.console import Console

from local.stage import PROJECT, stop_on_signals
from tests.chaos import results, under_airflow
from tests.chaos.alone import alone, kept

NIGHTS = 50


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="what all is drawn from; without it any")
    parser.add_argument("--night", type=int, action="append", help="this one alone; may be given several times")
    parser.add_argument("--nights", type=int, default=NIGHTS, help="how many")
    parser.add_argument("--go-on", action="store_true", help="leave out the nights that an interrupted start had done")
    parser.add_argument("--only", choices=("nights", "airflow"), help="this part alone")
    parser.add_argument("--side-by-side", type=int, default=os.cpu_count() or 1, metavar="N", help="nights at a time")
    chosen = parser.parse_args()
    stop_on_signals()
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 160
    seed = secrets.randbelow(10_000) if chosen.seed is None else chosen.seed
    good = True
    if chosen.only != "airflow":
        numbers = chosen.night or list(range(1, chosen.nights + 1))
        found = _nights(seed, numbers, chosen.side_by_side, console, go_on=chosen.go_on)
        good &= not any(night["wrong"] for night in found)
        if not chosen.night:
            results.keep("nights", {"seed": seed, "planned": chosen.nights, "nights": found}, console)
    if chosen.only != "nights" and not chosen.night:
        with _folder() as folder:
            found = under_airflow.nights(folder, lambda night: console.print(results.line(night)))
        good &= not any(night["wrong"] for night in found)
        results.keep("airflow", {"nights": found}, console)
    return 0 if good else 1


def _nights(seed: int, numbers: list[int], side_by_side: int, console: Console, *, go_on: bool) -> list[dict[str, Any]]:
    console.print(f" seed {seed}, {len(numbers)} nights, {side_by_side} side by side")
    so_far = PROJECT / "var" / "chaos" / f"{seed}.json"
    so_far.parent.mkdir(parents=True, exist_ok=True)
    found: list[dict[str, Any]] = json.loads(so_far.read_text()) if go_on and so_far.exists() else []
    numbers = [number for number in numbers if number not in {night["number"] for night in found}]
    with _folder() as folder, ProcessPoolExecutor(side_by_side, mp_context=get_context("spawn")) as workers:
        try:
            for future in as_completed([workers.submit(alone, seed, number, folder) for number in numbers]):
                night = future.result()
                found.append(night)
                so_far.write_text(json.dumps(found))
                console.print(results.line(night))
                for what, cases in night["wrong"].items():
                    console.print(f"     [red]{what}[/]: {'; '.join(cases[:5])}{' ...' if len(cases) > 5 else ''}")
                if night["wrong"]:
                    number = night["number"]
                    console.print(f"     repeat it: make chaos SEED={seed} NIGHT={number}; files: {kept(seed, number)}")
        except BaseException:
            workers.shutdown(cancel_futures=True)  # those under way end
            raise
    return sorted(found, key=lambda night: night["number"])


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that PostgreSQL's unprivileged user may enter."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


if __name__ == "__main__":
    sys.exit(main())
