"""Everything secret at rest: a data key per request, sealed values, keyed hashes for look-ups.

Personal values are sealed with the data key of the request that brought them; only that key, wrapped by a master key,
is stored. Destroying the wrapped key erases the values; in backups made before, too, once the master key that wrapped
it is retired.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from exchange.ids import Ids

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

ENVIRONMENT = "EXCHANGE_MASTER_KEY"
KEY_BYTES = 32
INDEX_BYTES = 16
MOST_KEYS = 255  # a number is the first byte of what its key sealed
_NONCE_BYTES = 12
_COMPRESS_ABOVE_BYTES = 1_000  # below, setting up the compressor costs more than it saves
_WINDOW_BITS = 12  # 4 KB see as far back as these texts repeat, and are set up three times as fast as 32 KB
_MEMORY_LEVEL = 5
_PLAIN, _PACKED = b"\0", b"\1"
_INDEX = "index"
_BLOCK_BYTES = 64  # of SHA-256
_PADS = (0x36, 0x5C)  # of HMAC, for the hash of the text and the hash of that
_WRAPS, _PROVES = b"data key", b"proof of master key "
_HEADER = """\
# The keys of this exchange. Whoever has them can read every lead; without them nobody can.
# Keep a copy apart from the database's backups, and a new one after each `exchange key rotate`.
"""


class VaultError(Exception):
    """A value cannot be opened: altered, of another row, or its key is gone. Holds nothing secret."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """The key of one request's values. It is never stored, only its wrapped form is."""

    cipher: AESGCM = field(repr=False)


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """`current` is the number new keys are wrapped with; `index` makes the keyed hashes and never rotates."""

    current: int
    by_number: Mapping[int, bytes] = field(repr=False)
    index: bytes = field(repr=False)


