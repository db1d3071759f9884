"""Strings that somebody could send to do harm, one corpus a file, a string a line, written with Python's escapes.

headers: what ends a header or begins another; paths: what leads out of a folder; pages: what a browser could obey;
cells: what a spreadsheet takes for a formula.
"""

from pathlib import Path
from typing import Literal

Corpus = Literal["headers", "paths", "pages", "cells"]


def corpus(name: Corpus) -> list[str]:
    lines = (Path(__file__).with_name(f"{name}.txt")).read_text(encoding="ascii").splitlines()
    strings = [line.encode().decode("unicode_escape") for line in lines]
    assert len(set(strings)) == len(strings) > 10
    return strings
