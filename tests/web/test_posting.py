"""The posting page: open to whoever has its address, true to what is enforced, silent about live keys and buyers."""

from __future__ import annotations

import re
from typing import Any

import orjson

from exchange.flows.documents import save_document
from exchange.flows.shapes import VERTICAL
from exchange.flows.specs import page_of, sample_key
from exchange.model.actor import SYSTEM
from exchange.model.party import Clause, Disclosure, Geo, Group, Rate, State
from exchange.stages.macros import MACROS
from exchange.storage.parties import revoke_key
from exchange.web.api.answer_schemas import PROBLEM_CODES, WARNING_CODES
from exchange.web.posting.words import CODES
from tests.flows.receivers import hook
from tests.market import PING, buying, consumer, key_for_tests, live_key, selling
from tests.web.served import Served
from tests.web.visitor import later, signed_in, stranger

SHADE = {"name": "roof_shade", "type": "choice", "label": "Shade", "ping": "optional", "post": "optional"}
TREES = {"name": "trees", "type": "boolean", "label": "Trees", "ping": "absent", "post": "required"}


def path_of(served: Served, campaign: str = "cedar-solar") -> str:
    return f"/p/{page_of(served.exchange.market, campaign)}"


async def change(served: Served, *fields: dict[str, Any]) -> None:
    """The vertical made anew while the server runs."""
    document = {"title": "Solar", "fields": list(fields)}
    await save_document(served.exchange.market, VERTICAL, "solar", document, SYSTEM)


async def test_anybody_with_the_address_reads_every_field_that_is_enforced_and_no_live_key(served: Served) -> None:
    async with stranger(served) as visitor:
        shown = await visitor.open(path_of(served))

    market = served.exchange.market
    names = market.deals.intakes["cedar-solar"].names
    rows = set(re.findall(r'<tr id="([a-z0-9_]+)"', shown.source))
    assert 200 == shown.http_status and "Cedar solar" in shown.text
    assert {name for name, known in names.known.items() if known.declared} <= rows
    assert str(sample_key(market, "cedar-solar")) in shown.source
    assert live_key("cedar") not in shown.source and "ck_live" not in shown.source
    assert key_for_tests("cedar") not in shown.source
    assert ("no-store", "DENY") == (shown.headers["Cache-Control"], shown.headers["X-Frame-Options"])
    assert "unsafe" not in shown.headers["Content-Security-Policy"]
    assert [] == re.findall(r"<script(?! src)|<style|style=|onclick", shown.source)


async def test_an_address_that_was_made_up_leads_nowhere(served: Served) -> None:
    good = path_of(served)
    async with stranger(served) as visitor:
        for path in ("/p/cedar-solar", good[:-1], good + "x", "/p/-", good.replace("cedar", "birch"), "/p/%ff"):
            for each in (path, path + ".json", path + ".csv", path + ".pdf", path + "/openapi.json", path + "/try"):
                assert 404 == (await visitor.open(each)).http_status, each
                assert 400 == (await visitor.open(each.replace(path, "/p/%00"))).http_status, each
        assert 404 == (await visitor.send("/p/x-y/try", body="{}")).http_status


async def test_an_added_value_is_in_page_openapi_and_api_at_once_and_dated(served: Served) -> None:
    path = path_of(served)
    async with stranger(served) as visitor:
        await change(served, {**SHADE, "allowed": ["none", "full"]})
        await visitor.open(path)
        refused = await served.send("ping", {"roof_shade": "half"})
        later(served, 3_600)

        await change(served, {**SHADE, "allowed": ["none", "full", "half"]})
        taken = await served.send("ping", {"roof_shade": "half"})
        shown = await visitor.open(path)
        own = (await visitor.open(path + "/openapi.json")).fields
        whole = (await visitor.open("/api/openapi.json")).fields
        before = await visitor.open(path + "?v=1")

    assert ("invalid", "not_allowed") == (refused["status"], refused["errors"][0]["code"])
    assert "invalid" != taken["status"]
    assert "<code>half</code>" in shown.source
    for document in (own, whole):
        assert "half" in document["components"]["schemas"]["Ping-solar"]["properties"]["roof_shade"]["enum"]
    assert "Version 2 , 21 Nov 2026 roof_shade takes half." in shown.part("changes")
    assert "<code>half</code>" not in before.source and "Version 2 holds now" in before.text


async def test_versions_that_never_were_are_not_found(served: Served) -> None:
    async with stranger(served) as visitor:
        for version in ("9", "0", "-1", "x", "1" * 40, "²"):
            assert 404 == (await visitor.open(f"{path_of(served)}?v={version}")).http_status, version
        assert 200 == (await visitor.open(f"{path_of(served)}?v=1")).http_status


async def test_a_new_required_field_has_a_date_on_the_page_and_warns_until_then(served: Served) -> None:
    await change(served, {**TREES, "required_from": "2026-11-22"})
    async with stranger(served) as visitor:
        shown = await visitor.open(path_of(served))
        before = await served.send("post", {})
        later(served, 86_400)
        after = await served.send("post", {})
        since = await visitor.open(path_of(served))

    assert "required from 22 Nov 2026" in shown.text
    assert "trees" not in [problem["field"] for problem in before.get("errors") or ()]
    assert ["required_soon"] == [warning["code"] for warning in before["warnings"]]
    assert [("trees", "missing")] == [(problem["field"], problem["code"]) for problem in after["errors"]]
    assert "required from 22 Nov 2026" not in since.text


