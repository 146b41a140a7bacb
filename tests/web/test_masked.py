"""No page of the console and no twin of one shows what is personal to a role that may not see it.

The walk is made from the tables of routes, so that a new page is in it as soon as it is there.
"""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path

import orjson
from aiohttp import FormData

from exchange.flows.documents import save_document
from exchange.flows.endpoints import Wanted, save
from exchange.flows.returns import Asked, Asking, ask_return, find_returnable
from exchange.flows.shapes import CONNECTION
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.endpoint import EndpointKind
from exchange.model.rights import WHO, Staff
from exchange.model.wire import Loss, Lost, Reply
from exchange.worker import run_jobs
from tests.flows.billed import sound
from tests.market import POST, REFUSED, Exchange, buying, live_key, open_exchange, operator, reply, selling, usd
from tests.web.leads import sell
from tests.web.served import Served, serve_exchange
from tests.web.test_rights import PART, example, routes, visiting
from tests.web.visitor import Visitor, later, signed_in

PERSON = {
    **POST,
    "last_name": "Vandersloot",
    "email": "quincy.sloot@mailhouse.example",
    "phone": "6029587342",
    "phone2": "4806617399",
    "address": "77 Peppercorn Row",
    "comments": "Ring the brass bell twice",
    "ip_address": "203.0.113.77",
}
PLAIN = re.compile(
    r"vandersloot|quincy|958[\s().+-]{0,3}7342|661[\s().+-]{0,3}7399|peppercorn|brass bell|203\.0\.113\.77",
    re.IGNORECASE,
)
"""What may be read nowhere: the values, however they are spelled."""


def test_the_walk_would_find_each_value() -> None:
    assert all(PLAIN.search(PERSON[name]) for name in PERSON if name not in POST)
    assert all(PLAIN.search(PERSON[name]) for name in ("last_name", "email", "phone", "address"))
    assert PLAIN.search("(602) 958-7342") and not PLAIN.search(str(POST))


@asynccontextmanager
async def full_market(folder: Path) -> AsyncIterator[Served]:
    """One person's leads as they end in every way, with files, messages, returns and reports about them."""
    async with open_exchange(folder) as exchange, serve_exchange(exchange) as served:
        await exchange.add(operator(), *selling("cedar"), *buying("acme", "10000"))
        for actor in (Actor(Role.SELLER, "dee@cedar.example", "cedar"), Actor(Role.OPERATOR, "pat@operator.example")):
            await save(exchange.market, Wanted(EndpointKind.SIGNED, "https://hooks.example/x"), actor, (), party=None)
        await _leads(served)
        async with signed_in(served) as owner:
            await _files(owner)
            for lead in (await owner.open("/console/leads.json")).fields["leads"][:1]:
                await owner.submit(f"/console/leads/{lead['lead_id']}/reveal", why="a complaint")
        yield served


async def _leads(served: Served) -> None:
    """Sold, said no to with an answer that echoes, read by no rule, unclear, refused, wrong, tried, and a repeat."""
    exchange, buyers = served.exchange, served.exchange.buyers
    landing = f"https://solar.example/?email={PERSON['email']}&tel={PERSON['phone']}"
    await served.send("pingpost", {**PERSON, "landing_page": landing, "sub_id1": "fb-12"}, key=live_key("cedar"))
    later(served, 60)
    outcomes = [{"means": "accepted", "when": {"where": "json:state", "equals": "Taken"}}]
    stage = {"url": "http://birch.buyer.example/post", "body": {"phone": "phone"}, "reading": {"outcomes": outcomes}}
    document = {"connection": "rook", "connector": "json_http", "post": stage}
    await save_document(exchange.market, CONNECTION, "rook", document, SYSTEM)
    await exchange.add(*buying("birch", connection="rook", price=usd("55")), *buying("cobalt"))
    echo = reply(state="Pending", phone=PERSON["phone"], who=f"Ms {PERSON['last_name']}", at=PERSON["address"])
    buyers.answers_posts("birch", echo)
    buyers.answers_posts("acme", REFUSED)
    await _told(exchange)
    answers: tuple[Reply | Lost, ...] = (echo, Lost(Loss.TIMEOUT, "The buyer did not answer in time."), REFUSED)
    for number, other in enumerate(answers):
        buyers.answers_posts("cobalt", other)
        await served.send("pingpost", {**PERSON, "seller_lead_id": f"mine-{number}"})
        later(served, 40 * 86_400)
    for wrong in (
        {"zip": PERSON["last_name"]},
        {"phone": f"{PERSON['phone']}99"},
        {"email": PERSON["email"].replace("@", "@@")},
        {"state": PERSON["address"], "monthly_bill": PERSON["email"], "unheard_of": PERSON["phone"]},
    ):
        await served.send("pingpost", {**PERSON, **wrong})
    await served.send("pingpost", PERSON)
    await served.send("post", {"ping_id": "none", **PERSON})


