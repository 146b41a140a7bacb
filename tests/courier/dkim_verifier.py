"""Verifies DKIM signatures as a receiver does (RFC 6376): written apart from the signer, tried on a published one."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key


def verify(message: bytes, records: Mapping[str, str], number: int = 0) -> str | None:
    """Why signature `number` does not hold, or None. `records` are DNS texts by name."""
    head, body = re.split(rb"\r\n\r\n", message, maxsplit=1)
    fields = [
        (found[1].lower(), found[0]) for found in re.finditer(rb"(?ms)^([!-9;-~]+)[ \t]*:.*?(?=\r\n[^ \t]|\Z)", head)
    ]
    raw = [whole for name, whole in fields if name == b"dkim-signature"][number]
    tags = _tags(raw.split(b":", 1)[1].decode())
    if tags["v"] != "1" or tags["c"] != "relaxed/relaxed":
        return "another version or canonicalization"
    if base64.b64encode(hashlib.sha256(_body(body)).digest()).decode() != re.sub(r"\s", "", tags["bh"]):
        return "the body was changed"
    stack: dict[bytes, list[bytes]] = {}
    for name, whole in fields:
        stack.setdefault(name, []).append(whole)
    data = b""
    names = [name.strip().lower().encode() for name in tags["h"].split(":")]
    if b"from" not in names:
        return "the sender is not signed"
    for name in names:
        if stack.get(name):
            data += _field(stack[name].pop()) + b"\r\n"
    data += _field(re.sub(rb"(;\s*b=)[^;]*", rb"\1", raw))
    key = _tags(records[f"{tags['s']}._domainkey.{tags['d']}"])
    return _checked(tags["a"], key["p"], base64.b64decode(re.sub(r"\s", "", tags["b"])), data)


def _checked(algorithm: str, public: str, signature: bytes, data: bytes) -> str | None:
    key = base64.b64decode(public)
    try:
        if algorithm == "ed25519-sha256":
            Ed25519PublicKey.from_public_bytes(key).verify(signature, hashlib.sha256(data).digest())
        elif algorithm == "rsa-sha256":
            rsa = load_der_public_key(key)
            assert isinstance(rsa, RSAPublicKey)
            rsa.verify(signature, data, PKCS1v15(), SHA256())
        else:
            return f"no such algorithm: {algorithm}"
    except InvalidSignature:
        return "the signature does not hold"
    return None


def _tags(text: str) -> dict[str, str]:
    pairs = (part.split("=", 1) for part in text.split(";") if "=" in part)
    return {name.strip(): value.strip() for name, value in pairs}


def _field(whole: bytes) -> bytes:
    name, value = whole.split(b":", 1)
    unfolded = value.replace(b"\r\n", b"")
    return name.rstrip().lower() + b":" + b" ".join(re.split(rb"[ \t]+", unfolded.strip(b" \t")))


def _body(body: bytes) -> bytes:
    text = re.sub(rb"[ \t]+", b" ", body)
    text = re.sub(rb" \r\n", b"\r\n", text)
    text = re.sub(rb"(\r\n)*\Z", b"", text)
    return text + b"\r\n" if text else b""
