"""A buyer's system is read on a schedule, or calls by itself: kept once, and never from a bad reply."""

from __future__ import annotations

import base64
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from exchange.flows.documents import save_secret
from exchange.flows.reports_in import plan_reads, read_now
from exchange.flows.return_decide import Choice, decide_return
from exchange.model.actor import SYSTEM
from exchange.model.returns import ReturnState
from exchange.storage.disposition_polls import ReadState, read_states
from tests.channels.mailed import mailing, settle_down, takes_mail, work_for
from tests.channels.outlet import Outlet, outlet
from tests.flows.lab import OPERATOR, later, person, post
from tests.mail_server import mail_server
from tests.market import Exchange, buyer_key
from tests.web.served import Heard, Served, serve_exchange
from tests.web.visitor import signed_in

NAME = "cobalt"


@dataclass
class Crm:
    """The buyer's own system, and the exchange that reads it."""

    exchange: Exchange
    outlet: Outlet
    leads: list[str]

    def says(self, *rows: Mapping[str, Any], following: str | None = None) -> None:
        self.outlet.content_type = "application/json"
        self.outlet.body = orjson.dumps({"leads": rows, "next": following})

    async def look(self, seconds: float = 900) -> None:
        later(self.exchange, seconds)
        await plan_reads(self.exchange.market)
        await settle_down(self.exchange)

    async def state(self) -> ReadState:
        return (await self.exchange.market.db.read(read_states))[NAME]

    async def told(self) -> list[tuple[str, str, str]]:
        rows = await self.exchange.rows("SELECT * FROM dispositions ORDER BY at, told_at, id")
        return [(row["kind"], row["channel"], row["told_by"]) for row in rows]

    @property
    def since(self) -> list[str]:
        return [parse_qs(urlsplit(path).query)["since"][0] for path, _ in self.outlet.asked]


@asynccontextmanager
async def crm(tmp_path: Path, **over: Any) -> AsyncIterator[Crm]:
    async with mail_server() as server, outlet() as theirs, mailing(tmp_path) as exchange:
        section: dict[str, Any] = {
            "ask": {
                "url": f"{theirs.address}/leads",
                "query": {"since": {"kept": "since"}, "page": {"kept": "page"}},
                "headers": {"X-Key": {"secret": "crm_key"}},
                "next": "next",
                "every": "15m",
            },
            "hook": {"address": "crm_hook", "signature": {"secret": "crm_sign", "header": "X-Sign"}},
            "items": "leads",
            "lead": ["ref", "phone"],
            "word": "status",
            "value": "value",
            "at": "at",
            "words": {"Won": "sold"},
            **over,
        }
        await takes_mail(exchange, server, NAME, document={"dispositions": section})
        for name, secret in (("crm_key", "k3y"), ("crm_hook", "h00k"), ("crm_sign", "s1gn")):
            await save_secret(exchange.market, name, secret, SYSTEM)
        leads = [str((await post(exchange, person(number)))["lead_id"]) for number in range(3)]
        await work_for(exchange, 5, 1)
        yield Crm(exchange, theirs, leads)


async def test_a_system_is_read_every_so_often_from_where_it_was_and_nothing_twice(tmp_path: Path) -> None:
    async with crm(tmp_path) as theirs:
        one, _, three = theirs.leads
        phone = person(1)["phone"]
        theirs.says(
            {"ref": one, "status": "Won", "value": "1250"},
            {"ref": "CRM-2", "phone": phone, "status": "contacted"},
            {"ref": three, "status": "Negotiating"},
            {"ref": "other", "status": "Won"},
            {"status": "Won"},
        )
        await theirs.look()
        first = await theirs.state()
        await theirs.look(60)  # not yet
        await theirs.look()  # the same again

        assert {("sold", "poll"), ("contacted", "poll")} == {told[:2] for told in await theirs.told()}
        assert {"connection cobalt"} == {by for _, _, by in await theirs.told()}
        assert {"recorded": 2, "waiting": 1, "not_found": 1, "wrong": 1} == dict(first.counts)
        assert {"unchanged": 2, "waiting": 1, "not_found": 1, "wrong": 1} == dict((await theirs.state()).counts)
        assert (2, "k3y") == (len(theirs.since), theirs.outlet.asked[0][1]["X-Key"])
        assert ["2026-11-14", "2026-11-21"] == [since[:10] for since in theirs.since]
        assert [] != await theirs.exchange.rows("SELECT id FROM disposition_waits WHERE word = 'negotiating'")


