"""Writes packaged tables in the form that `exchange/fields/table.py` reads."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent


def save(file: str, name: str, version: str, source: str, licence: str, rows: Iterable[str]) -> None:
    """`version` is the ISO day of the data. A name that ends in .gz is packed, the same bytes for the same rows."""
    heads = {"table": name, "version": version, "source": source, "licence": licence}
    text = "".join(f"# {head}: {said}\n" for head, said in heads.items()) + "".join(f"{row}\n" for row in rows)
    content = text.encode()
    packed = gzip.compress(content, compresslevel=9, mtime=0) if file.endswith(".gz") else content
    (FOLDER / file).write_bytes(packed)
