"""A seeded market: sellers that repeat and correct themselves, buyers that are slow, lie, hang up and die.

Buyers remember what they really took (`truth`), so that what the exchange believes can be held against it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from exchange.courier.scripted import Delay
from exchange.model.party import Cap, Mismatch, OnUnclear, SaleMode, Strategy, Tier, Window
from exchange.model.wire import HttpMessage, Loss, Lost, Reply
from tests.market import NO_BID, Party, bid, buying, reply, selling, usd
from tests.scripted_buyers import Answer

BUYERS = ("acme", "birch", "cobalt", "delta", "ember", "flint")
SELLERS = ("cedar", "maple", "willow")
LOSSES = (Loss.TIMEOUT, Loss.RESET, Loss.TRUNCATED, Loss.NOT_HTTP)
NOT_SENT = (Loss.DNS, Loss.CONNECT, Loss.TLS)


@dataclass
class Buyers:
    """The script. Each buyer has its own habits; every answer is drawn from the seed."""

    draws: random.Random
    truth: dict[str, bool] = field(default_factory=dict)  # by our reference: whether the buyer took the lead
    posts: int = 0

    def __call__(self, message: HttpMessage) -> Answer:
        url = urlsplit(message.url)
        name = url.netloc.partition(".")[0]
        answer = self._ping(name) if url.path == "/ping" else self._post(name, orjson.loads(message.body))
        return Delay(self._ms(name), answer)

    def _ms(self, name: str) -> int:
        slow = name == "delta" and self.draws.random() < 0.3
        return self.draws.randrange(2_000, 6_000) if slow else self.draws.randrange(1, 400)

    def _ping(self, name: str) -> Reply | Lost:
        draw = self.draws.random()
        if draw < 0.15:
            return NO_BID
        if draw < 0.20:
            return Lost(self.draws.choice((*LOSSES, *NOT_SENT)), "lost")
        if draw < 0.24:
            return reply(status="bid", price=self.draws.choice(("-3", "NaN", "1e9", "12,5x", "")), id="x")
        return bid(f"{self.draws.randrange(8, 55)}.{self.draws.randrange(100):02d}")

    def _post(self, name: str, body: dict[str, Any]) -> Reply | Lost:
        self.posts += 1
        draw = self.draws.random()
        if draw < 0.08:
            return Lost(self.draws.choice(NOT_SENT), "never sent")
        if draw < 0.30:
            return reply(status="rejected", reason="no")
        took = draw < 0.92 and not (name == "ember" and draw < 0.60)  # ember likes to say yes and mean no
        self.truth[body["id"]] = took
        if draw < 0.40 or not took:
            return self._muddle(name)
        if draw < 0.80:
            return reply(status="sold", id=f"{name}-{self.posts}")
        # Another price than the bid: below it that is a refusal, unless the contract takes it.
        self.truth.pop(body["id"])
        return reply(status="sold", id=f"{name}-{self.posts}", price=f"{self.draws.randrange(5, 70)}.00")

    def _muddle(self, name: str) -> Reply | Lost:
        """An answer nobody can be sure of."""
        kind = self.draws.randrange(4)
        if kind == 0:
            return reply(http_status=self.draws.choice((500, 502, 302, 409)))
        if kind == 1:
            return Reply(200, {"content-type": "text/html"}, b"<html>one moment")
        if kind == 2:
            return reply(status="queued", id=f"{name}-q{self.posts}")
        return Lost(self.draws.choice(LOSSES), "lost")


def parties(draws: random.Random) -> list[Party]:
    """Six buyers and three sellers, with caps and balances that run out."""
    made: list[Party] = []
    rules = {"cobalt": OnUnclear.ASSUME_ACCEPTED, "flint": OnUnclear.ASSUME_REJECTED}
    modes = (
        SaleMode.EXCLUSIVE,
        SaleMode.SHARED,
        SaleMode.EITHER,
        SaleMode.SHARED,
        SaleMode.EXCLUSIVE,
        SaleMode.LEFTOVER,
    )
    for place, name in enumerate(BUYERS):
        caps = (
            Cap(Window.HOUR, "count", draws.randrange(4, 20)),
            Cap(Window.DAY, "money", usd(str(draws.randrange(200, 900))).units),
        )
        made += buying(
            name,
            str(draws.randrange(300, 2_000)),
            sale_mode=modes[place],
            tier=1 + place % 2,
            priority=draws.randrange(5),
            weight=draws.randrange(1, 4),
            caps=caps,
            on_unclear=rules.get(name, OnUnclear.ASK),
            unclear_after_ms=3_600_000,
            lower_price=draws.choice(("reject", "accept_lower")),
            post_ms=draws.choice((800, 3_000)),
        )
    for place, name in enumerate(SELLERS):
        strategies = [draws.choice(list(Strategy)) for _ in range(2)]
        made += selling(
            name,
            slots=(1, 2, 3)[place],
            tiers=tuple(Tier(number, f"Tier {number}", each) for number, each in enumerate(strategies, start=1)),
            floor=usd("5"),
            allow_loss=place == 2,
            mismatch=draws.choice(list(Mismatch)),
            expired=draws.choice(("reject", "reauction")),
            unclear_answer=draws.choice(("queued", "unsold")),
            timeout_ms=draws.choice((1_500, 4_000)),
        )
    return made
