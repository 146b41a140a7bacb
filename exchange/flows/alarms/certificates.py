"""Certificates that connections and doors of ours name, and when they end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509


class Ends(NamedTuple):
    """A certificate and when it ends, in epoch ms."""

    what: str
    path: Path
    at: int


def certificates_of(documents: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Path]]:
    """The files that connections name in how they are reached."""
    for name, document in documents.items():
        transport = document.get("transport")
        for key in ("certificate", "ca_file"):
            path = transport.get(key) if isinstance(transport, Mapping) else None
            if isinstance(path, str) and path.startswith("/"):
                yield f"connection {name}", Path(path)


def ends_of(what: str, path: Path) -> Ends | None:
    """When the first certificate of a PEM file ends; None for what cannot be read: `exchange check` tells of that."""
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        return None
    return Ends(what, path, min(int(each.not_valid_after_utc.timestamp() * 1_000) for each in found))
