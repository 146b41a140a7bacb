"""Who was told of a lead over HTTP: a line for each try, the last with the time of the next."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from exchange.flows.market import Market
from exchange.stages.webhooks import TRIES
from exchange.storage.database import Row
from exchange.web.story.line import Line
from exchange.web.story.records import Story
from exchange.web.words import duration, utc


def told_lines(market: Market, story: Story) -> Iterator[Line]:
    for send in story.rows.sends:
        whom = f"{send['kind'].capitalize()} to {_party(market, send)}"
        tries = [row for row in story.rows.send_tries if _same(row, send)]
        if not tries:
            then = f", next try {utc(send['next_at'])}" if send["next_at"] is not None else ""
            told = f"{whom}: not tried yet{then}" if then else f"{whom}: {send['last_error'] or 'not sent'}"
            yield Line(send["at"], None, "clock", "", told, send["type"])
        for place, row in enumerate(tries, start=1):
            last = place == len(tries)
            yield _line(market, send, row, whom, place, last=last)


def _line(market: Market, send: Row, row: Row, whom: str, place: int, *, last: bool) -> Line:
    good = row["error"] is None
    told = f"HTTP {row['status']}" if good else row["error"]
    if last and send["next_at"] is not None:
        told += f", next try {utc(send['next_at'])}"
    elif last and send["state"] == "failed":
        told += ", not tried again"
    facts = f"{send['type']}, try {place}" + (f" of {TRIES}" if place <= TRIES else "")
    icon, tone = ("check", "good") if good else ("warning", "warn")
    return Line(row["at"], None, icon, tone, f"{whom}: {told}", facts, duration(row["took_ms"]))


def _same(row: Row, send: Row) -> bool:
    return bool(row["event_id"] == send["event_id"] and row["endpoint_id"] == send["endpoint_id"])


def _party(market: Market, send: Row) -> str:
    deals, party_id = market.deals, send["party_id"]
    if send["role"] == "seller" and party_id in deals.sellers:
        return deals.sellers[party_id].name
    if send["role"] == "buyer" and party_id in deals.buyers:
        return deals.buyers[party_id].name
    return urlsplit(send["url"]).hostname or send["url"]