class Vault:
    """`again` reads the keys anew: another process may have added one."""

    def __init__(self, keys: MasterKeys, ids: Ids, again: Callable[[], MasterKeys] | None = None) -> None:
        self._again = again
        self._current = keys.current
        self._index = keys.index
        self._ciphers = {number: AESGCM(key) for number, key in keys.by_number.items()}
        self._inner, self._outer = _hashes_begun(keys.index)
        self._ids = ids

    @property
    def current(self) -> int:
        """The number of the master key that seals what comes."""
        return self._current

    @property
    def numbers(self) -> frozenset[int]:
        """The master keys that are here."""
        return frozenset(self._ciphers)

    def take_up(self) -> None:
        """Read the keys anew, whichever of them seals. Raises `VaultError`."""
        if self._again is None:
            return
        keys = self._again()
        if not hmac.compare_digest(keys.index, self._index):
            raise VaultError("the index key was changed: nothing could be found by phone or email any more")
        self._ciphers = {number: AESGCM(key) for number, key in keys.by_number.items()}

    def seal_with(self, number: int) -> None:
        """Seal with this master key from now on. Raises `VaultError` when it is not here."""
        if number not in self._ciphers:
            self.take_up()
        self._current = self._known(number)

    def proof(self, number: int) -> bytes:
        """16 bytes that only this master key, beside this index key, makes. They open nothing."""
        tag = self._ciphers[self._known(number)].encrypt(bytes(_NONCE_BYTES), b"", _PROVES + bytes([number]))
        return self._mac(f"proof\0{tag.hex()}")[:INDEX_BYTES]

    def new_data_key(self) -> tuple[bytes, DataKey]:
        """A fresh key: its wrapped form to store, and the key to use now."""
        key = self._ids.bytes(KEY_BYTES)
        return self._wrap(key), DataKey(AESGCM(key))

    def data_key(self, wrapped: bytes) -> DataKey:
        """The key behind its wrapped form."""
        return DataKey(AESGCM(self._unwrap(wrapped)))

    def rewrap(self, wrapped: bytes) -> bytes:
        """The same data key under the current master key. What it sealed stays as it is."""
        return wrapped if wrapped[:1] == bytes([self._current]) else self._wrap(self._unwrap(wrapped))

    def reseal_secret(self, name: str, sealed: bytes) -> bytes:
        """The same secret under the current master key. Raises `VaultError`."""
        return (
            sealed if sealed[:1] == bytes([self._current]) else self.seal_secret(name, self.open_secret(name, sealed))
        )

    def seal(self, key: DataKey, row_id: str, data: bytes) -> bytes:
        """Encrypt for one row: moved to another it does not open. More than 1,000 bytes are compressed first."""
        mark = _PLAIN
        if len(data) > _COMPRESS_ABOVE_BYTES:
            mark, data = _PACKED, compress(data)
        nonce = self._ids.bytes(_NONCE_BYTES)
        return mark + nonce + key.cipher.encrypt(nonce, data, mark + row_id.encode())

    def open(self, key: DataKey, row_id: str, sealed: bytes) -> bytes:
        """Raises `VaultError`."""
        mark, nonce, body = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        data = _decrypt(key.cipher, nonce, body, mark + row_id.encode(), f"the value of {row_id}")
        return decompress(data) if mark == _PACKED else data

    def seal_secret(self, name: str, data: bytes) -> bytes:
        """Encrypt a secret of the exchange itself (a buyer's password, a TOTP seed) under the master key."""
        nonce = self._ids.bytes(_NONCE_BYTES)
        cipher = self._ciphers[self._current]
        return bytes([self._current]) + nonce + cipher.encrypt(nonce, data, b"secret " + name.encode())

    def open_secret(self, name: str, sealed: bytes) -> bytes:
        """Raises `VaultError`."""
        cipher = self._cipher_of(sealed)
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        return _decrypt(cipher, nonce, body, b"secret " + name.encode(), f"the secret {name}")

    def index(self, kind: str, value: str) -> bytes:
        """16 bytes that find equal values without holding them. `kind` keeps a phone apart from an equal ZIP."""
        return self._mac(f"{kind}\0{value}")[:INDEX_BYTES]

    def value_key(self, kind: str, value: str) -> DataKey:
        """A key made of a value and kept nowhere: what it seals opens only when the same value comes again."""
        return DataKey(AESGCM(self._mac(f"key\0{kind}\0{value}")))

    def _mac(self, text: str) -> bytes:
        """HMAC-SHA256 by the index key: what is the same in all of them was hashed once."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text.encode())
        outer.update(inner.digest())
        return outer.digest()

    def _wrap(self, key: bytes) -> bytes:
        nonce = self._ids.bytes(_NONCE_BYTES)
        return bytes([self._current]) + nonce + self._ciphers[self._current].encrypt(nonce, key, _WRAPS)

    def _unwrap(self, wrapped: bytes) -> bytes:
        cipher = self._cipher_of(wrapped)
        return _decrypt(cipher, wrapped[1 : 1 + _NONCE_BYTES], wrapped[1 + _NONCE_BYTES :], _WRAPS, "a data key")

    def _cipher_of(self, sealed: bytes) -> AESGCM:
        number = sealed[0] if sealed else 0
        if number not in self._ciphers:
            self.take_up()  # another process may be ahead of this one
        return self._ciphers[self._known(number)]

    def _known(self, number: int) -> int:
        if number not in self._ciphers:
            raise VaultError(f"master key {number} is not among the keys of this exchange")
        return number


def _hashes_begun(key: bytes) -> tuple[Hash, Hash]:
    """Both hashes of an HMAC (RFC 2104) with the key worked in: a lead is looked up in eight ways, and copying
    them takes half as long as copying the library's.
    """
    block = key.ljust(_BLOCK_BYTES, b"\0")
    assert len(block) == _BLOCK_BYTES
    inner, outer = (bytes(each ^ pad for each in block) for pad in _PADS)
    return hashlib.sha256(inner), hashlib.sha256(outer)


def compress(data: bytes) -> bytes:
    """Smaller, fast: what `zlib` reads."""
    return _PACKER.smaller(data, 0)


def decompress(packed: bytes) -> bytes:
    """What `compress` or `zlib` made smaller."""
    return _PACKER.whole(packed)


class _Packer(NamedTuple):
    smaller: Callable[[bytes, int], bytes]
    whole: Callable[[bytes], bytes]


def _by_zlib(data: bytes, _: int) -> bytes:
    stream = zlib.compressobj(1, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL)
    return stream.compress(data) + stream.flush()


def _packer() -> _Packer:
    """ISA-L takes a fifth of the time for a third more room, a third to read it; it is not made for every processor."""
    with suppress(ModuleNotFoundError):
        fast = import_module("isal.isal_zlib")
        return _Packer(fast.compress, fast.decompress)
    return _Packer(_by_zlib, zlib.decompress)


_PACKER = _packer()


def open_vault(ids: Ids, key_file: Path | None = None, environment: Mapping[str, str] | None = None) -> Vault:
    """The vault with the keys of `EXCHANGE_MASTER_KEY`, else of the key file; `VaultError` when there is none."""
    if text := (environment or {}).get(ENVIRONMENT):
        return Vault(read_keys(text.replace(",", "\n"), ENVIRONMENT), ids)
    if key_file is None:
        raise VaultError(f"no master key: set {ENVIRONMENT} or name a key file")
    return Vault(read_key_file(key_file), ids, partial(read_key_file, key_file))


def read_key_file(path: Path) -> MasterKeys:
    """Raises `VaultError`."""
    try:
        return read_keys(path.read_text("ascii"), str(path))
    except FileNotFoundError:
        raise VaultError(f"no master key: {path} does not exist; `exchange init` makes one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise VaultError(f"{path} cannot be read: {error}") from error


def make_key_file(path: Path, ids: Ids) -> None:
    """Make a key file only its owner may read. An existing one is never touched: `FileExistsError`."""
    _write_keys(path, MasterKeys(1, {1: ids.bytes(KEY_BYTES)}, ids.bytes(KEY_BYTES)))


def add_master_key(path: Path, ids: Ids) -> int:
    """Put one more master key into the key file, whole or not at all. Its number; `VaultError`, `OSError`."""
    keys = read_key_file(path)
    number = keys.current + 1
    if number > MOST_KEYS:
        raise VaultError(f"{path}: master keys are numbered 1 to {MOST_KEYS}, and number {MOST_KEYS} is used")
    _replace_keys(path, replace(keys, current=number, by_number={**keys.by_number, number: ids.bytes(KEY_BYTES)}))
    return number


def drop_master_key(path: Path, number: int) -> None:
    """Take a master key out of the key file: what it sealed opens nowhere any more. `VaultError`, `OSError`."""
    keys = read_key_file(path)
    left = {each: key for each, key in keys.by_number.items() if each != number}
    if not left:
        raise VaultError(f"{path} holds no other master key")
    _replace_keys(path, MasterKeys(max(left), left, keys.index))


def _replace_keys(path: Path, keys: MasterKeys) -> None:
    made = path.with_name(f"{path.name}.new")
    made.unlink(missing_ok=True)  # of one that was stopped
    _write_keys(made, keys)
    made.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write_keys(path: Path, keys: MasterKeys) -> None:
    named = [(_INDEX, keys.index), *((str(number), keys.by_number[number]) for number in sorted(keys.by_number))]
    lines = [f"{name}:{base64.b64encode(key).decode()}\n" for name, key in named]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write((_HEADER + "".join(lines)).encode())
        file.flush()
        os.fsync(file.fileno())


def read_keys(text: str, where: str) -> MasterKeys:
    """Read lines of `NUMBER:BASE64` (1 to 255; the highest wraps new keys) and `index:BASE64`; a bare key is number 1.

    Without an index line the index key follows from the lowest number, which then must stay.
    """
    keys: dict[int, bytes] = {}
    index: bytes | None = None
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, separator, value = line.rpartition(":")
        key = _key_bytes(value, where)
        if name == _INDEX:
            index = key
            continue
        number = int(name) if name.isdecimal() else 0 if separator else 1
        if not 1 <= number <= MOST_KEYS or number in keys:
            raise VaultError(f"{where}: key numbers are 1 to {MOST_KEYS}, each once")
        keys[number] = key
    if not keys:
        raise VaultError(f"{where} holds no master key")
    derived = hmac.digest(keys[min(keys)], b"lead exchange blind index", hashlib.sha256)
    return MasterKeys(max(keys), keys, derived if index is None else index)


def index_line(text: str) -> str | None:
    """The line to be put beside keys that have none of the index: it follows from the lowest key until then."""
    if f"{_INDEX}:" in text:
        return None
    keys = read_keys(text.replace(",", "\n"), ENVIRONMENT)
    return f"{_INDEX}:{base64.b64encode(keys.index).decode()}"


def _key_bytes(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise VaultError(f"{where}: a key is {KEY_BYTES} bytes in base64")
    return key


def _decrypt(cipher: AESGCM, nonce: bytes, body: bytes, bound_to: bytes, what: str) -> bytes:
    try:
        return cipher.decrypt(nonce, body, bound_to)
    except (InvalidTag, ValueError):
        raise VaultError(f"{what} cannot be opened: it was altered, moved, or its key is another") from None
