"""Which night the demonstration shows: chosen once and kept, so that doing it again finds nothing left to write."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

DAYS = 8
KEEP = 30


@dataclass(frozen=True, slots=True)
class Night:
    """The 24 hours up to `end` (02:00 UTC); the twin's world begins `DAYS` days before."""

    end: datetime

    @property
    def start(self) -> datetime:
        return self.end - timedelta(days=1)

    @property
    def world(self) -> datetime:
        return (self.end - timedelta(days=DAYS)).replace(hour=0)

    def options(self, *, clock: datetime, interactions: int) -> list[str]:
        """The twin's command line for a world that reaches to `clock`."""
        days = min((clock.date() - self.world.date()).days + 1, KEEP + DAYS)
        return [
            "--start", f"{self.world:%Y-%m-%d}", "--days", str(days), "--clock", f"{clock:%Y-%m-%dT%H:%M:%SZ}",
            "--interactions", str(interactions),
        ]  # fmt: skip


def chosen(folder: Path, now: datetime) -> Night:
    """The night of an earlier demonstration in `folder`, else the last one that was over two hours ago."""
    kept = folder / "night.json"
    if kept.exists():
        return Night(datetime.fromisoformat(json.loads(kept.read_text())["end"]))
    end = now.astimezone(UTC).replace(hour=2, minute=0, second=0, microsecond=0)
    if now - end < timedelta(hours=2):
        end -= timedelta(days=1)
    folder.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"end": end.isoformat()}))
    return Night(end)
