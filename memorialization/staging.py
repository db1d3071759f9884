"""Files of one run: Parquet and JSON below one address, local or in an object store, written whole or not at all.

Customer text lives here and nowhere else; local files get mode 0600 and folders 0700. Between steps travel
names relative to the run's folder, never rows.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True, slots=True)
class Staging:
    """`root` is any address that fsspec understands, such as `var/staging/acme/<run>` or `s3://bucket/...`."""

    root: str

    def write_table(self, name: str, table: pa.Table) -> str:
        """Write a table as `name`; returns the name."""
        with self._replacing(name) as file:
            pq.write_table(table, file, compression="zstd")
        return name

    def write_frame(self, name: str, frame: pd.DataFrame) -> str:
        return self.write_table(name, pa.Table.from_pandas(frame, preserve_index=False))

    def read_table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        with fsspec.open(self._address(name), "rb") as file:
            return pq.ParquetFile(file).read(columns=columns)

    def read_frame(self, name: str, columns: list[str] | None = None) -> pd.DataFrame:
        return self.read_table(name, columns).to_pandas(ignore_metadata=True)

    def write_json(self, name: str, data: Any) -> str:
        with self._replacing(name) as file:
            file.write(orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))
        return name

    def read_json(self, name: str) -> Any:
        with fsspec.open(self._address(name), "rb") as file:
            return orjson.loads(file.read())

    def exists(self, name: str) -> bool:
        filesystem, path = fsspec.core.url_to_fs(self._address(name))
        return bool(filesystem.exists(path))

    def _address(self, name: str) -> str:
        return f"{self.root}/{name}"

    def _replacing(self, name: str) -> Any:
        """A file that appears under its name only when it is complete."""
        address = self._address(name)
        if "://" in address:
            return fsspec.open(address, "wb")  # object stores publish an object when it is closed
        path = Path(address)
        for folder in reversed(path.parents):  # one by one: mkdir(parents=True) gives its mode to the last only
            folder.mkdir(exist_ok=True, mode=0o700)
        return _Replacing(path)


class _Replacing:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(f".{path.name}.{os.getpid()}")

    def __enter__(self) -> Any:
        descriptor = os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        return self._file

    def __exit__(self, kind: object, *_: object) -> None:
        self._file.close()
        if kind is None:
            self._partial.replace(self._path)
        else:
            self._partial.unlink(missing_ok=True)
