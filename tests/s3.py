"""An S3 on this machine for tests: its own process, found through the environment as a real one is.

s3fs keeps its clients for the life of a process, so one process of tests asks one store.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.stage import BIN, PATIENCE, free_port, process, tail

BUCKET = "memorialize"


@dataclass(frozen=True)
class Bucket:
    """An empty bucket; `environment` is what a client of it needs to be told."""

    environment: dict[str, str]

    @property
    def client(self) -> Any:
        import boto3

        known = self.environment
        return boto3.client(
            "s3",
            endpoint_url=known["AWS_ENDPOINT_URL"],
            aws_access_key_id=known["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=known["AWS_SECRET_ACCESS_KEY"],
        )

    def objects(self, prefix: str = "") -> dict[str, int]:
        """Key -> size in bytes."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return {found["Key"]: found["Size"] for page in pages for found in page.get("Contents", ())}


@contextmanager
def bucket(folder: Path) -> Iterator[Bucket]:
    """A store of its own, its log in `folder`; it is gone at the end, and what was in it."""
    port = free_port(0)
    log = folder / "s3.log"
    with process([BIN / "moto_server", "-H", "127.0.0.1", "-p", str(port)], log, {"PATH": str(BIN)}) as child:
        deadline = time.monotonic() + PATIENCE
        while not _listens(port):
            assert child.poll() is None and time.monotonic() < deadline, tail(log)
            time.sleep(0.1)
        found = Bucket(
            {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
                "AWS_ACCESS_KEY_ID": "memorialize",
                "AWS_SECRET_ACCESS_KEY": "nobody asks",
                "AWS_DEFAULT_REGION": "us-east-1",
            }
        )
        found.client.create_bucket(Bucket=BUCKET)
        yield found


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
