"""Sellers whose leads come by a platform's webhook, a form builder, a feed, a list that is fetched, and SOAP."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from itertools import count
from xml.sax.saxutils import escape

import orjson

from exchange.demo.acts import Act, Scene
from exchange.demo.acts.consumers import Consumers
from exchange.demo.peers import HOST
from exchange.demo.peers.platforms import PORT

FACEBOOK, GRAVITY = "bluefin_facebook", "acme_gravity"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_CONTACT = ("first_name", "last_name", "email", "phone")
_PLACE = ("address", "city", "state", "zip")


def facebook() -> Act:
    """BlueFin's advertisement: the platform keeps the answers and tells us, signed, that there are some."""
    people, numbers = Consumers("bluefin-solar"), count(1)

    async def play(scene: Scene) -> None:
        source = scene.running.market.sources[FACEBOOK]
        lead_id = str(scene.running.clock.now() * 100 + next(numbers))
        theirs = {ours: name for name, ours in source.document.columns.items() if ours}
        answers = {theirs.get(name, name): value for name, value in people.next(scene).values.items()}
        await _put(scene, "ads", {"id": lead_id, **answers})
        change = {"field": "leadgen", "value": {"leadgen_id": int(lead_id), "form_id": 771204, "page_id": 990017}}
        body = orjson.dumps({"object": "page", "entry": [{"id": "990017", "changes": [change]}]})
        digest = hmac.digest(source.secrets[f"{FACEBOOK}_app"].encode(), body, hashlib.sha256).hex()
        await _send(scene, FACEBOOK, body, {"X-Hub-Signature-256": f"sha256={digest}"})

    return Act("facebook", 15.0, 60.0, play)


def gravity() -> Act:
    """Acme's WordPress site sends each form's entry, whose parts have numbers for names."""
    people, numbers = Consumers("acme-solar"), count(1)

    async def play(scene: Scene) -> None:
        columns = scene.running.market.sources[GRAVITY].document.columns
        values = people.next(scene).values
        entry = {name: values[ours] for name, ours in columns.items() if values.get(ours)}
        entry |= {"id": str(scene.running.clock.now() + next(numbers)), "form_id": "7", "status": "active"}
        await _send(scene, GRAVITY, orjson.dumps(entry), {})

    return Act("gravity", 25.0, 60.0, play)


def feed() -> Act:
    """Cedar's site puts each lead into a feed."""
    people, numbers = Consumers("cedar-solar"), count(1)

    async def play(scene: Scene) -> None:
        lead_id = f"cedar-{scene.running.clock.now() + next(numbers)}"
        await _put(scene, "feed", {"id": lead_id, **people.next(scene).values})

    return Act("feed", 5.0, 60.0, play)


def pulled() -> Act:
    """Dovetail keeps a list of its leads, which is fetched."""
    people, numbers = Consumers("dovetail-auto"), count(1)

    async def play(scene: Scene) -> None:
        lead_id = f"D{scene.running.clock.now() + next(numbers)}"
        await _put(scene, "list", {"id": lead_id, **people.next(scene).values})

    return Act("pull", 10.0, 60.0, play)


def soap() -> Act:
    """Cedar's older system posts SOAP envelopes with the contact and the place in elements of their own."""
    people = Consumers("cedar-home")

    async def play(scene: Scene) -> None:
        values = dict(people.next(scene).values)
        parts = [
            f"<{part}>{_elements({name: values.pop(name) for name in names if name in values})}</{part}>"
            for part, names in (("Contact", _CONTACT), ("Place", _PLACE))
        ]
        key = scene.running.secrets["campaign:cedar-home:live"]
        lead = f"<PostLead><campaign_key>{key}</campaign_key>{''.join(parts)}{_elements(values)}</PostLead>"
        body = f'<s:Envelope xmlns:s="{_SOAP}"><s:Body>{lead}</s:Body></s:Envelope>'.encode()
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"PostLead"'}
        async with scene.session.post(f"{scene.url}/api/v1/post", data=body, headers=headers) as response:
            await response.read()

    return Act("soap", 35.0, 60.0, play)


def _elements(values: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())


async def _put(scene: Scene, where: str, lead: Mapping[str, str]) -> None:
    """As the seller's own form does."""
    async with scene.session.post(f"http://{HOST}:{scene.port(PORT)}/put/{where}", json=dict(lead)) as response:
        response.raise_for_status()


async def _send(scene: Scene, name: str, body: bytes, headers: Mapping[str, str]) -> None:
    """To the address of a source."""
    secret = scene.running.market.sources[name].secrets[f"{name}_address"]
    told = {"Content-Type": "application/json", **headers}
    async with scene.session.post(f"{scene.url}/in/{name}/{secret}", data=body, headers=told) as response:
        response.raise_for_status()
