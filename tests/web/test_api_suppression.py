"""Lists and revocations by program: an operator's key for all, a buyer's for its own, and nobody else's."""

from __future__ import annotations

import io
from typing import Any

from aiohttp import FormData

from exchange.worker import run_jobs
from tests.market import OPERATOR_KEY, POST, buyer_key, buying, consumer, key_for_tests, live_key, operator
from tests.web.served import Heard, Served, heard

MARIA = consumer(1)


async def ready(served: Served) -> None:
    await served.exchange.add(operator(), *buying("acme"), *buying("birch"))


async def bring(served: Served, text: str, key: str, name: str = "list.csv", **fields: str) -> Heard:
    form = FormData(fields)
    form.add_field("file", io.BytesIO(text.encode()), filename=name, content_type="text/csv")
    headers = {"Authorization": f"Bearer {key}"}
    async with served.session.post(f"{served.address}/api/v1/suppression", data=form, headers=headers) as answer:
        return await heard(answer)


async def worked(served: Served) -> None:
    while await run_jobs(served.exchange.market):
        continue


async def test_a_buyer_brings_a_list_of_its_own_and_sees_no_other(served: Served) -> None:
    await ready(served)
    acme, birch = buyer_key("acme"), buyer_key("birch")

    sent = await bring(served, f"phone\n{MARIA['phone']}\n", acme, name="customers.csv", buyer="birch")
    assert (200, "waiting", "customers.csv") == (sent.http_status, sent["state"], sent["file"])
    await worked(served)
    done = await served.get(f"suppression/loads/{sent['load_id']}", key=acme)
    assert ("done", 1, 1) == (done["state"], done["rows_read"], done["rows"])
    (listed,) = (await served.get("suppression", key=acme))["lists"]
    assert ("customers.csv", "buyer", "acme", "plain") == tuple(
        listed[name] for name in ("name", "scope", "party", "hash")
    )
    assert [] == (await served.get("suppression", key=birch))["lists"]
    assert 404 == (await served.get(f"suppression/loads/{sent['load_id']}", key=birch)).http_status
    assert 404 == (await served.send(f"suppression/{listed['list_id']}/remove", key=birch)).http_status
    assert 401 == (await served.get("suppression", key=live_key("cedar"))).http_status
    assert 401 == (await served.get("suppression", key=None)).http_status
    served.exchange.buyers.bids("birch", "20.00")
    assert "16.00" == (await served.send("pingpost", MARIA))["price"]
    removed = await served.send(f"suppression/{listed['list_id']}/remove", key=acme)
    assert ("removed", []) == (removed["status"], (await served.get("suppression", key=acme))["lists"])


async def test_an_operators_list_refuses_and_single_values_come_and_go(served: Served) -> None:
    await ready(served)
    sent = await bring(served, f"{MARIA['phone']}\n", OPERATOR_KEY, name="partners", mode="replace")
    await worked(served)
    refused = await served.send("pingpost", MARIA)
    assert ("rejected", "suppressed") == refused.told[1:]

    async def entry(**fields: Any) -> Heard:
        return await served.send(f"suppression/{sent['list_id']}/entries", fields, key=OPERATOR_KEY)

    assert "remove" == (await entry(value=MARIA["phone"], action="remove"))["action"]
    assert "accepted" == (await served.send("pingpost", MARIA))["status"]
    assert "add" == (await entry(value=consumer(2)["phone"]))["action"]
    assert "suppressed" == (await served.send("pingpost", consumer(2)))["reason"]
    assert [(422, "value"), (422, "value"), (422, "action")] == [
        (each.http_status, each["errors"][0]["field"])
        for each in (await entry(), await entry(value="m@c.example"), await entry(value=MARIA["phone"], action="x"))
    ]


async def test_a_wrong_file_and_wrong_fields_are_told(served: Served) -> None:
    await ready(served)
    key = OPERATOR_KEY

    bad = await bring(served, "nobody\n", key)
    await worked(served)
    load = await served.get(f"suppression/loads/{bad['load_id']}", key=key)
    assert ("refused", ["line 1: it is not a phone number. Write ten digits, or + and the country"]) == (
        load["state"],
        load["problems"],
    )
    for fields, field in (
        ({"purpose": "x"}, "purpose"),
        ({"mode": "x"}, "mode"),
        ({"hash": "x"}, "hash"),
        ({"dated": "x"}, "dated"),
        ({"kind": "x"}, "kind"),
        ({"vertical": "ships"}, "vertical"),
        ({"leave_out": "maybe"}, "leave_out"),
        ({"vertical": "solar", "buyer": "acme"}, "vertical"),
    ):
        told = await bring(served, f"{MARIA['phone']}\n", key, **fields)
        assert (422, field) == (told.http_status, told["errors"][0]["field"])
    assert 400 == (await served.send("suppression", key=key, body=b"")).http_status
    assert [] == [*served.exchange.market.lists.folder.glob("*.spool")]


async def test_consent_is_taken_back_for_a_lead_and_the_buyer_acknowledges(served: Served) -> None:
    await ready(served)
    sold = await served.send("pingpost", POST)
    acme = buyer_key("acme")

    made = await served.send("revocations", {"lead_id": sold["lead_id"], "means": "by mail"}, key=live_key("cedar"))
    assert ("ok", "seller", "by mail", []) == tuple(made[name] for name in ("status", "source", "means", "notices"))
    await worked(served)
    (seen,) = (await served.get("revocations", key=acme))["revocations"]
    (notice,) = seen["notices"]
    assert ("acme", "by_hand", sold["lead_id"]) == (notice["buyer_id"], notice["state"], notice["lead_id"])
    path = f"revocations/{notice['notice_id']}/acknowledge"
    assert 404 == (await served.send(path, key=buyer_key("birch"))).http_status
    assert "acknowledged" == (await served.send(path, key=acme))["status"]
    assert 404 == (await served.send(path, key=acme)).http_status
    assert [] == (await served.get("revocations", key=buyer_key("birch")))["revocations"]
    everything = (await served.get("revocations", key=OPERATOR_KEY))["revocations"]
    assert ["acknowledged"] == [each["state"] for row in everything for each in row["notices"]]


async def test_what_cannot_be_taken_back_says_why(served: Served) -> None:
    await ready(served)

    async def told(key: str, **fields: str) -> tuple[int, str]:
        answer = await served.send("revocations", fields, key=key)
        return answer.http_status, answer["errors"][0]["field"]

    assert (422, "phone") == await told(OPERATOR_KEY)
    assert (422, "lead_id") == await told(buyer_key("acme"), phone=POST["phone"])
    assert (422, "lead_id") == await told(buyer_key("acme"), lead_id="ld_none")
    assert (422, "revoked_at") == await told(OPERATOR_KEY, phone=POST["phone"], revoked_at="soon")
    assert (422, "source") == await told(OPERATOR_KEY, phone=POST["phone"], source="x")
    answer = await served.send("revocations", {"phone": POST["phone"], "source": "consumer"}, key=OPERATOR_KEY)
    assert ("ok", "consumer") == (answer["status"], answer["source"])
    assert "consent_revoked" == (await served.send("pingpost", POST))["reason"]


async def test_a_test_key_takes_nobody_s_consent_back(served: Served) -> None:
    await ready(served)
    key = key_for_tests("cedar")
    lead_id = (await served.send("post", MARIA, key=key))["lead_id"]

    refused = await served.send("revocations", {"lead_id": lead_id}, key=key)

    assert (403, "live_key_needed") == (refused.http_status, refused["reason"])
    assert 0 == await served.exchange.count("revocations")
