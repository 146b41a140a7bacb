"""Consent taken back: no new sale from that moment on, and everybody who got the consumer's leads hears of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from exchange.flows.revoke import CannotRevoke, Taken, acknowledge, business_days_after, confirm_told, revoke
from exchange.flows.sign_in import create_user
from exchange.model.actor import Actor, Role
from exchange.model.lead import Mode
from exchange.model.party import SaleMode
from exchange.model.revocation import NoticeRow, RevocationRow
from exchange.storage.revocations import list_revocations
from tests.flows.lab import later, post
from tests.flows.receivers import ACME, events, hook, listen, run_all, run_for
from tests.market import NOW, Exchange, buying, campaign, consumer, reply, selling

PAT = Actor(Role.OPERATOR, "pat")
MARIA = consumer(1)


async def told(exchange: Exchange, actor: Actor = PAT) -> list[tuple[RevocationRow, tuple[NoticeRow, ...]]]:
    return await exchange.market.db.read(list_revocations, actor)


async def sold_to(exchange: Exchange, *names: str) -> str:
    """Maria's lead, shared by these buyers."""
    for name in names:
        await exchange.add(*buying(name, sale_mode=SaleMode.SHARED))
    await exchange.add(*selling("cedar"), campaign("cedar", slots=len(names)))
    answer = await post(exchange, MARIA)
    assert len(names) == answer["times_sold"]
    return str(answer["lead_id"])


async def test_nobody_is_sold_whose_consent_was_taken_back(either: Exchange) -> None:
    await sold_to(either, "acme")

    made = await revoke(either.market, Taken("(602) 958-0001", means="by telephone"), PAT)

    later(either, 31 * 86_400)  # a duplicate would be told before
    again = {**MARIA, "email": "other@consumer.example"}
    assert ("rejected", "consent_revoked") == (await post(either, again)).told
    assert (NOW, "consumer", "by telephone") == (made.heard_at, made.source, made.means)
    rows = await either.rows("SELECT * FROM revocations")
    assert "9580001" not in str(rows) and "958-0001" not in str(rows)
    with pytest.raises(Exception, match="never changed"):
        await either.market.db.write(_run, "UPDATE revocations SET means = ''")
    with pytest.raises(Exception, match="never"):
        await either.market.db.write(_run, "DELETE FROM revocations")


async def _run(tx: Any, sql: str) -> None:
    await tx.execute(sql)


async def test_every_recipient_is_told_in_the_way_that_it_has(either: Exchange) -> None:
    lead_id = await sold_to(either, "acme", "birch", "cobalt", "delta")
    await listen(either, hook("ember"), ACME, "consent.revoked")
    assert await create_user(either.market, "bob@birch.example", "buyer", "birch")
    either.buyers.answers_posts("ember", reply(http_status=200))
    either.buyers.answers_posts("cobalt", reply(status="stopped"))
    either.buyers.answers_posts("birch", reply(http_status=250))

    await revoke(either.market, Taken(lead_id=lead_id), PAT)
    await run_all(either)
    await confirm_told(either.market)

    ((row, notices),) = await told(either)
    ways = {each.buyer_id: (each.state, each.way) for each in notices}
    assert {
        "acme": ("acknowledged", "webhook"),
        "birch": ("sent", "mail"),
        "cobalt": ("acknowledged", "revoke_message"),
        "delta": ("by_hand", ""),
    } == ways
    (event,) = events(either, hook("ember"))
    assert ("consent.revoked", lead_id) == (event["type"], event["data"]["lead_id"])
    (mail,) = either.buyers.mailed
    assert "took the consent back" in mail.text and "958" not in mail.text and "958" not in mail.subject
    (asked,) = [each for each in either.buyers.sent if each.url.endswith("/revoke")]
    assert b"9580001" in asked.body  # it got the lead, and looks for it by its phone
    delta = next(each for each in notices if each.buyer_id == "delta")
    assert not await acknowledge(either.market, delta.id, ACME)
    assert await acknowledge(either.market, delta.id, PAT)
    assert row.due_at > row.heard_at
    kinds = await either.rows("SELECT kind FROM lead_events WHERE lead_id = :id", id=lead_id)
    assert "consent_revoked" in [each["kind"] for each in kinds]


async def test_a_recipient_that_is_down_is_tried_again_and_told_once(exchange: Exchange) -> None:
    await sold_to(exchange, "cobalt")
    exchange.buyers.answers_posts("cobalt", reply(status="busy"), reply(http_status=500), reply(status="stopped"))

    await revoke(exchange.market, Taken(MARIA["phone"]), PAT)
    for _ in range(4):
        await run_all(exchange)
        await run_for(exchange, 180)
    ((_, (notice,)),) = await told(exchange)

    assert ("acknowledged", "revoke_message") == (notice.state, notice.way)
    assert 3 == len([each for each in exchange.buyers.sent if each.url.endswith("/revoke")])


