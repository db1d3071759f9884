"""The ledger: what the product remembers between runs."""

from memorialization.ledger.store import Ledger

__all__ = ["Ledger"]
