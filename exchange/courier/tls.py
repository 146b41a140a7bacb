"""TLS contexts: verification always on, TLS 1.2 at least, one per pinned CA file and certificate of ours."""

from __future__ import annotations

import ssl
from pathlib import Path


class Unreadable(Exception):
    """A file of ours cannot be used. The text is a sentence."""


class Contexts:
    """Kept as long as their files stay as they are: a renewed certificate is taken up by the next connection."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, int], ...], ssl.SSLContext] = {}

    def of(self, ca_file: str, certificate: str = "", key_file: str = "") -> ssl.SSLContext:
        """Without a `ca_file` it trusts the system's authorities, else that file's alone.

        With a `certificate` we show who we are. Raises `Unreadable`.
        """
        files = (
            _dated(ca_file, "The pinned CA file"),
            _dated(certificate, "Our certificate"),
            _dated(key_file, "The key of our certificate"),
        )
        context = self._known.get(files)
        if context is None:
            context = self._known[files] = _made(ca_file, certificate, key_file)
        return context


def _dated(path: str, what: str) -> tuple[str, int]:
    try:
        return path, Path(path).stat().st_mtime_ns if path else 0
    except (OSError, ValueError):
        raise Unreadable(f"{what} of this buyer cannot be read.") from None


def _made(ca_file: str, certificate: str, key_file: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ValueError):
        raise Unreadable("The pinned CA file of this buyer cannot be read.") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
    if certificate:
        try:
            context.load_cert_chain(certificate, key_file or None, _no_password)
        except (OSError, ValueError):
            raise Unreadable("Our certificate for this buyer, or its key, cannot be used.") from None
    return context


def _no_password() -> str:
    """An encrypted key is refused: without this a terminal would be asked."""
    return ""


def reason(error: ssl.SSLError) -> str:
    """One sentence about a failed handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The buyer's certificate was refused: {error.verify_message}."
    text = (error.reason or "no reason given").replace("_", " ").lower()
    return f"No secure connection: {text}."