async def test_a_buyer_and_a_seller_revoke_for_leads_of_their_own(exchange: Exchange) -> None:
    lead_id = await sold_to(exchange, "acme")
    cedar, other = Actor(Role.SELLER, "ann", "cedar"), Actor(Role.BUYER, "x", "birch")

    for actor in (other, Actor(Role.SELLER, "y", "birch")):
        with pytest.raises(CannotRevoke, match="no such lead"):
            await revoke(exchange.market, Taken(lead_id=lead_id, source="buyer"), actor)
    with pytest.raises(CannotRevoke, match="which lead of yours"):
        await revoke(exchange.market, Taken(MARIA["phone"]), ACME)
    await revoke(exchange.market, Taken(lead_id=lead_id, source="buyer"), ACME)
    await revoke(exchange.market, Taken(lead_id=lead_id, source="seller"), cedar)
    await run_all(exchange)

    assert ["buyer", "seller"] == sorted(row.source for row, _ in await told(exchange))
    assert [1, 1] == [len(notices) for _, notices in await told(exchange, ACME)]
    assert [("seller", ())] == [(row.source, notices) for row, notices in await told(exchange, cedar)]


async def test_a_revocation_for_one_vertical_leaves_the_others(exchange: Exchange) -> None:
    await sold_to(exchange, "acme")
    await revoke(exchange.market, Taken(MARIA["phone"], vertical="auto_insurance"), PAT)
    assert ("duplicate", "duplicate_seller") == (await post(exchange, MARIA)).told
    await revoke(exchange.market, Taken(MARIA["phone"], vertical="solar"), PAT)
    fresh = {**MARIA, "email": "x@consumer.example"}

    assert (await post(exchange, fresh)).told[0] in ("rejected", "duplicate")
    assert 0 == len((await told(exchange))[1][1])


@pytest.mark.parametrize(
    ("taken", "field"),
    (
        (Taken(), "who"),
        (Taken("nobody"), "who"),
        (Taken(MARIA["phone"], vertical="ships"), "vertical"),
        (Taken(MARIA["phone"], means="x" * 90), "means"),
        (Taken(MARIA["phone"], means="called from 602-555-0142"), "means"),
        (Taken(lead_id="ld_none"), "lead_id"),
    ),
)
async def test_what_is_missing_is_named(exchange: Exchange, taken: Taken, field: str) -> None:
    with pytest.raises(CannotRevoke) as error:
        await revoke(exchange.market, taken, PAT)
    assert field == error.value.field
    assert [] == await told(exchange)


@pytest.mark.parametrize(
    ("heard", "due"),
    (
        ("2026-11-20", "2026-12-08"),  # a Friday; Thanksgiving lies between
        ("2026-12-19", "2027-01-06"),  # a Saturday; two holidays
    ),
)
def test_ten_business_days_are_counted_without_weekends_and_holidays(heard: str, due: str) -> None:
    at = int(datetime.fromisoformat(heard).replace(hour=12, tzinfo=UTC).timestamp()) * 1000

    assert due == f"{datetime.fromtimestamp(business_days_after(at, 10) / 1000, UTC):%Y-%m-%d}"


async def test_a_consent_record_is_not_deleted_before_its_values_are(either: Exchange) -> None:
    await sold_to(either, "acme")
    keys = await either.rows("SELECT subject, wrapped FROM data_keys")

    with pytest.raises(Exception, match="never removed"):
        await either.market.db.write(_run, "DELETE FROM consents")
    kept = await either.rows("SELECT * FROM consents")
    await either.market.db.write(_run, "UPDATE data_keys SET wrapped = NULL")
    await either.market.db.write(_run, "DELETE FROM consents")
    assert (1, 0) == (len(kept), await either.count("consents"))
    await either.market.db.write(_restore, [(row["subject"], bytes(row["wrapped"])) for row in keys])


async def _restore(tx: Any, keys: list[tuple[str, bytes]]) -> None:
    for subject, wrapped in keys:
        await tx.execute("UPDATE data_keys SET wrapped = :wrapped WHERE subject = :id", wrapped=wrapped, id=subject)


async def test_a_test_lead_takes_nobody_s_consent_back(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    answer = await post(exchange, MARIA, mode=Mode.TEST)

    with pytest.raises(CannotRevoke, match="There is no such lead"):
        await revoke(exchange.market, Taken(lead_id=answer["lead_id"]), PAT)
    assert ("accepted", None) == (await post(exchange, MARIA)).told
