"""All benchmarks, or those of `--only`: a table, `var/bench/results.json`, and of all of them benchmarks/RESULTS.md.

With `--keep`, those of `--only` take their places in RESULTS.md, beside the others as they were measured before.
Nothing fails for being slow; a benchmark that breaks ends the run.
"""

import argparse
import json
from importlib import import_module
from pathlib import Path

from rich.console import Console

from benchmarks.figures import load
from benchmarks.results import as_data, beside, markdown, show
from local.stage import PROJECT, stop_on_signals

ALL = ("wire", "extraction", "report", "pages", "local_path", "parse")
COMMITTED = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=ALL, help="this one alone; may be given several times")
    parser.add_argument("--keep", action="store_true", help="write RESULTS.md, with the other figures as they were")
    given = parser.parse_args()
    chosen = given.only or ALL
    stop_on_signals()
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 150
    before = load()
    found = {}
    for name in chosen:
        with console.status(f"{name} ..."):
            found[name] = import_module(f"benchmarks.{name}").measure()
    data = as_data(found, before)
    show(data, console)
    files = {PROJECT / "var/bench/results.json": json.dumps(data, indent=2) + "\n"}
    if given.keep or set(chosen) == set(ALL):
        earlier = json.loads((COMMITTED / "results.json").read_text(encoding="utf-8"))
        whole = beside(data, earlier, ALL)
        files |= {
            COMMITTED / "results.json": json.dumps(whole, indent=2) + "\n",
            COMMITTED / "RESULTS.md": markdown(whole),
        }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        console.print(f" {path.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