async def test_what_was_heard_elsewhere_since_stands_until_the_books_change(tmp_path: Path) -> None:
    async with crm(tmp_path) as theirs, serve_exchange(theirs.exchange) as served:
        lead = theirs.leads[0]
        theirs.says({"ref": lead, "status": "contacted"})
        await theirs.look()
        later(theirs.exchange, 60)
        told = await served.send("dispositions", {"lead_id": lead, "disposition": "sold"}, key=buyer_key(NAME))
        assert "recorded" == told["status"]
        await theirs.look()
        theirs.says({"ref": lead, "status": "quoted", "at": "2026-11-21T14:00:00Z"})
        await theirs.look()

        (stands,) = await theirs.exchange.rows("SELECT kind FROM sale_dispositions")
        assert "sold" == stands["kind"]


async def test_a_bad_reply_keeps_the_place_and_is_told(tmp_path: Path) -> None:
    async with crm(tmp_path) as theirs:
        theirs.says({"ref": theirs.leads[0], "status": "contacted"})
        await theirs.look()
        good = await theirs.state()
        for status, body in ((500, b"{}"), (200, b"<html>down</html>"), (200, b'{"leads": 1}')):
            theirs.outlet.status, theirs.outlet.body = status, body
            await theirs.look()
            state = await theirs.state()
            assert (good.since, dict(good.counts)) == (state.since, dict(state.counts)) and state.error
        theirs.outlet.status = 200
        theirs.says({"ref": theirs.leads[1], "status": "quoted"})
        assert await read_now(theirs.exchange.market, NAME, OPERATOR)
        await theirs.look(1)

        assert (None, 2) == ((await theirs.state()).error, len(await theirs.told()))
        assert theirs.since[-1] == theirs.since[1] and theirs.since[1] != theirs.since[0]


async def test_a_busy_system_is_left_alone_as_long_as_it_asks_and_read_on_at_its_page(tmp_path: Path) -> None:
    """The usual time of a look, a quarter of an hour, is past long before."""
    by_date = {"Retry-After": "Sat, 21 Nov 2026 01:00:00 GMT", "Date": "Sat, 21 Nov 2026 00:30:00 GMT"}
    async with crm(tmp_path) as theirs:
        theirs.says({"ref": theirs.leads[0], "status": "contacted"}, following="p2")
        theirs.outlet.turns = [None, (429, {"Retry-After": "2400"}), (503, by_date)]
        asked = []
        for _ in range(6):
            await theirs.look(900)
            asked.append(len(theirs.outlet.asked))
            if len(asked) == 1:
                busy = await theirs.state()
                theirs.says({"ref": theirs.leads[1], "status": "quoted"})
        state = await theirs.state()

        assert [2, 2, 2, 3, 3, 4] == asked and "HTTP 429" in (busy.error or "") and busy.since is None
        pages = [parse_qs(urlsplit(path).query).get("page", [""])[0] for path, _ in theirs.outlet.asked]
        assert (["", "p2", "p2", "p2"], 1) == (pages, len(set(theirs.since)))
        assert (None, None, {"recorded": 2}) == (state.error, state.under_way, dict(state.counts))
        assert 2 == len(await theirs.told())


async def test_pages_are_read_to_the_last_and_a_circle_ends(tmp_path: Path) -> None:
    async with crm(tmp_path) as theirs:
        theirs.says({"ref": theirs.leads[0], "status": "contacted"}, following="p2")
        await theirs.look()

        pages = [parse_qs(urlsplit(path).query).get("page") for path, _ in theirs.outlet.asked]
        assert ([None, ["p2"]], None) == (pages, (await theirs.state()).error)


