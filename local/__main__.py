"""`python -m local demo | up`: what `make demo` and `make up` call. `--folder` keeps its state elsewhere."""

import argparse
import sys
from pathlib import Path

from local.stage import PROJECT, StageError, stop_on_signals


def main() -> int:
    """Returns the exit code; 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="local", description=__doc__)
    parser.add_argument("verb", choices=["demo", "up"])
    parser.add_argument("--folder", type=Path, default=PROJECT / "var")
    parser.add_argument("--interactions", type=int, default=1500, help="a day, in the twin's world")
    chosen = parser.parse_args()
    stop_on_signals()
    from local.demo import demo
    from local.up import up

    try:
        return {"demo": demo, "up": up}[chosen.verb](chosen.folder, chosen.interactions)
    except StageError as error:
        print(f"{chosen.verb}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
