"""Connections by fax as people write them: what is wrong is told with its place, before a lead is sent anywhere."""

from __future__ import annotations

from typing import Any

import pytest

from buyers.family import ConnectionProblems
from buyers.fax.document import gateway_address
from exchange.connector import BadReply
from exchange.model.wire import EmailMessage, FaxMessage, HttpMessage
from tests.buyers.faxes import SECRETS, by_gateway, by_sinch, by_telnyx, connector_of, posted

LINKS = {"page": "https://us.example/fax/t", "hook": "https://us.example/hooks/granite"}
ALL = (by_telnyx, by_sinch, by_gateway)


def message_of(document: dict[str, Any], links: dict[str, str] | None = None, **settings: str) -> FaxMessage:
    lead, award, contract, terms = posted({"first_name": "Ada"}, LINKS if links is None else links, **settings)
    message = next(connector_of(document).post(lead, award, contract, terms))
    assert isinstance(message, FaxMessage)
    return message


@pytest.mark.parametrize(
    ("document", "path", "sentence"),
    [
        (by_telnyx(to="602-958-0133"), "to", "write it like +16025550142"),
        (by_telnyx(to="+1602555"), "to", "no telephone number"),
        (by_telnyx(**{"from": "6029580100"}), "from", "write it like +16025550142"),
        (by_telnyx(public_key="c2hvcnQ="), "public_key", "32 bytes in Base64"),
        (by_telnyx(public_key="no base64!"), "public_key", "32 bytes in Base64"),
        (by_telnyx(api="api.telnyx.com"), "api", "https://api.telnyx.com"),
        (by_telnyx(fields=["First Name"]), "fields.0", "pattern"),
        (by_telnyx(colour="red"), "colour", "not permitted"),
        (by_sinch(project="../../x"), "project", "pattern"),
        (by_sinch(password="S3cret"), "password", "instance of SecretName"),
        (by_gateway(gateway="fax@send.example"), "gateway", "write {number} where the number goes"),
        (by_gateway(gateway="{number} fax"), "gateway", "no email address"),
        (by_gateway(subject="Fax\r\nBcc: thief@evil.example"), "subject", "pattern"),
        (by_gateway(silence="maybe"), "silence", "'delivered' or 'unclear'"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(document: dict[str, Any], path: str, sentence: str) -> None:
    with pytest.raises(ConnectionProblems) as caught:
        connector_of(document)

    problem = caught.value.problems[0]
    assert (True, True) == (problem.path.startswith(path), sentence in problem.message)


@pytest.mark.parametrize("make", ALL)
def test_the_number_may_be_the_contracts(make: Any) -> None:
    document = make(to={"setting": "fax"})

    assert "+16029580142" == message_of(document, fax="+16029580142").to
    with pytest.raises(BadReply, match="the contract's setting fax"):
        message_of(document)
    with pytest.raises(BadReply, match="write it like"):
        message_of(document, fax="5550142")


@pytest.mark.parametrize(("make", "secret"), [(by_telnyx, "telnyx_key"), (by_sinch, "sinch_password")])
def test_a_secret_that_is_not_set_is_named(make: Any, secret: str) -> None:
    lead, award, contract, terms = posted({}, LINKS)

    with pytest.raises(BadReply, match=f"the secret {secret} is not set"):
        next(connector_of(make()).post(lead, award, contract, terms._replace(secrets={})))


def test_telnyx_is_not_asked_to_fetch_what_it_cannot_reach() -> None:
    with pytest.raises(BadReply, match="public_url is not set"):
        message_of(by_telnyx(), {})


@pytest.mark.parametrize("make", [by_telnyx, by_sinch])
def test_the_record_has_neither_the_page_nor_a_secret(make: Any) -> None:
    message = message_of(make())
    shown = message.shown()

    assert isinstance(message.via, HttpMessage)
    assert ("FAX", "fax:+14809580133", message.via.url) == (shown.method, shown.url, shown.headers["Via"])
    assert shown.body.startswith(b"PDF, 1 page, ")
    carried = [value for value in message.via.headers.values() if value.startswith(("Bearer ", "Basic "))]
    assert set(shown.secrets) & {*SECRETS.values()}
    assert [True] == [any(value.endswith(secret) for secret in shown.secrets) for value in carried]


@pytest.mark.parametrize("make", ALL)
def test_a_test_goes_to_whatever_number_is_wanted(make: Any) -> None:
    connector = connector_of(make())
    lead, award, contract, terms = posted({}, LINKS)

    message = next(connector.elsewhere("+442079460123").post(lead, award, contract, terms))
    assert "+442079460123" == message.to
    assert b"4809580133" not in (message.via.body if isinstance(message.via, HttpMessage) else b"")
    with pytest.raises(ValueError, match="write it like"):
        connector.elsewhere("555")


@pytest.mark.parametrize(
    ("gateway", "number", "address"),
    [
        ("{number}@send.example", "+16029580142", "16029580142@send.example"),
        ("{national}@send.example", "+16029580142", "6029580142@send.example"),
        ("{national}@send.example", "+442079460123", "442079460123@send.example"),
        ("fax-{number}@send.example", "+442079460123", "fax-442079460123@send.example"),
    ],
)
def test_the_number_stands_in_the_gateways_address(gateway: str, number: str, address: str) -> None:
    message = message_of(by_gateway(gateway=gateway, to=number))

    assert isinstance(message.via, EmailMessage)
    assert ((address,), address) == (message.via.to, gateway_address(gateway, number))