async def call(served: Served, body: bytes, secret: str = "h00k", sign: str | None = None, name: str = NAME) -> Heard:
    signed = hmac.digest(b"s1gn", body, "sha256").hex() if sign is None else sign
    headers = {"Content-Type": "application/json", "X-Sign": signed}
    url = f"{served.address}/told/{name}/{secret}"
    async with served.session.post(url, data=body, headers=headers) as response:
        return Heard(response.status, response.headers, data := await response.read(), orjson.loads(data))


async def test_a_system_calls_by_itself_and_only_it_can(tmp_path: Path) -> None:
    async with crm(tmp_path) as theirs, serve_exchange(theirs.exchange) as served:
        one, two, _ = theirs.leads
        later(theirs.exchange, 3_600)
        at = theirs.exchange.market.clock.now() // 1000
        body = orjson.dumps(
            {"leads": [{"ref": one, "status": "won", "value": 900, "at": at}, {"ref": two, "status": "??"}]}
        )
        heard = [await call(served, body) for _ in range(3)]
        wrong = [
            await call(served, body, secret="guess"),
            await call(served, body, name="nobody"),
            await call(served, body, sign="0" * 64),
            await call(served, b"no json"),
        ]
        async with signed_in(served) as operator:
            timeline = await operator.open(f"/console/leads/{one}")
            page = await operator.open("/console/dispositions")
            asked = await operator.submit("/console/dispositions/read", connection=NAME)

        assert [200, 404, 404, 403, 400] == [each.http_status for each in (heard[0], *wrong)]
        assert {"recorded": 1, "invalid": 1} == {k: n for k, n in heard[0]["counts"].items() if n}
        assert {"unchanged": 1, "invalid": 1} == {k: n for k, n in heard[2]["counts"].items() if n}
        assert [("sold", "hook")] == [told[:2] for told in await theirs.told()]
        assert "worth $900.00" in timeline.text and "Told by webhook, by connection cobalt" in timeline.text
        assert "cobalt" in page.part("systems") and "h00k" not in page.source
        assert 200 == asked.http_status
        assert 3 == len(await theirs.exchange.rows("SELECT id FROM requests WHERE endpoint = 'told' AND status = 'ok'"))


KEY = b"0123456789abcdef01234567"


def by_standard(body: bytes, at: int, own: str = "evt_1", key: bytes = KEY) -> dict[str, str]:
    digest = hmac.digest(key, f"{own}.{at}.".encode() + body, "sha256")
    signed = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": own, "webhook-timestamp": str(at), "webhook-signature": f"v1,old {signed}"}


