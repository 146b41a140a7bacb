"""Where the files of held imports lie: sealed, in one folder, under the import's own id."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from exchange.flows.import_results import ResultFile, result_suffix
from exchange.flows.market import Market
from exchange.flows.sealed_file import SealedWriter, open_sealed, sealed_blocks
from exchange.model.batch import LeadFile
from exchange.model.importing import ImportRow
from exchange.storage.imports import files_to_forget, find_import, forget_file, imports_with_files
from exchange.vault import DataKey, VaultError

_AT_ONCE = 100
_DAY_MS = 86_400_000
_GONE = "Its file is no longer kept."


class FileGone(Exception):
    """The file or the result is not kept any more, or lies with another node. The sentence says which."""


def new_spool(market: Market, import_id: str, key: DataKey) -> SealedWriter:
    """Where a file is written as it comes. Raises `OSError`."""
    market.files_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return SealedWriter(_file_path(market, import_id), market.vault, key, _file_name(import_id))


def spooled(market: Market, import_id: str, key: DataKey, name: str) -> LeadFile:
    """What was written there, under the name it came with."""

    def begin() -> BinaryIO:
        return open_sealed(_file_path(market, import_id), market.vault, key, _file_name(import_id))

    return LeadFile(name, begin)


def converted_spool(market: Market, import_id: str, key: DataKey) -> SealedWriter:
    """Where a spreadsheet's rows are written before they take the place of the spreadsheet."""
    return SealedWriter(_converting(market, import_id), market.vault, key, _file_name(import_id))


def put_converted(market: Market, import_id: str) -> None:
    _converting(market, import_id).replace(_file_path(market, import_id))


def drop_file(market: Market, import_id: str) -> None:
    for path in (_file_path(market, import_id), _result_path(market, import_id), _converting(market, import_id)):
        path.unlink(missing_ok=True)


def held_file(market: Market, row: ImportRow) -> LeadFile:
    """The file of an import. Raises `FileGone`."""
    if row.wrapped is None or row.forgotten_at is not None:
        raise FileGone(_GONE)
    if not _file_path(market, row.id).is_file():
        raise FileGone("Its file is not on this node: files_dir must be one folder for all of them.")
    return spooled(market, row.id, market.vault.data_key(row.wrapped), row.file_name)


def held_results(market: Market, row: ImportRow) -> ResultFile:
    """Where the results of an import go on. Raises `FileGone`, `InUse` when another process works on it, `OSError`."""
    if row.wrapped is None or row.layout is None:
        raise FileGone(_GONE)
    key = market.vault.data_key(row.wrapped)
    try:
        sink = SealedWriter(_result_path(market, row.id), market.vault, key, _result_name(row.id), row.result_bytes)
    except FileNotFoundError:
        raise FileGone("Its result so far is not on this node: files_dir must be one folder for all of them.") from None
    return ResultFile(sink, row.layout, begun=row.result_bytes > 0)


def result_of(market: Market, row: ImportRow) -> Iterator[bytes]:
    """The result as far as it is noted. Raises `FileGone`; reading raises `OSError` and `VaultError`."""
    if row.wrapped is None or row.forgotten_at is not None:
        raise FileGone(_GONE)
    path = _result_path(market, row.id)
    if not row.result_bytes or not path.is_file():
        raise FileGone("There is no result yet.")
    key = market.vault.data_key(row.wrapped)
    return sealed_blocks(path, market.vault, key, _result_name(row.id), row.result_bytes)


def result_size(market: Market, row: ImportRow) -> int:
    """How many bytes the result has: all of it is unsealed to know. 0 for one that cannot be read."""
    try:
        return sum(len(block) for block in result_of(market, row))
    except (FileGone, OSError, VaultError):
        return 0


def result_file_name(row: ImportRow) -> str:
    """`acme-november.imp_01KAG4.csv`: what a download is called."""
    assert row.layout is not None
    return f"{Path(row.file_name).stem}.{row.id}.{result_suffix(row.layout)}"


async def forget_files(market: Market, now: int, days: int) -> None:
    """Delete files and results that were kept long enough, and the keys that open them."""
    for import_id in await market.db.read(files_to_forget, now - days * _DAY_MS, _AT_ONCE):
        drop_file(market, import_id)
        await market.db.write(forget_file, import_id, now)


async def forget_strays(market: Market, now: int) -> None:
    """Delete what an upload left that was killed before it was whole: files of a day ago that no import goes with."""
    found = await asyncio.to_thread(_older, market.files_dir, now - _DAY_MS)
    for first in range(0, len(found), _AT_ONCE):
        ids = found[first : first + _AT_ONCE]
        kept = await market.db.write(imports_with_files, ids)
        for import_id in ids:
            if import_id not in kept:
                drop_file(market, import_id)


def _older(folder: Path, before: int) -> list[str]:
    if not folder.is_dir():
        return []
    files = [path for path in folder.glob("imp_*") if path.suffix in (".leads", ".part", ".result")]
    return sorted({path.stem for path in files if path.stat().st_mtime * 1_000 < before})


async def forget_unbegun(market: Market, import_id: str) -> None:
    """Delete the file of an import that was cancelled before its first row, and the key that opens it."""
    row = await market.db.write(find_import, import_id)
    if row is not None and row.held and (row.state, row.started_at) == ("cancelled", None):
        drop_file(market, import_id)
        await market.db.write(forget_file, import_id, market.clock.now())


def _file_path(market: Market, import_id: str) -> Path:
    return market.files_dir / f"{import_id}.leads"


def _result_path(market: Market, import_id: str) -> Path:
    return market.files_dir / f"{import_id}.result"


def _converting(market: Market, import_id: str) -> Path:
    return market.files_dir / f"{import_id}.part"


def _file_name(import_id: str) -> str:
    return f"leads:{import_id}"


def _result_name(import_id: str) -> str:
    return f"result:{import_id}"
