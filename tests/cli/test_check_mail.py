"""The key that mail is signed with is checked before a mail waits for it."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.cli.home import Home

SETTINGS = '\ndkim_domain = "harbor.example"\ndkim_key_file = "dkim.pem"\n'


def with_settings(home: Home, text: str) -> None:
    with (home.folder / "exchange.toml").open("a") as file:
        file.write(text)


def test_a_key_that_signs_is_told_with_where_its_other_half_stands(home: Home) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    (home.folder / "dkim.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with_settings(home, SETTINGS)
    found = home.run("--json", "check").json

    told = "signed for harbor.example, key at exchange._domainkey.harbor.example"
    assert told in [each["told"] for each in found["checks"]]


def test_a_key_that_is_none_is_a_problem_and_nothing_is_served_with_it(home: Home) -> None:
    (home.folder / "dkim.pem").write_text("no key")
    with_settings(home, SETTINGS)
    found = home.run("--json", "check")

    assert 4 == found.code
    assert [True] == ["no private key in PEM" in each["problem"] for each in found.json["problems"]]
    refused = home.run("settle")
    assert (5, True) == (refused.code, "no private key in PEM" in refused.err)


def test_a_password_in_clear_and_a_signature_without_a_key_are_refused(home: Home) -> None:
    with_settings(home, '\nmail_security = "plain"\nmail_user = "us"\ndkim_domain = "harbor.example"\n')
    told = [each["problem"] for each in home.run("--json", "check").json["problems"]]

    assert 2 == len(told) and "never sent in clear" in " ".join(told) and "name the private key" in " ".join(told)
