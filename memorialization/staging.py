"""Files of one run: Parquet and JSON below one address, local or in an object store, written whole or not at all.

Customer text lives here and nowhere else; local files get mode 0600 and folders 0700. Between steps travel
names relative to the run's folder, never rows.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from memorialization.errors import ConfigurationError, ServiceUnavailable, StagingDamaged
from memorialization.whole_files import replacing


@contextmanager
def reach(address: str, *expected: type[Exception]) -> Iterator[tuple[Any, str]]:
    """(filesystem, path in it) of any address that fsspec understands; ConfigurationError if it does not.

    Nothing is listed from memory: another process, on another machine, may have written since. Where an object store
    does not do what is asked, its library's many errors, but for the expected ones, become ServiceUnavailable.
    """
    try:
        filesystem, path = fsspec.core.url_to_fs(address, use_listings_cache=False)
    except (ImportError, ValueError) as error:  # its library is not installed, or nobody knows the scheme
        cure = "For S3: pip install 'memorialize[cluster]'. See docs/cluster.md"
        raise ConfigurationError(f"staging at {address}: {error}. {cure}") from None
    try:
        yield filesystem, path
    except Exception as error:
        if "://" not in address or isinstance(error, expected):
            raise
        raise ServiceUnavailable(
            f"staging at {address} is out of reach ({type(error).__name__}). Check the bucket, its address "
            "(AWS_ENDPOINT_URL) and the credentials; see docs/cluster.md"
        ) from None


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
        with self._reading(name) as file:
            return pq.ParquetFile(file).read(columns=columns)

    def read_frame(
        self, name: str, columns: list[str] | None = None, where: pc.Expression | None = None
    ) -> pd.DataFrame:
        """`where`: which rows; the others never become rows of pandas."""
        table = self.read_table(name, columns)
        return (table if where is None else table.filter(where)).to_pandas(ignore_metadata=True)

    def write_json(self, name: str, data: Any) -> str:
        with self._replacing(name) as file:
            file.write(orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))
        return name

    def read_json(self, name: str) -> Any:
        with self._reading(name) as file:
            return orjson.loads(file.read())

    def exists(self, name: str) -> bool:
        with reach(self._address(name)) as (filesystem, path):
            return bool(filesystem.exists(path))

    def _address(self, name: str) -> str:
        return f"{self.root}/{name}"

    @contextmanager
    def _reading(self, name: str) -> Iterator[Any]:
        """Raises StagingDamaged where the file is not what was written, as after a crash or a full disk."""
        address = self._address(name)
        expected = (FileNotFoundError, StagingDamaged)
        with reach(address, *expected) as (filesystem, path), filesystem.open(path, "rb") as file:
            try:
                yield file
            except (pa.ArrowException, orjson.JSONDecodeError, OSError) as error:
                if isinstance(error, OSError) and error.errno is not None:
                    raise  # the file cannot be had; Arrow's own have no number
                raise StagingDamaged(
                    f"{address} is cut short or unreadable ({type(error).__name__}). "
                    "Start the run again: the new one fetches everything anew"
                ) from None

    def _replacing(self, name: str) -> Any:
        """A file that appears under its name only when it is complete."""
        address = self._address(name)
        if "://" in address:
            return _Publishing(address)
        path = Path(address)
        for folder in reversed(path.parents):  # one by one: mkdir(parents=True) gives its mode to the last only
            folder.mkdir(exist_ok=True, mode=0o700)
        return _private(path)


class _Publishing:
    """An object is put in one piece: one that is written bit by bit would be published by the error that ends it."""

    def __init__(self, address: str) -> None:
        self._address = address

    def __enter__(self) -> Any:
        self._file = io.BytesIO()
        return self._file

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            with reach(self._address) as (filesystem, path):
                filesystem.pipe_file(path, self._file.getvalue())


@contextmanager
def _private(path: Path) -> Iterator[Any]:
    """A file to write that nobody else may read, and that appears under its name only when it is complete."""
    with (
        replacing(path) as partial,
        os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
    ):
        yield file
