"""In which forms a phone, an email or a person stands on a list, and how each is found again for a lead.

A list says what it holds (`phone`, `email`, `person`) and how (`plain`, `md5`, `sha1`, `sha256`). Vendors hash a phone
as ten digits, with a 1, with +1, or with dashes; a lead is looked for in all of them. A `person` is a name, a date of
birth and a ZIP code, hashed as California's DROP does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType

from exchange.model.lead import Lead
from exchange.model.vertical import Vertical

PHONE, EMAIL, PERSON = "phone", "email", "person"
KINDS = (PHONE, EMAIL, PERSON)
PLAIN, MD5, SHA1, SHA256 = "plain", "md5", "sha1", "sha256"
HASHES = (PLAIN, MD5, SHA1, SHA256)
_DIGEST_BYTES: Mapping[str, int] = MappingProxyType({MD5: 16, SHA1: 20, SHA256: 32})
_OF_LENGTH: Mapping[int, str] = MappingProxyType({16: MD5, 20: SHA1, 32: SHA256})
_SIGNS = str.maketrans("", "", " ()-./\u00a0\t")
_FOLDED = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"})
_EMAIL_CHARACTERS = 254


def plain_phone(text: str) -> str | None:
    """Ten digits of North America, else all digits of a number that is written with +; None when it is no phone."""
    digits = text if text.isdecimal() else text.translate(_SIGNS)
    abroad = digits[:1] == "+"
    digits = digits.removeprefix("+")
    if not digits.isascii() or not digits.isdecimal():
        return None
    if len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    elif abroad and len(digits) != 10:
        return digits if 8 <= len(digits) <= 15 else None
    return digits if len(digits) == 10 and digits[0] >= "2" else None


def plain_email(text: str) -> str | None:
    """In lower case and without space; None when it is no address."""
    clean = "".join(text.split()).lower()
    local, at, domain = clean.rpartition("@")
    if not (local and at and "." in domain[1:-1]) or "@" in local or len(clean) > _EMAIL_CHARACTERS:
        return None
    return clean


def digest_hex(text: str, hash_name: str) -> str | None:
    """A digest written in hex or in Base64, as hex of lower case; None when it is not one of this hash."""
    size = _DIGEST_BYTES[hash_name]
    digest = _digest(text)
    return digest.hex() if digest is not None and len(digest) == size else None


def hash_named(text: str) -> str | None:
    """Which hash a value is of, by its length; None for one that is none."""
    digest = _digest(text)
    return _OF_LENGTH.get(len(digest)) if digest is not None else None


def _digest(text: str) -> bytes | None:
    try:
        if len(text) in (32, 40, 64):
            return bytes.fromhex(text)
        if len(text) in (24, 28, 44):
            return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return None


def reader(kind: str, hash_name: str) -> Callable[[str], str | None]:
    """Reads one value of a list: what it is looked up by, or None when it is not what the list holds."""
    if hash_name != PLAIN:
        return lambda text: digest_hex(text, hash_name)
    return plain_phone if kind == PHONE else plain_email


def spellings(kind: str, hash_name: str, value: str) -> tuple[str, ...]:
    """What stands on a list for a plain value (`reader`'s), in every form that is in use."""
    if hash_name == PLAIN:
        return (value,)
    return tuple(hashed(hash_name, form) for form in _forms(kind, value))


def hashed(hash_name: str, text: str) -> str:
    digest = hashlib.new(hash_name, text.encode(), usedforsecurity=False)
    return digest.hexdigest()


def _forms(kind: str, value: str) -> tuple[str, ...]:
    if kind == EMAIL:
        return (value, value.upper())
    if kind == PHONE and len(value) == 10:
        return (value, f"1{value}", f"+1{value}", f"{value[:3]}-{value[3:6]}-{value[6:]}")
    if kind == PHONE:
        return (value, f"+{value}", value[-10:])
    return ()


def values_of(lead: Lead, kinds: Collection[str] = KINDS) -> Mapping[str, str]:
    """What a lead is looked for by: its phone, its email and, where it tells enough, its person."""
    found: dict[str, str] = {}
    if PERSON in kinds:
        parts = [lead.text(name) for name in ("first_name", "last_name", "dob", "zip")]
        if all(part is not None for part in parts):
            found[PERSON] = drop_person(*[part or "" for part in parts])
    phone, email = lead.text("phone"), lead.text("email")
    if phone is not None and (digits := plain_phone(phone)) is not None:
        found[PHONE] = digits
    if email is not None and (address := plain_email(email)) is not None:
        found[EMAIL] = address
    return found


def seconds_of(lead: Lead, vertical: Vertical) -> Iterator[tuple[str, str]]:
    """The lead's other phones and addresses, by kind: whoever is on a list is there by any of theirs."""
    for spec in vertical.fields:
        if (
            spec.type in (PHONE, EMAIL)
            and spec.name not in (PHONE, EMAIL)
            and (text := lead.text(spec.name)) is not None
        ):
            plain = plain_phone(text) if spec.type == PHONE else plain_email(text)
            if plain is not None:
                yield spec.type, plain


def digests_of(lead: Lead) -> Mapping[tuple[str, str], str]:
    """Digests that a ping brings in place of the values: a field such as `phone_sha256` is one, by kind and hash."""
    found: dict[tuple[str, str], str] = {}
    for kind in (PHONE, EMAIL):
        for name in (MD5, SHA1, SHA256):
            sent = lead.text(f"{kind}_{name}")
            digest = digest_hex(sent, name) if sent is not None else None
            if digest is not None:
                found[(kind, name)] = digest
    return found


def drop_person(first: str, last: str, born: str, postal: str) -> str:
    """A name, a date of birth (`1980-02-29`) and a ZIP code as DROP hashes them together: the SHA-256, in hex."""
    parts = (drop_name(first), drop_name(last), "".join(filter(str.isdecimal, born)), drop_zip(postal))
    return hashlib.sha256("".join(map(drop_hash, parts)).encode()).hexdigest()


def drop_hash(standard: str) -> str:
    return base64.b64encode(hashlib.sha256(standard.encode()).digest()).decode()


def drop_name(name: str) -> str:
    """Letters and digits alone, in lower case, Latin letters without their marks."""
    folded = unicodedata.normalize("NFKD", name.lower().translate(_FOLDED))
    return "".join(char for char in folded if char.isalnum())


def drop_zip(postal: str) -> str:
    """Without +4 and leading zeros, five characters at most."""
    head = postal.partition("-")[0] if len(postal) > 5 else postal
    return "".join(filter(str.isalnum, head)).lower().lstrip("0")[:5]
