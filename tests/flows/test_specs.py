"""Posting instructions are kept whenever they change, under an address nobody guesses; test traffic passes steps."""

from __future__ import annotations

from typing import Any

from exchange.flows.documents import save_document
from exchange.flows.shapes import VERTICAL
from exchange.flows.specs import campaign_of, keep_specs, page_of, page_url, sample_key
from exchange.intake.encode import encode
from exchange.model.actor import SYSTEM
from exchange.model.lead import Mode
from exchange.stages.spec_changes import changes
from exchange.storage.parties import revoke_key
from exchange.storage.specs import passed_steps, read_spec, read_specs
from exchange.worker import duties, run_jobs
from tests.flows.doom import started_again
from tests.flows.lab import later, post
from tests.market import Exchange, consumer, selling

WORDS = {"title": "Solar", "consent": {"required": []}}
SHADE = {"name": "shade", "type": "choice", "label": "Shade", "ping": "optional", "post": "optional"}


def document(*allowed: str) -> dict[str, Any]:
    return {**WORDS, "fields": [{**SHADE, "allowed": list(allowed)}]}


async def numbers(exchange: Exchange, campaign_id: str = "cedar-solar") -> list[int]:
    return [row.number for row in await exchange.market.db.read(read_specs, campaign_id, 50)]


async def test_each_change_is_a_version_and_what_nobody_reads_is_none(either: Exchange) -> None:
    market = either.market
    await either.add(*selling("cedar"))
    await keep_specs(market)
    await either.add(*selling("cedar", slots=1, blocked_sub_ids=("x",)))  # what the instructions do not tell
    await keep_specs(market)
    assert [1] == await numbers(either)

    await save_document(market, VERTICAL, "solar", document("none", "full"), SYSTEM)
    await keep_specs(market)
    await save_document(market, VERTICAL, "solar", document("none", "full", "half"), SYSTEM)
    await keep_specs(market)
    await save_document(market, VERTICAL, "solar", document("none", "full"), SYSTEM)  # and back again
    await keep_specs(market)

    assert [4, 3, 2, 1] == await numbers(either)
    rows = await market.db.read(read_specs, "cedar-solar", 2)
    assert ("shade no longer takes half.",) == changes(rows[1].spec, rows[0].spec)
    third = await market.db.read(read_spec, "cedar-solar", 3)
    assert third is not None and third.spec == rows[1].spec and third.made_at <= market.clock.now()
    assert await market.db.read(read_spec, "cedar-solar", 5) is None


async def test_two_nodes_keep_a_change_once(either: Exchange) -> None:
    await either.add(*selling("cedar"))
    other = await started_again(either)
    await keep_specs(either.market)
    await keep_specs(other.market)

    assert [1] == await numbers(either)
    assert page_of(either.market, "cedar-solar") == page_of(other.market, "cedar-solar")
    assert sample_key(either.market, "cedar-solar") is not None


async def test_the_worker_keeps_them_without_anybody_looking(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"))
    duty = next(each for each in duties(encode) if each.name == "posting instructions")

    await duty.do(exchange.market)

    assert [1] == await numbers(exchange)
    assert duty.every_seconds <= 1


async def test_an_address_is_of_one_campaign_and_cannot_be_made_up(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *selling("birch"))
    market = exchange.market
    page = page_of(market, "cedar-solar")
    mark = page.rpartition("-")[2]

    found = campaign_of(market, page)
    assert found is not None and "cedar-solar" == found.id
    assert len(mark) == 16 and page_url(market, "cedar-solar").endswith(f"/p/{page}")
    for made_up in (f"birch-solar-{mark}", "cedar-solar", "cedar-solar-", f"cedar-solar-{mark[:-1]}", "", "-", "é-ü"):
        assert campaign_of(market, made_up) is None


async def test_the_samples_key_sells_test_leads_and_stays_revoked(exchange: Exchange) -> None:
    market = exchange.market
    await exchange.add(*selling("cedar"))
    assert sample_key(market, "cedar-solar") is None
    await keep_specs(market)
    secret = sample_key(market, "cedar-solar")
    assert secret is not None and secret.startswith("ck_test_")
    key = market.deals.key(secret, market.clock.now())
    assert key is not None and ("test", "cedar-solar", "Posting page") == (key.mode, key.party_id, key.name)
    assert 1 == (await exchange.rows("SELECT COUNT(*) AS n FROM audit_lines WHERE action = 'key.created'"))[0]["n"]

    await market.db.write(revoke_key, key.id, market.clock.now())
    await exchange.add(*selling("cedar", timeout_ms=5_000))
    await keep_specs(market)

    assert [2, 1] == await numbers(exchange)
    assert sample_key(market, "cedar-solar") is None


async def test_test_traffic_passes_the_four_steps_and_live_traffic_none(either: Exchange) -> None:
    await either.add(*selling("cedar", postback_url="http://acme.buyer.example/back"))

    async def passed() -> set[str]:
        return set(await either.market.db.read(passed_steps, "cedar-solar"))

    await post(either, consumer(1))
    assert set() == await passed()
    await post(either, {**consumer(2), "zip": "123"}, mode=Mode.TEST)
    assert set() == await passed()
    await post(either, {**consumer(3), "zip": "00003"}, mode=Mode.TEST)
    assert {"rejection"} == await passed()
    await post(either, {**consumer(4), "zip": "00001"}, mode=Mode.TEST)
    assert {"rejection", "post"} == await passed()
    await post(either, {**consumer(5), "zip": "00009"}, mode=Mode.TEST)
    for _ in range(3):
        later(either, 15)
        await run_jobs(either.market)
    assert {"rejection", "post", "postback"} == await passed()
