"""Verifiers: how the exchange asks vendors about a lead. `read` makes one of a document; only bootstrap imports it."""

from verifiers.connector import Loaded, read
from verifiers.document import VerifierProblems

__all__ = ["Loaded", "VerifierProblems", "read"]