async def _told(exchange: Exchange) -> None:
    """A buyer that asks its money back for it, and reports of it."""
    acme = Actor(Role.BUYER, "ann@acme.example", "acme")
    [lead, *_] = await exchange.rows("SELECT lead_id FROM sales WHERE buyer_id = 'acme' ORDER BY accepted_at")
    found = await find_returnable(exchange.market, acme, lead["lead_id"])
    assert found is not None
    asked = await ask_return(exchange.market, acme, found, Asking("wrong_person", note="Somebody else's number"))
    assert isinstance(asked, Asked)


async def _files(owner: Visitor) -> None:
    """An import that is done, and one that waits for its mapping."""
    head = "Last Name,Email Address,Phone Number,Street,ZIP,State,Monthly Bill,Homeowner,First Name,TCPA Consent"
    names = ("last_name", "email", "phone", "address", "zip", "state", "monthly_bill", "homeowner", "first_name")
    rows = f"{head}\n{','.join(PERSON[name] for name in names)},yes"
    done = await _brought(owner, rows)
    for step in ("check", "start"):
        await owner.submit(f"{done}/{step}", rate="6000/min")
        while await run_jobs(owner.served.exchange.market):
            continue
    await _brought(owner, f"{rows}\n")


async def _brought(owner: Visitor, rows: str) -> str:
    form = FormData({"csrf": (await owner.open("/console/imports")).token, "campaign": "cedar-solar"})
    form.add_field("file", io.BytesIO(rows.encode()), filename="leads.csv", content_type="text/csv")
    async with owner.session.post(f"{owner.served.address}/console/imports", data=form) as answer:
        assert 200 == answer.status
        return answer.url.path


async def _ids(exchange: Exchange) -> Mapping[str, Sequence[str]]:
    """By the name of a part of an address, what it may be."""

    async def column(table: str, name: str = "id") -> list[str]:
        return [str(row["it"]) for row in await exchange.rows(f"SELECT DISTINCT {name} AS it FROM {table} LIMIT 40")]

    leads, campaigns, contracts = await column("leads"), ["cedar-solar"], ["acme-solar", "birch-solar"]
    return {
        "lead_id": leads, "lead": leads, "campaign_id": campaigns, "campaign": campaigns, "contract_id": contracts,
        "contract": contracts, "seller_id": ["cedar"], "seller": ["cedar"], "buyer_id": ["acme"], "buyer": ["acme"],
        "import_id": await column("imports"), "return_id": await column("return_requests"),
        "line_id": await column("audit_lines"), "request_id": await column("requests"), "currency": ["USD"],
        "id": await column("webhook_events"), "name": ["rook", "cedar"], "alert_id": await column("alerts"),
        "shape": [bytes(row["shape"]).hex() for row in await exchange.rows("SELECT shape FROM unmapped")],
        "number": await column("statements", "number"),
    }  # fmt: skip


TIMED = re.compile(r"<(time|pre|code|textarea|option|svg|script|dialog|title)\b.*?</\1>|<[^>]*>", re.DOTALL)
CLOCK = re.compile(r"\b\d{2}:\d{2}:\d{2}\b|\b20\d\d-\d\d-\d\dT\d")
INSTANT = re.compile(r"20\d\d-\d\d-\d\dT[\d:.]+Z")


def untimed(body: str) -> list[str]:
    """Times of a page that are no `<time>`, and `<time>`s without UTC."""
    if not body.startswith("<!doctype"):
        return []
    text = TIMED.sub(" ", body)
    loose = [text[max(hit.start() - 60, 0) : hit.end()] for hit in CLOCK.finditer(text)]
    return loose + [tag for tag in re.findall(r"<time[^>]*>", body) if not re.match(r'<time datetime="[^"]+Z"', tag)]


