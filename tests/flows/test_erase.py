"""A consumer asks to be deleted: all their leads go, buyers hear of it, nobody sells them again; the others' stay."""

from __future__ import annotations

import pytest

from exchange.flows.erase import CannotErase, Ended, erase_person
from exchange.flows.evidence import hold, lift
from exchange.model.actor import Actor, Role
from tests.flows.lab import later, post
from tests.flows.receivers import ACME, events, hook, listen, run_all
from tests.flows.test_drop import MARIA, PAT, SAM
from tests.market import Exchange, buying, reply, selling

BROTHER = {
    **MARIA,
    "first_name": "Diego",
    "email": "diego.ibarra@consumer.example",
    "address": "88 Palm Way",
    "zip": "85018",
    "monthly_bill": "101-150",
}


async def test_whoever_asks_is_erased_and_kept_out_and_buyers_hear_of_it(either: Exchange) -> None:
    await either.add(*buying("acme", "9000"), *selling("cedar"))
    await listen(either, hook("ember"), ACME, "lead.erased")
    either.buyers.answers_posts("ember", reply(http_status=200))
    maria, sam = [str((await post(either, each))["lead_id"]) for each in (MARIA, SAM)]

    assert Ended(erased=1) == await erase_person(either.market, f"+1 {MARIA['phone']}", "Request 2026-118", PAT)

    rows = {row["id"]: row["sealed"] for row in await either.rows("SELECT id, sealed FROM leads")}
    assert rows[maria] is None and rows[sam] is not None
    await run_all(either)
    (told,) = events(either, hook("ember"))
    assert (maria, "request") == (told["data"]["lead_id"], told["data"]["why"])
    (line,) = await either.rows("SELECT subject, after_json FROM audit_lines WHERE action = 'person.erased'")
    assert f"lead:{maria}" == line["subject"] and "2026-118" in line["after_json"]
    assert MARIA["phone"] not in str(line)
    later(either, 60 * 86_400)
    assert "suppressed" == (await post(either, MARIA))["reason"]


async def test_of_several_who_gave_one_phone_only_the_one_who_asked_is_erased(either: Exchange) -> None:
    await either.add(*buying("acme", "9000"), *selling("cedar"))
    maria, brother = [str((await post(either, each))["lead_id"]) for each in (MARIA, BROTHER)]

    with pytest.raises(CannotErase, match="Several people gave it"):
        await erase_person(either.market, MARIA["phone"], "Request 2026-118", PAT)
    assert 0 == await either.count("suppression_lists")
    await hold(either.market, maria, "Case 12-3401", PAT)
    assert Ended(held=1) == await erase_person(either.market, maria, "Request 2026-118", PAT)
    await lift(either.market, maria, "Settled", PAT)
    assert Ended(erased=1) == await erase_person(either.market, maria, "Request 2026-118", PAT)

    rows = {row["id"]: row["sealed"] for row in await either.rows("SELECT id, sealed FROM leads")}
    assert rows[maria] is None and rows[brother] is not None


@pytest.mark.parametrize(
    ("who", "why", "actor"),
    [
        (MARIA["phone"], "", PAT),
        (MARIA["phone"], "she called from 602-958-0001", PAT),
        ("nobody", "Request 2026-118", PAT),
        ("ld_none", "Request 2026-118", PAT),
        (MARIA["phone"], "Request 2026-118", Actor(Role.BUYER, "a", "acme")),
    ],
)
async def test_nobody_is_erased_without_a_reason_a_person_and_the_role(
    exchange: Exchange, who: str, why: str, actor: Actor
) -> None:
    with pytest.raises(CannotErase):
        await erase_person(exchange.market, who, why, actor)
