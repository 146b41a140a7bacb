"""DKIM signatures (RFC 6376, RFC 8463): relaxed/relaxed, with an RSA or an Ed25519 key."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

RSA_BITS_LEAST: Final = 1024  # shorter keys are refused by whoever verifies
_SIGNED: Final = (
    "from", "reply-to", "to", "subject", "date", "message-id",
    "mime-version", "content-type", "content-transfer-encoding", "auto-submitted",
)  # fmt: skip
_ONCE: Final = ("from", "reply-to", "to", "subject")  # named once more than they occur: nobody can add a second

Header = tuple[bytes, bytes]


class BadKey(ValueError):
    """The key file holds no key that mail can be signed with. The text is a sentence."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs what is sent by a domain or one below it. The public key stands at `{selector}._domainkey.{domain}`."""

    domain: str
    selector: str
    key: RSAPrivateKey | Ed25519PrivateKey

    def signs_for(self, sender: str) -> bool:
        """`sender` may have a name before the address."""
        of = parseaddr(sender)[1].rpartition("@")[2].lower()
        return of == self.domain or of.endswith(f".{self.domain}")

    def sign(self, message: bytes, now: int) -> bytes:
        """The message with its signature in front. Lines end in CRLF; `now` is epoch ms."""
        head, _, body = message.partition(b"\r\n\r\n")
        headers = split_headers(head + b"\r\n")
        names = _names(headers)
        value = (
            f" v=1; a={self._algorithm()}; c=relaxed/relaxed; d={self.domain}; s={self.selector};\r\n"
            f" t={now // 1000}; h={':'.join(names)};\r\n"
            f" bh={_base64(hashlib.sha256(relaxed_body(body)).digest())};\r\n b="
        ).encode()
        signed = b"".join(relaxed_header(each) for each in _chosen(headers, names))
        signed += relaxed_header((b"DKIM-Signature", value)).removesuffix(b"\r\n")
        return b"DKIM-Signature:" + value + _folded(self._sign(signed)) + b"\r\n" + message

    def _algorithm(self) -> str:
        return "rsa-sha256" if isinstance(self.key, RSAPrivateKey) else "ed25519-sha256"

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(data, PKCS1v15(), SHA256())
        return self.key.sign(hashlib.sha256(data).digest())


def read_signer(domain: str, selector: str, key_file: Path) -> Signer:
    """Raises `BadKey`."""
    try:
        key = load_pem_private_key(key_file.read_bytes(), password=None)
    except OSError as error:
        raise BadKey(f"The DKIM key {key_file} cannot be read: {error.strerror}.") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadKey(f"The DKIM key {key_file} is no private key in PEM without a passphrase.") from None
    if isinstance(key, RSAPrivateKey):
        if key.key_size < RSA_BITS_LEAST:
            raise BadKey(
                f"The DKIM key {key_file} has {key.key_size} bits: mail servers want {RSA_BITS_LEAST} or more."
            )
    elif not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"The DKIM key {key_file} is neither RSA nor Ed25519.")
    return Signer(domain.lower(), selector, key)


def split_headers(head: bytes) -> list[Header]:
    """Names and values as they stand, folds included."""
    lines = re.split(rb"(?<=\r\n)(?![ \t])", head)
    return [(name, value) for line in lines if line for name, _, value in (line.partition(b":"),)]


def relaxed_header(header: Header) -> bytes:
    name, value = header
    return name.strip().lower() + b":" + re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip() + b"\r\n"


def relaxed_body(body: bytes) -> bytes:
    """White space at the ends of lines and empty lines at the end of the body do not count."""
    lines = [re.sub(rb"[ \t]+", b" ", line).removesuffix(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def _names(headers: Sequence[Header]) -> list[str]:
    present = [name.decode().lower() for name, _ in headers]
    return [*(name for name in _SIGNED if name in present), *_ONCE]


def _chosen(headers: Sequence[Header], names: Sequence[str]) -> list[Header]:
    """The header that each name stands for: from the last upward, and nothing for one name too many."""
    left = list(headers)
    chosen: list[Header] = []
    for wanted in names:
        for index in range(len(left) - 1, -1, -1):
            if left[index][0].decode().lower() == wanted:
                chosen.append(left.pop(index))
                break
    return chosen


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _folded(data: bytes) -> bytes:
    text = base64.b64encode(data)
    return b"\r\n ".join(text[start : start + 72] for start in range(0, len(text), 72))
