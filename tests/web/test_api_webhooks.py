"""Webhooks by program: each key has its party's own."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from exchange.web.api.openapi import openapi
from exchange.web.api.routes import routes
from tests.flows.receivers import arrived, hook, run_all
from tests.market import NOW, OPERATOR_KEY, buyer_key, key_for_tests, live_key, operator, read_once, reply
from tests.web.leads import sell
from tests.web.served import Heard, Served

CEDAR, ACME = live_key("cedar"), buyer_key("acme")
HOOK = {"kind": "webhook", "url": hook("ember"), "events": "lead.*"}


async def call(served: Served, path: str, fields: dict[str, Any], key: str = CEDAR) -> Heard:
    return await served.send(f"webhooks{path}", fields, key=key)


def fits(heard: Heard, name: str) -> list[str]:
    """How an answer differs from the document."""
    document = openapi(routes(), read_once()[0].verticals, NOW)
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    plain = {key: value for key, value in heard.fields.items() if value is not None}
    return [error.message for error in OAS31Validator(schema).iter_errors(plain)]


async def test_one_is_added_tried_changed_renewed_and_removed(served: Served) -> None:
    added = await call(served, "", HOOK)
    one = f"/{added['endpoint_id']}"
    tried = await call(served, "/test", {"endpoint_id": added["endpoint_id"]})
    changed = await call(served, one, {**HOOK, "events": "lead.sold", "per_second": "5"})
    renewed = await call(served, f"{one}/secret", {})
    listed = await served.get("webhooks", key=CEDAR)
    off = [await call(served, f"{one}/state", {"state": word}) for word in ("disabled", "disabled", "removed")]
    after = await served.get("webhooks", key=CEDAR)

    assert added["secret"].startswith("whsec_") and added["secret"] != renewed["secret"]
    assert ("delivered", 200) == (tried["status"], tried["http_status"])
    assert "secret" not in changed.fields
    (webhook,) = listed["webhooks"]
    assert ("lead.sold", 5, "seller:cedar", renewed["secret"][-4:]) == tuple(
        webhook[name] for name in ("events", "per_second", "party", "secret_last4")
    )
    assert ["saved", "unchanged", "saved"] == [each["status"] for each in off] and [] == after["webhooks"]
    for heard, name in (
        (added, "WebhookSaved"),
        (tried, "WebhookTested"),
        (listed, "Webhooks"),
        (renewed, "WebhookSaved"),
    ):
        assert [] == fits(heard, name)


async def test_the_log_and_a_replay(served: Served) -> None:
    served.exchange.buyers.answers_posts("ember", reply(http_status=410))
    added = await call(served, "", HOOK)
    await sell(served, 1)
    await run_all(served.exchange)
    await call(served, f"/{added['endpoint_id']}/state", {"state": "active"})
    served.exchange.buyers.answers_posts("ember", reply())
    log = await served.get("webhooks/log?state=failed&type=lead.*", key=CEDAR)
    counted = await call(served, "/replay", {"dry_run": "true"})
    replayed = await call(served, "/replay", {"state": "failed"})
    await run_all(served.exchange)
    (send,) = (await served.get(f"webhooks/log?object={log['sends'][0]['object']}", key=CEDAR))["sends"]
    again = await call(served, "/replay", {"event_id": send["event_id"]})

    assert (410, 1, "failed") == tuple(log["sends"][0][name] for name in ("http_status", "attempt", "state"))
    assert [("counted", 1), ("replayed", 1), ("replayed", 1)] == [
        (each["status"], each["count"]) for each in (counted, replayed, again)
    ]
    assert ("delivered", 2) == (send["state"], len(arrived(served.exchange, hook("ember"))))
    assert [] == fits(log, "WebhookLog") == fits(replayed, "WebhookReplayed")


async def test_another_partys_is_not_found(served: Served) -> None:
    added = await call(served, "", HOOK)
    one = f"/{added['endpoint_id']}"
    await sell(served, 1)
    await run_all(served.exchange)
    event = (await served.get("webhooks/log", key=CEDAR))["sends"][0]["event_id"]
    refused = [
        await call(served, path, fields, ACME)
        for path, fields in (
            (one, HOOK),
            (f"{one}/state", {"state": "removed"}),
            (f"{one}/secret", {}),
            ("/test", {"endpoint_id": added["endpoint_id"]}),
            ("/replay", {"event_id": event}),
        )
    ]

    assert [(404, "error", "not_found")] * 5 == [each.told for each in refused]
    assert [[], []] == [
        (await served.get("webhooks", key=ACME))["webhooks"],
        (await served.get("webhooks/log", key=ACME))["sends"],
    ]
    assert (401, "error", "key_missing") == (await served.get("webhooks", key=None)).told


async def test_an_operator_sees_all_and_has_its_own(served: Served) -> None:
    await served.exchange.add(operator())
    await call(served, "", HOOK)
    await call(served, "", {**HOOK, "url": hook("flint")}, ACME)
    await call(served, "", {**HOOK, "url": hook("garnet")}, OPERATOR_KEY)
    listed = await served.get("webhooks", key=OPERATOR_KEY)

    assert {"seller:cedar", "buyer:acme", "operator"} == {each["party"] for each in listed["webhooks"]}
    assert (403, "error", "live_key_needed") == (await served.get("webhooks", key=key_for_tests("cedar"))).told
    assert 403 == (await call(served, "", HOOK, key_for_tests("cedar"))).http_status  # such a key lies on a public page


@pytest.mark.parametrize(
    ("path", "fields", "wrong"),
    [
        ("", {}, {"kind", "url"}),
        ("", {**HOOK, "kind": "email"}, {"kind"}),
        ("", {**HOOK, "url": "http://0x7f000001/"}, {"url"}),
        ("", {**HOOK, "events": "lead.bought"}, {"events"}),
        ("", {**HOOK, "per_second": "1.5"}, {"per_second"}),
        ("", {"kind": "postback", "url": "https://t.example/?a={nothing}", "method": "PUT"}, {"url", "method"}),
        ("/test", {"kind": "postback", "url": "https://{lead_id}.example/"}, {"url"}),
        ("/replay", {"since": "yesterday"}, {"since"}),
        ("/replay", {"state": "lost"}, {"state"}),
        ("/whk_x/state", {"state": "gone"}, {"state"}),
    ],
)
async def test_what_is_wrong_is_told_by_field_and_nothing_is_stored(
    served: Served, path: str, fields: dict[str, Any], wrong: set[str]
) -> None:
    heard = await call(served, path, fields)

    assert (422, wrong) == (heard.http_status, {each["field"] for each in heard["errors"]})
    assert 0 == await served.exchange.count("webhook_endpoints")


async def test_a_buyer_takes_no_postback(served: Served) -> None:
    heard = await call(served, "", {"kind": "postback", "url": "https://t.example/?a={lead_id}"}, ACME)

    assert (422, "kind") == (heard.http_status, heard["errors"][0]["field"])


async def test_pages_of_the_log_follow_one_another(served: Served) -> None:
    await call(served, "", {**HOOK, "per_second": "50"})
    for number in range(5):
        await sell(served, number)
    await run_all(served.exchange)
    first = await served.get("webhooks/log?limit=3", key=CEDAR)
    rest = await served.get(f"webhooks/log?limit=3&before={first['next']}", key=CEDAR)

    assert (3, True, 2, False) == (len(first["sends"]), first["more"], len(rest["sends"]), rest["more"])
    assert 422 == (await served.get("webhooks/log?before=x", key=CEDAR)).http_status
