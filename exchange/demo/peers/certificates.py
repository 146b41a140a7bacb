"""An authority of the demo's own, made with each start, and what it vouches for. Its keys never leave their folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from exchange.demo.peers import HOST

_LASTS = timedelta(days=30)
_EARLIER = timedelta(hours=1)  # for clocks that are not quite alike


@dataclass(frozen=True, slots=True)
class Authority:
    """`ca_file` is what others must trust."""

    folder: Path
    ca_file: Path
    _now: int
    _certificate: x509.Certificate
    _key: ec.EllipticCurvePrivateKey

    def issue(self, name: str) -> tuple[Path, Path]:
        """A certificate for this machine's own address, and its key, as PEM files. Servers and clients may use it."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ip_address(HOST))])
        built = _builder(name, key, self._now).issuer_name(self._certificate.subject)
        certificate = built.add_extension(names, critical=False).sign(self._key, hashes.SHA256())
        return _kept(self.folder / f"{name}.pem", certificate), _kept(self.folder / f"{name}.key", key)


def make_authority(folder: Path, now: int) -> Authority:
    """A new one, good from `now` (epoch ms) on; its files are in the folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    built = _builder("Demo authority", key, now).issuer_name(_name("Demo authority"))
    certificate = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    signed = certificate.sign(key, hashes.SHA256())
    return Authority(folder, _kept(folder / "ca.pem", signed), now, signed, key)


def _builder(name: str, key: ec.EllipticCurvePrivateKey, now: int) -> x509.CertificateBuilder:
    at = datetime.fromtimestamp(now / 1000, UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _EARLIER)
        .not_valid_after(at + _LASTS)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _kept(path: Path, what: x509.Certificate | ec.EllipticCurvePrivateKey) -> Path:
    """As PEM, for its owner alone."""
    if isinstance(what, x509.Certificate):
        data = what.public_bytes(serialization.Encoding.PEM)
    else:
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        data = what.private_bytes(encoding, form, serialization.NoEncryption())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    return path