async def test_an_exchange_further_on_hands_back_returns_and_words_by_its_own_webhooks(tmp_path: Path) -> None:
    """As this exchange tells its sellers: signed after Standard Webhooks, a lead by the id its seller gave it."""
    over = {
        "hook": {"address": "crm_hook", "signature": {"secret": "crm_sign", "standard": True}},
        "items": None,
        "lead": "data.seller_lead_id",
        "word": "data.disposition",
        "value": None,
        "at": None,
        "returns": {
            "when": "type == 'lead.return_requested'",
            "reason": "data.reason",
            "id": "data.return_id",
            "reasons": {"spanish_only": "language"},
        },
    }
    async with crm(tmp_path, **over) as theirs, serve_exchange(theirs.exchange) as served:
        secret = f"whsec_{base64.b64encode(KEY).decode()}"
        await save_secret(theirs.exchange.market, "crm_sign", secret, SYSTEM)
        now = theirs.exchange.market.clock.now() // 1000
        url = f"{served.address}/told/{NAME}/h00k"

        async def tell(what: str, data: Mapping[str, str], at: int = now, key: bytes = KEY) -> Any:
            kind = f"lead.{what}"
            body = orjson.dumps({"type": kind, "data": data})
            async with served.session.post(url, data=body, headers=by_standard(body, at, key=key)) as response:
                return response.status, {k: n for k, n in (await response.json()).get("counts", {}).items() if n}

        one, two, three = theirs.leads
        asking = {"seller_lead_id": one, "return_id": "ret_far", "reason": "spanish_only"}
        told = [await tell("return_requested", asking) for _ in range(3)]
        sold = {"seller_lead_id": three, "disposition": "sold"}
        others = [
            await tell("return_requested", {"seller_lead_id": two, "return_id": "ret_2", "reason": "colour"}),
            await tell("return_requested", {"seller_lead_id": "ld_x", "return_id": "ret_3", "reason": "language"}),
            await tell("disposition", {"seller_lead_id": three, "disposition": "contacted"}),
            await tell("disposition", sold, at=now - 301),
            await tell("disposition", sold, key=b"another"),
        ]

        assert [(200, {"return_asked": 1}), (200, {"return_known": 1}), (200, {"return_known": 1})] == told
        assert [(200, {"return_refused": 1}), (200, {"not_found": 1}), (200, {"recorded": 1}), 403, 403] == [
            each if each[0] == 200 else each[0] for each in others
        ]
        (asked,) = await theirs.exchange.rows("SELECT lead_id, reason, their_reference FROM return_requests")
        assert {"lead_id": one, "reason": "language", "their_reference": "ret_far"} == asked
        assert ["contacted"] == [kind for kind, _, _ in await theirs.told()]


async def test_a_part_granted_further_on_is_asked_here_and_what_is_taken_back_there_is_taken_back_here(
    tmp_path: Path,
) -> None:
    over = {
        "hook": {"address": "crm_hook"},
        "items": None,
        "lead": "data.seller_lead_id",
        "word": "data.disposition",
        "returns": {
            "when": "contains(['approved', 'partial'], data.status)",
            "withdrawn": "data.status == 'taken_back'",
            "amount": "data.returned_amount",
            "reason": "data.reason",
            "id": "data.return_id",
        },
    }
    async with crm(tmp_path, **over) as theirs, serve_exchange(theirs.exchange) as served:

        async def tell(lead: str, name: str, status: str, amount: str) -> dict[str, int]:
            data = {"seller_lead_id": lead, "return_id": name, "reason": "language"}
            body = orjson.dumps({"data": {**data, "status": status, "returned_amount": amount}})
            heard = await call(served, body)
            assert 200 == heard.http_status, heard
            await settle_down(theirs.exchange)
            return {word: count for word, count in heard["counts"].items() if count}

        one, two, three = theirs.leads
        told = [
            await tell(one, "ret_1", "partial", "4.00"),
            await tell(one, "ret_1", "taken_back", "-4.00"),
            await tell(one, "ret_1", "partial", "4.00"),  # heard late
            await tell(two, "ret_2", "taken_back", "-30.00"),  # before what it takes back
            await tell(two, "ret_2", "approved", "30.00"),
            await tell(three, "ret_3", "approved", "0.00"),  # borne there
            await tell(three, "ret_3", "approved", "much"),
            await tell(three, "ret_3", "approved", "30.00"),
        ]
        (asked,) = await theirs.exchange.rows("SELECT id FROM return_requests WHERE their_reference = 'ret_3'")
        choice = Choice(ReturnState.APPROVED)
        await decide_return(theirs.exchange.market, asked["id"], choice, SYSTEM)
        told.append(await tell(three, "ret_3", "partial", "12.00"))  # less than was granted here
        rows = await theirs.exchange.rows("SELECT * FROM return_requests ORDER BY their_reference")

    words = ["asked", "withdrawn", "known", "withdrawn", "known", "known", "refused", "asked", "known"]
    assert [{f"return_{word}": 1} for word in words] == told
    assert [
        ("ret_1", 40_000, "declined", 0),
        ("ret_2", None, "declined", 0),
        ("ret_3", 120_000, "partial", 120_000),
    ] == [(row["their_reference"], row["asked_units"], row["state"], row["credit_units"]) for row in rows]
