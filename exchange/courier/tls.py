"""TLS contexts: verification always on, TLS 1.2 at least, one per pinned CA file."""

from __future__ import annotations

import ssl
from pathlib import Path


class Contexts:
    """`of("")` trusts the system's authorities, `of(path)` that file's alone. Raises OSError when it cannot be read."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], ssl.SSLContext] = {}

    def of(self, ca_file: str) -> ssl.SSLContext:
        key = (ca_file, Path(ca_file).stat().st_mtime_ns if ca_file else 0)
        context = self._known.get(key)
        if context is None:
            context = ssl.create_default_context(cafile=ca_file or None)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
            self._known[key] = context
        return context


def reason(error: ssl.SSLError) -> str:
    """One sentence about a failed handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The buyer's certificate was refused: {error.verify_message}."
    text = (error.reason or "no reason given").replace("_", " ").lower()
    return f"No secure connection: {text}."
