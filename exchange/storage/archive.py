"""A backup is one file: the database, the files beside it, the settings, and a list of what is in it with its hashes.

The master key is never in it: whoever finds a backup reads no personal value.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

import orjson

FORMAT = 1
MANIFEST = "manifest.json"
SETTINGS_FILE = "exchange.toml"
SUFFIX = ".backup"
_NAMED = f"????-??-??T??????{SUFFIX}"  # as we name them: others in the folder are not ours
_GZIP_LEVEL = 1  # most of it is sealed and cannot be made smaller
_CHUNK_BYTES = 1 << 20


class BadBackup(Exception):
    """The file is no backup, was changed, or is of a kind this program cannot read."""


class Packed(NamedTuple):
    """A finished backup."""

    file: Path
    bytes: int
    sha256: str


def pack(members: Mapping[str, Path], facts: Mapping[str, object], target: Path) -> Packed:
    """Write a backup of files, by the names they get, beside its place; move it there when the disk has it all.

    Raises `OSError`.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("xb") as file:
            part.chmod(0o600)
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=_GZIP_LEVEL) as archive:
                hashes = {name: told for name, path in members.items() if (told := _put(archive, name, path))}
                _add(archive, MANIFEST, orjson.dumps({"format": FORMAT, **facts, "members": hashes}))
            file.flush()
            os.fsync(file.fileno())
        packed = Packed(target, part.stat().st_size, sha256_of(part))
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
    return packed


def _put(archive: tarfile.TarFile, name: str, path: Path) -> Mapping[str, object] | None:
    """Add a file as it is now, however it grows meanwhile; None when it was removed since it was listed."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    with file:
        head = archive.gettarinfo(arcname=name, fileobj=file)
        counted = _Counted(file)
        archive.addfile(head, counted)
    return {"bytes": head.size, "sha256": counted.hash.hexdigest()}


class _Counted(io.RawIOBase):
    """A file whose bytes are hashed as they are read: what is packed and what its hash says are the same bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.hash.update(data)
        return data


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    head = tarfile.TarInfo(name)
    head.size = len(content)
    archive.addfile(head, io.BytesIO(content))


def sha256_of(path: Path) -> str:
    counted = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            counted.update(chunk)
    return counted.hexdigest()


def unpack(file: Path, folder: Path) -> Mapping[str, object]:
    """Put a backup's files into a folder and hold each against its hash. Returns the manifest. Raises `BadBackup`."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            for member in archive:
                _take_out(archive, member, folder)
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise BadBackup(f"{file} is no whole backup: {error}") from error
    manifest = _manifest(file, folder)
    members = manifest["members"]
    assert isinstance(members, dict)
    for name, told in members.items():
        if not (folder / name).is_file() or not _is(folder / name, told):
            raise BadBackup(f"{name} in {file} is not what was backed up")
    for path in _files_in(folder):
        path.chmod(0o600)
        if path.relative_to(folder).as_posix() not in members:
            raise BadBackup(f"{path.relative_to(folder)} in {file} was put there later")
    return manifest


def _take_out(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Only plain files below the folder, whatever an archive names. Raises `BadBackup`."""
    if member.isdir():
        return  # a folder is made for what lies in it
    name = PurePosixPath(member.name)
    content = archive.extractfile(member) if member.isfile() else None
    if content is None or name.is_absolute() or ".." in name.parts:
        raise BadBackup(f"{member.name} does not belong into a backup")
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    with content, place.open("xb") as file:
        shutil.copyfileobj(content, file, _CHUNK_BYTES)


def _is(path: Path, told: object) -> bool:
    return isinstance(told, dict) and sha256_of(path) == told.get("sha256")


def _manifest(file: Path, folder: Path) -> Mapping[str, object]:
    place = folder / MANIFEST
    try:
        manifest = orjson.loads(place.read_bytes())
    except (OSError, ValueError) as error:
        raise BadBackup(f"{file} is no backup of an exchange: it has no {MANIFEST}") from error
    place.unlink()
    if not isinstance(manifest, dict) or not isinstance(manifest.get("members"), dict):
        raise BadBackup(f"{file} is no backup of an exchange: its {MANIFEST} says nothing of its files")
    if manifest.get("format") != FORMAT:
        raise BadBackup(f"{file} was made by a newer program: this one reads format {FORMAT}")
    return manifest


def _files_in(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def tree(folder: Path, name: str) -> dict[str, Path]:
    """All files of a folder by the names they get in a backup, hidden ones and those under way left out."""
    if not folder.is_dir():
        return {}
    return {
        f"{name}/{path.relative_to(folder).as_posix()}": path
        for path in sorted(_files_in(folder))
        if not path.name.startswith(".") and path.suffix != ".part"
    }


def thin_out(folder: Path, keep: int) -> list[Path]:
    """Remove all but the newest backups of a folder; their names sort by time. Returns those removed."""
    old = sorted(folder.glob(_NAMED))[:-keep] if keep > 0 else []
    for path in old:
        path.unlink()
    return old