def addresses(path: str, ids: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Every address of a route with what there is; one of something that is not there where there is nothing."""
    parts = list(PART.finditer(path))
    choices = []
    for part in parts:
        rule = part[1] or "[^/]+"
        words = [each for each in rule.split("|") if re.fullmatch(r"[a-z.]+", each)]
        known = [each for each in ids.get(part[0][1:].partition(":")[0].rstrip("}"), words) if re.fullmatch(rule, each)]
        choices.append(known or [example(part)])
    gaps = PART.split(re.sub(r"\{\w+(?::(?:[^{}]|\{[^}]*\})*)?\}", "{x}", path))[::2]
    for chosen in product(*choices):
        yield gaps[0] + "".join(value + gap for value, gap in zip(chosen, gaps[1:], strict=True))


async def walk(
    visitor: Visitor, staff: Staff, *, beyond: Staff | None = None, ending: str = "", query: str = ""
) -> AsyncIterator[tuple[str, str]]:
    """Every address of the console that the role may look at (and one that is less may not), of everything there is,
    with what it answers."""
    ids = await _ids(visitor.served.exchange)
    for route, right in routes():
        if route.method != "GET" or staff not in WHO[right] or route.path.endswith("/stream"):
            continue
        if (beyond is not None and beyond in WHO[right]) or not route.path.endswith(ending):
            continue
        for path in addresses(route.path, ids):
            async with visitor.session.get(visitor.served.address + path + query, allow_redirects=False) as answer:
                body = (await answer.read()).decode("utf-8", "replace")
                if answer.status == 200:
                    yield path, body


async def test_who_may_not_see_what_is_personal_sees_it_nowhere(tmp_path: Path) -> None:
    async with full_market(tmp_path) as served, signed_in(served) as visitor:
        found, seen = [], 0
        for staff, beyond in ((Staff.ANALYST, None), (Staff.FINANCE, Staff.ANALYST)):
            await visiting(served, staff, visitor)
            async for path, body in walk(visitor, staff, beyond=beyond):
                seen += 1
                hits = list(PLAIN.finditer(body))[:2]
                found += [f"{path}: {body[max(hit.start() - 60, 0) : hit.end() + 20]!r}" for hit in hits]
            [done, *_] = await served.exchange.rows("SELECT id FROM imports WHERE state = 'done'")
            assert 403 == (await visitor.open(f"/console/imports/{done['id']}/result")).http_status
    assert not found, "\n".join(found)
    assert seen > 150


OF_A_DAY = ("/console.json", "/console/payouts", "/console/analytics")
"""What is counted by the exchange's own days, which begin at other moments in another zone."""
OFFSET = re.compile(r'T\d\d:\d\d:\d\d[\d.]*[+-]\d\d:?\d\d"')


async def test_every_time_of_every_page_is_a_time_with_utc_and_another_zone_changes_no_twin(tmp_path: Path) -> None:
    async with full_market(tmp_path) as served, signed_in(served) as owner:
        pages = {path: body async for path, body in walk(owner, Staff.OWNER)}
        market = replace(served.exchange.market, zone="Asia/Tokyo")
        async with serve_exchange(replace(served.exchange, market=market)) as tokyo:
            there = Visitor(tokyo, owner.session)
            twins = {path: body async for path, body in walk(there, Staff.OWNER, ending=".json")}
            top = (await there.open("/console/health")).source
    loose = [f"{path}: {each}" for path, body in pages.items() for each in untimed(body)]
    assert not loose, "\n".join(loose)
    assert len(twins) > 40 and not [path for path, body in twins.items() if OFFSET.search(body)]
    other = [path for path in twins if INSTANT.findall(pages[path]) != INSTANT.findall(twins[path])]
    assert not [path for path in other if not path.startswith(OF_A_DAY)]
    assert ("EDT", "JST") == (zone_of(pages["/console/health"]), zone_of(top))


def zone_of(page: str) -> str:
    found = re.search(r'class="at" title="[^"]*"><time[^>]*>[^<]* (\w+)</time>', page)
    assert found is not None
    return found[1]


SOLD = re.compile(r"41\.37|33\.096|33\.10|8\.27|9,?958\.63")
"""What the one live lead was sold for, what of it is the seller's and ours, and what the buyer has left."""
LOGGED = re.compile(r"ST-2026-00001\D{1,60}41\.37")
"""What somebody did stands in the log of either mode, with its amount."""


async def test_every_page_of_the_test_mode_says_so_and_shows_nothing_of_a_live_sale(tmp_path: Path) -> None:
    """What is of one live lead alone says that it is live; its twins tell its mode."""
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served:
        await exchange.add(operator(), *selling("cedar"), *buying("acme", "10000"))
        exchange.buyers.bids("acme", "41.37")
        await sell(served, 1)
        later(served, 3_600)
        assert await sound(exchange)
        async with signed_in(served) as owner:
            await owner.submit("/console/invoices/issue", buyer="acme")
            live = ["/console", "/console/ledger", "/console/billing", "/console/invoices", "/console/payouts"]
            live += ["/console/ledger.csv", "/console/invoices.json", "/console/buyers.json", "/console/sellers.csv"]
            for path in live:
                assert SOLD.search((await owner.open(path)).source), path
            test = {path: body async for path, body in walk(owner, Staff.OWNER, query="?mode=test")}
            told = (await owner.open("/console.json?mode=test")).fields
            leads = (await owner.open("/console/leads.json?mode=test")).fields
            ledger = await owner.open("/console/ledger?mode=test&account=house:margin")
    own = {path for path, body in test.items() if "ld_" in path or "req_" in path}
    assert not [path for path in own if test[path].startswith("<!doctype") and "<title>Test: " in test[path]]
    others = {path: LOGGED.sub("", body) for path, body in test.items() if path not in own}
    found = [f"{path}: {body[hit.start() - 80 : hit.end()]}" for path, body in others.items()
             for hit in [SOLD.search(body)] if hit]  # fmt: skip
    assert not found, "\n".join(found)
    pages = {path: body for path, body in others.items() if body.startswith("<!doctype")}
    assert len(pages) > 80
    assert not [
        path for path, body in pages.items() if '<body class="test">' not in body or "<title>Test: " not in body
    ]
    assert (0, 0, []) == (told["leads"], told["sold"], leads["leads"])
    assert {"mode": "test", "live": "/console/ledger.json"}.items() <= orjson.loads(
        test["/console/ledger.json"]
    ).items()
    assert "Test leads move no money" in test["/console/payouts"] and "move no money" in test["/console/ledger.csv"]
    assert 'href="/console/ledger?account=house:margin"' in ledger.source
