"""Ten days of a small exchange whose sources differ: what pages about quality are tried on."""

from __future__ import annotations

import random

from exchange.flows.dispositions import record_disposition
from exchange.flows.quality import keep_quality
from exchange.model.actor import Actor, Role
from exchange.model.feedback import Report
from tests.flows.lab import later, post
from tests.market import REFUSED, SOLD, Exchange, buying, consumer, selling

SOURCES = (("cedar", "g-search", 0.4, 0.02), ("cedar", "popunder", 0.0, 0.8), ("elm", "mail", 0.2, 0.05))
"""Seller, sub id, the chance that a lead converts, the chance that nobody real is behind it."""
DAYS, EACH = 8, 3


async def lived(exchange: Exchange) -> None:
    """The buyers keep their word, but for one that refuses half of what it won."""
    await exchange.add(*selling("cedar"), *selling("elm"), *buying("acme", "90000"), *buying("birch", "90000"))
    exchange.buyers.bids("acme", "30.00")
    exchange.buyers.bids("birch", "31.00")
    exchange.buyers.answers_posts("birch", *[REFUSED, SOLD] * 200)
    draw, number = random.Random(3), 0
    for _ in range(DAYS):
        for seller, sub_id, converts, unreal in SOURCES:
            for _ in range(EACH):
                number += 1
                answer = await post(exchange, {**consumer(number), "sub_id1": sub_id}, seller=seller)
                lead_id = str(answer["lead_id"])
                rows = await exchange.rows("SELECT buyer_id FROM sales WHERE lead_id = :id", id=lead_id)
                buyer = Actor(Role.BUYER, rows[0]["buyer_id"], rows[0]["buyer_id"])
                kind = "wrong_number" if draw.random() < unreal else "sold" if draw.random() < converts else "contacted"
                later(exchange, 60)
                await record_disposition(Report(lead_id, kind, "", None, None), exchange.market, buyer)
        later(exchange, 86_400)
    await keep_quality(exchange.market)