async def test_live_keys_are_told_to_their_seller_and_to_operators_only(served: Served) -> None:
    await served.exchange.add(*selling("birch"))
    path = path_of(served)
    async with signed_in(served, "ann@cedar.example", "seller", "cedar") as own:
        assert "ck_live_…0001" in (await own.open(path)).part("live-keys")
    async with signed_in(served) as operator:
        assert "ck_live_…0001" in (await operator.open(path)).part("live-keys")
    for email, role, party in (("b@birch.example", "seller", "birch"), ("n@acme.example", "buyer", "acme")):
        async with signed_in(served, email, role, party) as other:
            assert "ck_live" not in (await other.open(path)).source


async def test_filters_are_told_as_far_as_the_campaign_discloses_and_never_a_buyer_or_a_price(served: Served) -> None:
    owner = Group("all", (Clause("homeowner", "equals", ("yes",)), Clause("monthly_bill", "at_least", ("150",))))
    both = Group("all", (Clause("homeowner", "equals", ("yes",)),))
    await served.exchange.add(
        *buying("acme", filters=owner, geo=Geo(states=("AZ", "CA"))), *buying("birch", filters=both, geo=Geo(("NV",)))
    )
    async with stranger(served) as visitor:
        full = await visitor.open(path_of(served))
        await served.exchange.add(*selling("cedar", disclosure=Disclosure.CODE))
        code = await visitor.open(path_of(served))

    assert "Leads are bought in AZ, CA, NV. Every buyer wants homeowner to be yes." in full.part("rules")
    assert "monthly_bill" not in full.part("rules")
    assert "homeowner" not in code.part("rules") and "is not disclosed" in code.part("rules")
    for shown in (full, code):
        assert not [word for word in ("Acme", "acme", "Birch", "60.00") if word in shown.text]


async def test_steps_tick_themselves(served: Served) -> None:
    key = sample_key_of(served)
    async with stranger(served) as visitor:
        assert "Passed" not in (await visitor.open(path_of(served))).part("steps")
        key = sample_key_of(served)
        await served.send("ping", {**PING, "zip": "00001"}, key=key)
        await served.send("post", {**consumer(2), "zip": "00003"}, key=key)
        shown = (await visitor.open(path_of(served))).part("steps")

    assert re.search(r"Test ping Passed \d\d:\d\d:\d\d Test post Send the sample Handle a rejection Passed", shown)
    assert "Add your address first" in shown


async def test_postbacks_are_told_as_they_are_sent(served: Served) -> None:
    """Every value, when a failed one is tried again, and once the seller added an address of its own, the next step."""
    async with stranger(served) as visitor:
        page = await visitor.open(path_of(served))
        text = page.part("macros")
        assert all(f"{{{name}}}" in text for name in MACROS)
        assert "5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h" in page.part("tried-again")
        wanted = {"kind": "postback", "url": hook("ember") + "?id={lead_id}", "events": "lead.sold"}
        assert "saved" == (await served.send("webhooks", wanted, key=live_key("cedar")))["status"]
        assert "Confirm a postback Send ZIP 00009" in (await visitor.open(path_of(served))).part("steps")


def sample_key_of(served: Served) -> str | None:
    return sample_key(served.exchange.market, "cedar-solar")


async def test_a_revoked_page_key_is_shown_no_more(served: Served) -> None:
    async with stranger(served) as visitor:
        await visitor.open(path_of(served))
        secret = sample_key_of(served)
        market = served.exchange.market
        await market.db.write(revoke_key, "key_posting_cedar-solar", market.clock.now())
        await served.exchange.add(*selling("birch"))
        shown = await visitor.open(path_of(served))
        answer = await visitor.send(path_of(served) + "/try", body="{}")

    assert secret is not None and secret not in shown.source
    assert "was revoked" in shown.text
    assert "401" in answer.part("result")


async def test_a_paused_campaign_says_so(served: Served) -> None:
    await served.exchange.add(*selling("cedar", state=State.PAUSED, paused_reason="Too many returns."))
    async with stranger(served) as visitor:
        assert "Nothing is taken at the moment. Too many returns." in (await visitor.open(path_of(served))).text


async def test_fields_are_filtered_without_a_script(served: Served) -> None:
    async with stranger(served) as visitor:
        some = await visitor.open(path_of(served) + "?q=electric_bill")
        none = await visitor.open(path_of(served) + "?q=%3Cscript%3E")

    assert ["monthly_bill"] == re.findall(r'<tr id="([a-z0-9_]+)"', some.source)
    assert "No field is about “<script>”" in none.text and "<script>”" not in none.source


def test_every_code_has_its_meaning() -> None:
    assert set(CODES) == {*PROBLEM_CODES, *WARNING_CODES}


async def test_the_page_names_its_twin_for_programs(served: Served) -> None:
    async with stranger(served) as visitor:
        answer = await visitor.open(path_of(served) + ".json")

    document = orjson.loads(answer.source)
    by_name = {field["field"]: field for field in document["fields"]}
    assert (1, "Cedar solar", "Solar") == (document["version"], document["campaign"], document["vertical"])
    assert ("required", "required", {"ping": True, "post": True}) == (
        by_name["zip"]["ping"],
        by_name["zip"]["post"],
        by_name["zip"]["required_now"],
    )
    assert document["endpoints"]["ping"].endswith("/api/v1/ping")


async def test_a_flood_with_the_pages_key_keeps_no_live_lead_out(served: Served) -> None:
    await served.exchange.add(*selling("cedar", rate=Rate(0.01, 2, 2)))
    async with stranger(served) as visitor:
        await visitor.open(path_of(served))
    key = sample_key_of(served)
    flood = [(await served.send("ping", PING, key=key)).http_status for _ in range(4)]

    assert [200, 200, 429, 429] == flood
    assert 200 == (await served.send("ping", PING)).http_status
