"""Buyers over HTTP with a login and over SOAP 1.2, as real servers that refuse whoever does it otherwise."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from lxml import etree

from exchange.flows.documents import save_document, save_secret
from exchange.flows.shapes import CONNECTION
from exchange.model.actor import SYSTEM
from tests.flows.lab import attempts, post
from tests.market import Exchange, buying, open_exchange, selling, usd

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ACTION = "urn:gale/Post"
TYPE = f'application/soap+xml; charset=utf-8; action="{ACTION}"'


@dataclass
class Desk:
    """A buyer's server: what it was sent, and whether that was as it wants it."""

    heard: list[tuple[int, bytes]] = field(default_factory=list)
    login: str = "Basic " + base64.b64encode(b"leads:s3cret:with a colon").decode()

    async def basic(self, request: web.Request) -> web.Response:
        """401 with a challenge, unless the very login comes with the first request."""
        body = await request.read()
        if request.headers.get("Authorization") != self.login:
            self.heard.append((401, body))
            return web.json_response({"status": "denied"}, status=401, headers={"WWW-Authenticate": "Basic realm=x"})
        self.heard.append((200, body))
        return web.json_response({"status": "sold", "id": "G-1"})

    async def soap(self, request: web.Request) -> web.Response:
        """A fault of SOAP 1.2 for another version, another type, or without the action in the type."""
        body = await request.read()
        root = etree.fromstring(body)
        space = {"s": SOAP, "g": "urn:gale"}
        right = root.tag == f"{{{SOAP}}}Envelope" and request.headers["Content-Type"] == TYPE
        right = right and "SOAPAction" not in request.headers
        key = root.findtext("s:Header/g:Key", namespaces=space)
        phone = root.findtext("s:Body/g:Post/g:Phone", namespaces=space)
        if not right or key != "soap-key-1":
            self.heard.append((500, body))
            fault = (
                f'<s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code>'
                "<s:Reason><s:Text>not as agreed</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"
            )
            return web.Response(text=fault, status=500, content_type="application/soap+xml")
        self.heard.append((200, body))
        told = f'<r xmlns="urn:gale"><Taken>true</Taken><Ticket>T-{phone}</Ticket></r>'
        answer = f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{told}</s:Body></s:Envelope>'
        return web.Response(text=answer, content_type="application/soap+xml")


@asynccontextmanager
async def standing() -> AsyncIterator[tuple[Desk, str]]:
    desk = Desk()
    app = web.Application()
    app.router.add_routes([web.post("/basic", desk.basic), web.post("/soap", desk.soap)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield desk, f"http://{host}:{port}"
    await runner.cleanup()


def basic(address: str) -> dict[str, Any]:
    return {
        "connection": "gale",
        "connector": "json_http",
        "post": {
            "url": f"{address}/basic",
            "headers": {"Authorization": {"basic": [{"constant": "leads"}, {"secret": "gale_key"}]}},
            "body": {"phone": {"field": "phone", "phone": "digits"}},
            "reading": {
                "outcomes": [
                    {"means": "error", "when": {"where": "status", "equals": 401}},
                    {"means": "accepted", "when": {"where": "json:status", "equals": "sold"}},
                ],
                "carries": {"reference": "json:id"},
            },
        },
    }


def soap(address: str) -> dict[str, Any]:
    return {
        "connection": "gale",
        "connector": "soap_http",
        "post": {
            "url": f"{address}/soap",
            "soap": {"version": "1.2", "action": ACTION, "header": {"g:Key": {"secret": "gale_key"}}},
            "namespaces": {"g": "urn:gale"},
            "body": {"g:Post.g:Phone": {"field": "phone", "phone": "digits"}},
            "reading": {
                "as": "xml",
                "outcomes": [
                    {
                        "means": "error",
                        "statuses": ["500"],
                        "when": {"where": "xpath://Fault/Code/Value", "equals": "s:Sender"},
                    },
                    {"means": "accepted", "when": {"where": "xpath://Taken", "equals": True}},
                ],
                "carries": {"reference": "xpath://Ticket"},
            },
        },
    }


async def sold(exchange: Exchange, document: dict[str, Any], secret: str) -> tuple[str, dict[str, Any]]:
    """How a lead for a buyer of this connection ended, and its attempt."""
    await exchange.add(*selling("cedar"), *buying("gale", price=usd("20")))
    await save_document(exchange.market, CONNECTION, "gale", document, SYSTEM)
    await save_secret(exchange.market, "gale_key", secret, SYSTEM)
    answer = await post(exchange)
    return answer["status"], dict((await attempts(exchange))[0])


@pytest.mark.parametrize(
    ("make", "secret", "reference"), [(basic, "s3cret:with a colon", "G-1"), (soap, "soap-key-1", "T-6029580142")]
)
async def test_a_lead_is_sold_by_the_login_or_the_envelope_that_the_buyer_asks_for(
    tmp_path: Path, make: Any, secret: str, reference: str
) -> None:
    async with standing() as (desk, address), open_exchange(tmp_path, by_wire={"acme": "127.0.0.1:1"}) as exchange:
        status, attempt = await sold(exchange, make(address), secret)

    assert ("accepted", "accepted", reference) == (status, attempt["state"], attempt["buyer_reference"])
    assert [200] == [code for code, _ in desk.heard], "it proves itself at once and is not asked twice"


@pytest.mark.parametrize("make", [basic, soap])
async def test_a_wrong_secret_is_a_refusal_of_ours_to_mend_and_shows_nowhere(tmp_path: Path, make: Any) -> None:
    async with standing() as (desk, address), open_exchange(tmp_path, by_wire={"acme": "127.0.0.1:1"}) as exchange:
        status, attempt = await sold(exchange, make(address), "guessed-wrong")
        kept = str(await exchange.rows("SELECT * FROM attempts")) + str(
            await exchange.rows("SELECT * FROM lead_events")
        )

    assert ("unsold", "rejected") == (status, attempt["state"])
    assert 1 == len(desk.heard)
    assert "guessed-wrong" not in kept and base64.b64encode(b"leads:guessed-wrong").decode() not in kept
