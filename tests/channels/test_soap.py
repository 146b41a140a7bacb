"""SOAP posts: envelopes of both versions with nested elements, answered in the version that asked, faults as faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast
from xml.sax.saxutils import escape

import pytest
import zeep
from lxml import etree

from exchange.intake.soap import CONTENT_TYPES, NAMESPACES, OURS, soap_version
from exchange.storage.timeline import read_lead_rows
from exchange.web.story.page import tell
from exchange.web.story.records import open_story
from tests.flows.lab import OPERATOR
from tests.market import Exchange, consumer, live_key
from tests.web.served import Served, serve_exchange

VERSIONS = sorted(NAMESPACES)


@pytest.fixture
async def served(exchange: Exchange) -> AsyncIterator[Served]:
    exchange.buyers.bids("acme", "30.00")
    async with serve_exchange(exchange) as running:
        yield running


def envelope(version: str, body: str, header: str = "") -> bytes:
    space = NAMESPACES[version]
    head = f"<s:Header>{header}</s:Header>" if header else ""
    return f'<?xml version="1.0"?><s:Envelope xmlns:s="{space}">{head}<s:Body>{body}</s:Body></s:Envelope>'.encode()


def nested(number: int, **changes: str) -> str:
    """A lead as an operation with objects inside, two of which have an element of the same name."""
    fields = {**consumer(number), **changes}
    leaf = {name: f"<x:{name}>{escape(value)}</x:{name}>" for name, value in fields.items()}
    inside = "".join(leaf[name] for name in leaf if name not in ("zip", "state", "address"))
    place = "".join(leaf[name] for name in ("address", "state", "zip"))
    key = f"<x:campaign_key>{live_key('cedar')}</x:campaign_key>"
    contact = f"<x:Contact>{inside}<x:Place>{place}</x:Place></x:Contact>"
    return f'<x:PostLead xmlns:x="urn:cedar">{key}<x:Lead>{contact}</x:Lead></x:PostLead>'


async def sent(served: Served, call: str, body: bytes, version: str, **headers: str) -> tuple[int, str, Any]:
    told = {"Content-Type": CONTENT_TYPES[version], "SOAPAction": '"urn:cedar:PostLead"', **headers}
    async with served.session.post(f"{served.address}/api/v1/{call}", data=body, headers=told) as response:
        return response.status, response.headers["Content-Type"], etree.fromstring(await response.read())


def fields_of(answer: Any) -> Mapping[str, str]:
    response = next(answer.iter(f"{{{OURS}}}response"))
    return {etree.QName(each).localname: each.text or "" for each in response}


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_nested_post_is_sold_and_answered_in_its_own_version(served: Served, version: str) -> None:
    status, content_type, answer = await sent(served, "post", envelope(version, nested(1)), version)

    assert (200, CONTENT_TYPES[version]) == (status, content_type)
    assert f"{{{NAMESPACES[version]}}}Envelope" == answer.tag
    told = fields_of(answer)
    assert "accepted" == told["status"] and told["price"]
    assert consumer(1)["email"] == served.exchange.buyers.posts("acme")[0]["email"]
    rows = await served.exchange.market.db.read(read_lead_rows, OPERATOR, told["lead_id"])
    assert rows is not None
    first = tell(served.exchange.market, open_story(served.exchange.market, rows)).fields()["timeline"][0]
    assert "Post received from Cedar by SOAP" == first["title"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_ping_and_a_post_on_it(served: Served, version: str) -> None:
    fields = {name: consumer(1)[name] for name in ("zip", "state", "monthly_bill", "homeowner")}
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    key = f"<Auth><campaign_key>{live_key('cedar')}</campaign_key></Auth>"
    _, _, pinged = await sent(served, "ping", envelope(version, f"<Ping>{inside}</Ping>", key), version)
    ping_id = fields_of(pinged)["ping_id"]

    post = nested(1).replace("</x:campaign_key>", f"</x:campaign_key><x:ping_id>{ping_id}</x:ping_id>")
    _, _, answer = await sent(served, "post", envelope(version, post), version)

    assert "accepted" == fields_of(answer)["status"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_is_not_valid_is_a_fault_that_names_the_field(served: Served, version: str) -> None:
    status, content_type, answer = await sent(served, "post", envelope(version, nested(1, zip="1")), version)

    assert (422, CONTENT_TYPES[version]) == (status, content_type)
    space = {"s": NAMESPACES[version]}
    code = answer.findtext(".//faultcode") or answer.findtext(".//s:Fault/s:Code/s:Value", namespaces=space)
    assert {"soap11": "soap:Client", "soap12": "soap:Sender"}[version] == code
    assert "zip" in [each.text for each in answer.iter(f"{{{OURS}}}field")]
    assert [{"channel": "soap", "status": "invalid"}] == await served.exchange.rows(
        "SELECT channel, status FROM requests"
    )


@pytest.mark.parametrize(
    ("body", "http_status", "said"),
    [
        (nested(1).replace(live_key("cedar"), "ck_live_guessed"), 401, "key is not known"),
        (nested(1).replace("</x:Lead>", ""), 400, "XML: "),
        (nested(1).replace("<x:Lead>", "<x:Lead><x:phone>1</x:phone><x:phone>2</x:phone>"), 422, "more than once"),
        ("", 401, "Send a key"),
        ("<a>" * 40 + "</a>" * 40, 400, "nested deeper"),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
async def test_every_refusal_is_a_fault(served: Served, version: str, body: str, http_status: int, said: str) -> None:
    status, content_type, answer = await sent(served, "post", envelope(version, body), version)

    assert (http_status, CONTENT_TYPES[version]) == (status, content_type)
    fault = answer.find(f".//{{{NAMESPACES[version]}}}Fault")
    assert fault is not None and said in "".join(fault.itertext())
    assert 0 == await served.exchange.count("leads")


async def test_the_same_key_hears_the_same_envelope(served: Served) -> None:
    body = envelope("soap12", nested(1))
    headers = {"Content-Type": CONTENT_TYPES["soap12"], "Idempotency-Key": "k1"}
    heard = []
    for _ in range(2):
        async with served.session.post(f"{served.address}/api/v1/post", data=body, headers=headers) as response:
            heard.append(await response.read())

    assert heard[0] == heard[1] and 1 == len(served.exchange.buyers.posts("acme"))


async def test_names_that_come_twice_keep_what_they_stand_in(served: Served) -> None:
    parts = "<Contact><Name><First>Maria</First></Name></Contact><Agent><Name><First>Ann</First></Name></Agent>"
    key = f"<Auth><campaign_key>{live_key('cedar')}</campaign_key></Auth>"
    await sent(served, "validate", envelope("soap11", f"<Post>{parts}</Post>", key), "soap11")
    _, _, answer = await sent(served, "post", envelope("soap11", f"<Post>{parts}</Post>", key), "soap11")

    warned = [each.text for each in answer.iter(f"{{{OURS}}}field")]
    assert {"Contact.Name.First", "Agent.Name.First"} <= set(warned)


async def test_the_wsdl_names_every_call_in_both_versions(served: Served) -> None:
    async with served.session.get(f"{served.address}/soap.wsdl") as response:
        document = etree.fromstring(await response.read())

    places = [each.get("location") for each in document.iter() if etree.QName(each).localname == "address"]
    url = served.exchange.market.public_url
    assert [f"{url}/api/v1/{call}" for call in ("ping", "post", "pingpost")] * 2 == places


@pytest.mark.parametrize(
    ("body", "version"),
    [
        (envelope("soap11", ""), "soap11"),
        (envelope("soap12", ""), "soap12"),
        (b"<Envelope xmlns='http://www.w3.org/2003/05/soap-envelope'/>", "soap12"),
        (b"<Envelope xmlns='urn:other'><Body/></Envelope>", None),
        (b'{"note": "<Envelope"}', None),
        (b"<" * 5_000, None),
        (b"", None),
    ],
)
def test_an_envelope_is_told_by_its_namespace(body: bytes, version: str | None) -> None:
    assert version == soap_version(body)


@pytest.mark.parametrize("port", ["post", "post12"])
async def test_a_client_made_from_the_wsdl_sells_and_reads_faults(served: Served, port: str) -> None:
    """zeep knows nothing of the exchange but the document."""
    fields = consumer(1)
    contact = element("Contact", *(element(name, text=fields.pop(name)) for name in ("first_name", "phone", "email")))
    key = element("campaign_key", text=live_key("cedar"))
    rest = [element(name, text=text) for name, text in fields.items()]

    def call(*elements: Any) -> Any:
        client = _client(f"{served.address}/soap.wsdl")
        place = f"{served.address}/api/v1/post"  # where this test serves; the document names the public address
        return client.create_service(f"{{{OURS}}}{port}", place).post(_value_1=list(elements))

    told = await asyncio.to_thread(call, key, contact, *rest)
    assert "accepted" == {etree.QName(each).localname: each.text for each in told}["status"]
    with pytest.raises(zeep.exceptions.Fault) as fault:
        await asyncio.to_thread(call, key, contact)
    assert fault.value.code in ("soap:Client", "soap:Sender") and "wrong" in fault.value.message


def _client(document: str) -> Any:
    return cast(Any, zeep).Client(document)


def element(name: str, *inside: Any, text: str | None = None) -> Any:
    made = etree.Element(f"{{urn:cedar}}{name}")
    made.text = text
    made.extend(inside)
    return made
