"""Hashes of customers' values for the ledger are keyed: who reads them can neither tell a value nor try a guess.

The key is made of the CXone connection's `address_secret`, which the ledger does not hold. The upper 16 bits of a hash
name its key: of hashes of two keys nothing is known, neither that their values are equal nor that they differ. What
is written only while something is known to be equal, or held while it is, asks `comparable` first.
"""

import hashlib
from base64 import b64encode
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd

_NAME_AT: Final = 48  # the bit from which on a hash names its key; below it is the hash
_NAMES: Final = 2**16 - 1  # 0 is none, so that no hash of a value is 0, which means a missing value


@dataclass(frozen=True, slots=True)
class Key:
    """`name` is 1 to 65,535 and may be known; `siphash` is 96 secret bits as the 16 characters that pandas takes."""

    name: int
    siphash: str = field(repr=False)

    def hashed(self, texts: np.ndarray) -> np.ndarray:
        """uint64 per text (SipHash-2-4); such hashes may be added up before they are `marked`."""
        found: np.ndarray = pd.util.hash_array(texts, hash_key=self.siphash, categorize=False)
        return found

    def marked(self, hashes: np.ndarray) -> np.ndarray:
        """int64 per uint64: its lower 48 bits under the name of the key."""
        below = hashes & np.uint64((1 << _NAME_AT) - 1)
        named: np.ndarray = (below | np.uint64(self.name << _NAME_AT)).view("int64")
        return named


@lru_cache(maxsize=64)
def key_of(secret: str) -> Key:
    """The key that this secret makes, the same in every process; that of "" is known to everybody."""
    digest = hashlib.blake2b(secret.encode(), person=b"values", digest_size=14).digest()
    return Key(int.from_bytes(digest[:2]) % _NAMES + 1, b64encode(digest[2:]).decode())


def comparable(one: int, other: int) -> bool:
    """Whether two hashes are of one key, so that they tell if their values are equal; 0, a missing value, always is."""
    return not (one and other) or one >> _NAME_AT == other >> _NAME_AT
