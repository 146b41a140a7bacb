"""Buyers that answer from a script, and the connections that lead to them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import orjson

from buyers import connectors
from buyers.family import load
from exchange.bootstrap import Catalog
from exchange.courier.scripted import Delay
from exchange.flows.shapes import FileDocument
from exchange.model.wire import EmailMessage, HttpMessage, Lost, Reply

_NAMES = ("acme", "birch", "cobalt", "delta", "ember", "flint", "garnet", "hazel")
HOSTS: Mapping[str, str] = {name: f"{name}.buyer.example" for name in _NAMES}
"""Where the scripted buyers are, by the name of their connection, which is the buyer's id."""

_PLAIN: Mapping[str, Any] = {
    "connector": "json_http",
    "ping": {
        "url": "http://host/ping",
        "body": {"zip": "zip", "bill": "monthly_bill", "id": {"term": "reference"}},
        "reading": {
            "outcomes": [
                {"means": "accepted", "when": {"where": "json:status", "equals": "bid"}},
                {"means": "no_bid", "when": {"where": "json:status", "equals": "no_bid"}},
            ],
            "carries": {"price": "json:price", "reference": "json:id", "reason": "json:reason"},
        },
    },
    "post": {
        "url": "http://host/post",
        "body": {
            "id": {"term": "reference"},
            "bid": {"term": "ping_reference"},
            "first": "first_name",
            "last": "last_name",
            "phone": "phone",
            "email": "email",
            "zip": "zip",
        },
        "reading": {
            "outcomes": [
                {"means": "accepted", "when": {"where": "json:status", "equals": "sold"}},
                {"means": "rejected", "when": {"where": "json:status", "equals": "rejected"}},
                {"means": "duplicate", "when": {"where": "json:status", "equals": "duplicate"}},
                {"means": "queued", "when": {"where": "json:status", "equals": "queued"}},
            ],
            "carries": {
                "price": "json:price",
                "reference": "json:id",
                "reason": "json:reason",
                "redirect": "json:redirect",
            },
        },
    },
}

_ASK: Mapping[str, Any] = {
    "url": "http://host/ask",
    "body": {"id": {"term": "reference"}},
    "reading": {**_PLAIN["post"]["reading"]},
}
_REVOKE: Mapping[str, Any] = {
    "url": "http://host/revoke",
    "body": {"id": {"term": "reference"}, "phone": "phone"},
    "reading": {"outcomes": [{"means": "accepted", "when": {"where": "json:status", "equals": "stopped"}}]},
}
_MORE: Mapping[str, Mapping[str, Any]] = {
    "garnet": {"repeats_safely": True},
    "hazel": {"ask": _ASK},
    "cobalt": {"revoke": _REVOKE},
}
"""`garnet` makes one lead of two equal posts; `hazel` has a page that tells what became of a post; `cobalt` can be told
that consent was taken back."""

Answer = Reply | Lost | Delay


def reply(*, http_status: int = 200, **fields: str) -> Reply:
    """A buyer's JSON answer."""
    return Reply(http_status, {"content-type": "application/json"}, orjson.dumps(fields))


def bid(price: str) -> Reply:
    return reply(status="bid", price=price, id="p1")


SOLD = reply(status="sold", id="b1")
REFUSED = reply(status="rejected", reason="not today")
DUPLICATE = reply(status="duplicate", reason="on file")
NO_BID = reply(status="no_bid", reason="no room")


@dataclass
class Buyers:
    """The script of all buyers: who bids what, and how each answers a post. Everything they were sent is kept."""

    pings_answered: dict[str, Answer] = field(default_factory=dict)
    posts_answered: dict[str, list[Answer]] = field(default_factory=dict)
    sent: list[HttpMessage] = field(default_factory=list)
    mailed: list[EmailMessage] = field(default_factory=list)
    posted: asyncio.Event = field(default_factory=asyncio.Event)  # set by the first post

    def bids(self, host: str, price: str | None) -> None:
        """From now on this buyer bids so much; None is no bid. Unless told, a buyer bids 25.00."""
        self.pings_answered[host] = NO_BID if price is None else bid(price)

    def answers_pings(self, host: str, answer: Answer) -> None:
        self.pings_answered[host] = answer

    def answers_posts(self, host: str, *answers: Answer) -> None:
        """One after another; the last one stays. Unless told, a buyer takes every post."""
        self.posts_answered[host] = list(answers)

    def pings(self, host: str) -> list[dict[str, Any]]:
        return self._heard(host, "/ping")

    def posts(self, host: str) -> list[dict[str, Any]]:
        """The bodies of the posts a buyer was sent."""
        return self._heard(host, "/post")

    def __call__(self, message: HttpMessage | EmailMessage) -> Answer:
        if isinstance(message, EmailMessage):
            self.mailed.append(message)
            return self._next(message.address.partition("@")[2].partition(".")[0])
        self.sent.append(message)
        url = urlsplit(message.url)
        name = url.netloc.partition(".")[0]
        if url.path == "/ping":
            return self.pings_answered.get(name, bid("25.00"))
        return self._next(name)

    def _next(self, name: str) -> Answer:
        self.posted.set()
        answers = self.posts_answered.get(name, [SOLD])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _heard(self, host: str, path: str) -> list[dict[str, Any]]:
        return [orjson.loads(each.body) for each in self.sent if each.url == f"http://{HOSTS[host]}{path}"]


def with_buyers(catalog: Catalog, hosts: Mapping[str, str]) -> Catalog:
    """The catalog with a connection to each of these buyers."""
    written = {
        name: FileDocument(f"connections/{name}/connection.yaml", _plain(name, host)) for name, host in hosts.items()
    }
    made = {name: load(file.document, {}, connectors()) for name, file in written.items()}
    return replace(catalog, connections={**catalog.connections, **made}, files={**catalog.files, **written})


def _plain(name: str, host: str) -> dict[str, Any]:
    document = {**_PLAIN, **_MORE.get(name, {})}
    stages: dict[str, Any] = {
        stage: {**document[stage], "url": f"http://{host}/{stage}"}
        for stage in ("ping", "post", "ask", "revoke")
        if stage in document
    }
    return {**document, **stages, "connection": name}
