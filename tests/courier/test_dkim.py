"""What we sign, a receiver can verify, and a change anywhere that counts shows."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from exchange.courier.dkim import BadKey, Signer, read_signer
from exchange.courier.mime import build
from exchange.model.wire import Attachment, EmailMessage
from tests.courier.dkim_verifier import verify

NOW = 1_795_271_648_000
Key = ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

# RFC 8463, appendix A: a message signed by both kinds of key.
PUBLISHED = (
    b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    b" d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    b" subject : date : message-id : from : subject : date;\r\n"
    b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    b" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    b" Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
    b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
    b" d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
    b" date : message-id : from : subject : date;\r\n"
    b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    b" b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
    b" DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
    b" dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
    b"From: Joe SixPack <joe@football.example.com>\r\n"
    b"To: Suzie Q <suzie@shopping.example.net>\r\n"
    b"Subject: Is dinner ready?\r\n"
    b"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    b"\r\nHi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
)
PUBLISHED_KEYS = {
    "brisbane._domainkey.football.example.com": "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "test._domainkey.football.example.com": (
        "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi"
        "Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G"
        "+2kryOTIKT+l/K4w3QIDAQAB"
    ),
}


@pytest.fixture(scope="module", params=["ed25519", "rsa"])
def key(request: pytest.FixtureRequest) -> Key:
    return ed25519.Ed25519PrivateKey.generate() if request.param == "ed25519" else rsa.generate_private_key(65537, 2048)


def published(key: Key) -> dict[str, str]:
    public = key.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    else:
        raw = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {"s1._domainkey.harbor.example": f"v=DKIM1; p={base64.b64encode(raw).decode()}"}


def mail(subject: str = "A lead", text: str = "Ada\n\n\n") -> EmailMessage:
    csv = Attachment("lead.csv", "text/csv", b"name\r\nAda\r\n")
    sender = "Harbor <leads@harbor.example>"
    return EmailMessage(
        sender, ("b@b.example",), subject, text, "<r1@harbor.example>", "<p>Ada</p>", attachments=(csv,)
    )


def signed(key: Key, message: EmailMessage) -> bytes:
    return Signer("harbor.example", "s1", key).sign(build(message, NOW), NOW)


@pytest.mark.parametrize("number", [0, 1])
def test_the_verifier_knows_a_published_signature_and_its_forgeries(number: int) -> None:
    assert verify(PUBLISHED, PUBLISHED_KEYS, number) is None
    assert "the body was changed" == verify(PUBLISHED.replace(b"lost", b"won"), PUBLISHED_KEYS, number)
    assert "the signature does not hold" == verify(PUBLISHED.replace(b"ready?", b"cold?"), PUBLISHED_KEYS, number)


def test_a_receiver_verifies_what_we_sign(key: Key) -> None:
    whole = signed(key, mail())

    assert verify(whole, published(key)) is None
    assert whole.endswith(build(mail(), NOW))


def test_what_a_relay_may_change_does_not_count(key: Key) -> None:
    whole = signed(key, mail())
    head, _, body = whole.partition(b"\r\n\r\n")
    refolded = head.replace(b"Subject: A lead", b"SUBJECT:  A\r\n  lead  ") + b"\r\n\r\n" + body + b"\r\n\r\n"

    assert verify(b"Received: by mx.example\r\n" + refolded, published(key)) is None


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"Subject: A lead", b"Subject: Another lead"),
        (b"From: Harbor", b"From: Habor"),
        (b"To: b@b.example", b"To: c@b.example"),
        (b"Message-ID: <r1@", b"Message-ID: <r2@"),
        (b"Subject: A lead", b"Subject: A lead\r\nSubject: Another"),
        (b"To: b@b.example", b"To: b@b.example\r\nReply-To: thief@b.example"),
        (b"Content-Type: multipart/mixed", b"Content-Type: multipart/related"),
        (b"Ada", b"Eva"),
    ],
)
def test_any_change_that_counts_shows(key: Key, was: bytes, becomes: bytes) -> None:
    whole = signed(key, mail())
    assert was in whole

    assert verify(whole.replace(was, becomes, 1), published(key)) is not None


@given(subject=st.text(max_size=200), text=st.text(max_size=400))
def test_any_text_is_signed_as_it_is_sent(subject: str, text: str) -> None:
    one_line = " ".join("".join(filter(str.isprintable, subject)).split())
    message = mail(one_line, text.encode("utf-8", "ignore").decode().replace("\x00", ""))
    key = ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32)

    assert verify(signed(key, message), published(key)) is None


def test_only_our_own_senders_are_signed_for() -> None:
    signer = Signer("harbor.example", "s1", ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32))

    assert signer.signs_for("Harbor <leads@Harbor.example>") and signer.signs_for("a@mail.harbor.example")
    assert not signer.signs_for("a@notharbor.example") and not signer.signs_for("harbor.example@b.example")


def test_a_key_is_read_from_its_file_or_refused_with_the_reason(key: Key, tmp_path: Path) -> None:
    def stored(name: str, made: Key | ec.EllipticCurvePrivateKey) -> Path:
        path = tmp_path / name
        path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return path

    assert type(key) is type(read_signer("harbor.example", "s1", stored("good", key)).key)
    (tmp_path / "text").write_text("no key")
    wrong = {
        "cannot be read": tmp_path / "nowhere",
        "no private key in PEM": tmp_path / "text",
        "neither RSA nor Ed25519": stored("curve", ec.generate_private_key(ec.SECP256R1())),
    }
    for why, path in wrong.items():
        with pytest.raises(BadKey, match=why):
            read_signer("harbor.example", "s1", path)
