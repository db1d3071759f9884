"""All benchmarks, or those of `--only`: a table, `var/bench/results.json`, and of all of them benchmarks/RESULTS.md.

Nothing fails for being slow; a benchmark that breaks ends the run.
"""

import argparse
import json
from importlib import import_module
from pathlib import Path

from rich.console import Console

from benchmarks.figures import load
from benchmarks.results import as_data, markdown, show
from local.stage import PROJECT, stop_on_signals

ALL = ("wire", "report", "pages", "local_path", "parse")
COMMITTED = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=ALL, help="this one alone; may be given several times")
    chosen = parser.parse_args().only or ALL
    stop_on_signals()
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 150
    before = load()
    found = []
    for name in chosen:
        with console.status(f"{name} ..."):
            found += import_module(f"benchmarks.{name}").measure()
    data = as_data(found, before)
    show(data, console)
    files = {PROJECT / "var/bench/results.json": json.dumps(data, indent=2) + "\n"}
    if set(chosen) == set(ALL):
        files |= {
            COMMITTED / "results.json": json.dumps(data, indent=2) + "\n",
            COMMITTED / "RESULTS.md": markdown(data),
        }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        console.print(f" {path.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
