"""Sellers and campaigns in the console: found, changed with what that says, paused, made live; nothing half done."""

from __future__ import annotations

import re

from exchange.flows.market import refresh
from exchange.flows.specs import keep_specs
from tests.market import POST, buying, consumer, key_for_tests, live_key
from tests.web.leads import sell
from tests.web.served import Served
from tests.web.visitor import Page, Visitor, signed_in

CAMPAIGN = "/console/campaigns/cedar-solar"
SELLER = "/console/sellers/cedar"


def typed(page: Page) -> dict[str, str]:
    """What the terms' form of a campaign would send as it stands."""
    form = page.source[page.source.index('data-filters class="grid"') :].split("</form>")[0]
    found = dict(re.findall(r'<input name="([^"]+)" value="([^"]*)"', form))
    found |= dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)</textarea>', form))
    found |= dict(re.findall(r'type="(?:checkbox|radio)" name="([^"]+)" value="([^"]+)" checked', form))
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        found[name] = next(iter(re.findall(r'value="([^"]*)" selected', options)), "")
    return found


async def send(visitor: Visitor, path: str, **form: str) -> Page:
    token = (await visitor.open(CAMPAIGN)).token
    url = visitor.served.address + path
    async with visitor.session.post(url, data={"csrf": token, **form}) as response:
        return Page(response.status, response.headers, await response.text())


async def test_the_list_counts_what_each_seller_brings_and_opens_it(served: Served) -> None:
    await sell(served, 1)
    await served.send("post", {**POST, "zip": "8501"})
    async with signed_in(served) as visitor:
        page = await visitor.open("/console/sellers")
        [line] = (await visitor.open("/console/sellers.json")).fields["sellers"]
        none = await visitor.open("/console/sellers?state=blocked")

    assert "1 seller" in page.part("total") and 'href="/console/sellers/cedar"' in page.source
    told = (line["seller_id"], line["state"], line["leads_today"], line["sold_today"], line["rejected_today"])
    assert ("cedar", "live", 2, 1, 1) == told
    assert ["20.00 USD"] == line["owed"]
    assert 'Without "State: Blocked" there is 1.' in none.text


async def test_a_change_is_told_before_it_is_made_and_the_audit_names_who_when_where_and_what(served: Served) -> None:
    await keep_specs(served.exchange.market)
    async with signed_in(served) as visitor:
        form = typed(await visitor.open(CAMPAIGN))
        form |= {"cap_day_count": "2", "floor": "8.00", "consent.jornaya_leadid": "yes", "blocked_sub_ids": "pop-19"}
        over = await send(visitor, CAMPAIGN, **form, do="look over")
        before = served.exchange.market.deals.campaigns["cedar-solar"].version
        saved = await send(visitor, CAMPAIGN, **form, do="save", version=str(before), tell="yes")
        again = await send(visitor, CAMPAIGN, **form, do="save", version=str(before))
        audit = await visitor.open(f"{SELLER}/audit")

    assert "Posting instructions version 2 will say" in over.text
    assert "New: The cap is 2 sales a day (America/New_York)." in over.part("instructions")
    assert "Floor 0.00 8.00" in over.part("differences")
    assert "jornaya_leadid is now required on post." in over.part("instructions")
    assert "Version 2 is in force." in saved.text
    assert (422, True) == (again.http_status, "Somebody changed the campaign meanwhile" in again.text)
    campaign = served.exchange.market.deals.campaigns["cedar-solar"]
    assert (2, ("pop-19",), ("jornaya_leadid",)) == (campaign.version, campaign.blocked_sub_ids, campaign.gate.consent)
    line = audit.part("audit")
    assert "olive@operator.example" in line and "127.0.0.1" in line
    assert "cap day count: none → 2" in line and "floor: 0.00 → 8.00" in line
    letters = await served.exchange.rows("SELECT payload FROM jobs WHERE kind = 'notice'")
    assert any("The cap is 2 sales a day" in str(row["payload"]) for row in letters)


async def test_all_that_is_wrong_is_told_at_once_and_nothing_is_changed(served: Served) -> None:
    async with signed_in(served) as visitor:
        form = typed(await visitor.open(CAMPAIGN))
        form |= {"floor": "much", "hours_0": "9 to 5", "slots": "0", "zone": "Mars/Base", "allowed_sub_ids": "a",
                 "blocked_sub_ids": "a", "postback_url": "https://x.example/{nope}"}  # fmt: skip
        page = await send(visitor, CAMPAIGN, **form, do="save")

    assert 422 == page.http_status
    for name in ("floor", "hours_0", "slots", "zone", "blocked_sub_ids", "postback_url"):
        assert f'data-testid="wrong-{name}"' in page.source, name
    assert "There is no macro {nope}" in page.text
    assert 1 == served.exchange.market.deals.campaigns["cedar-solar"].version


async def test_a_filter_is_built_without_a_script_and_counted_over_what_came(served: Served) -> None:
    for number in (1, 2, 3):
        await sell(served, number, monthly_bill="101-150" if number == 1 else "201-300")
    async with signed_in(served) as visitor:
        form = typed(await visitor.open(CAMPAIGN))
        added = await send(visitor, CAMPAIGN, **form, do="add 0")
        rule = {"f.0.need": "all", "f.0.1.field": "monthly_bill", "f.0.1.op": "at_least", "f.0.1.v": "201"}
        looked = await send(visitor, CAMPAIGN, **{**form, **rule}, do="look over")
        assert "3 of this seller" in (await visitor.open(CAMPAIGN)).part("would")
        saved = await send(visitor, CAMPAIGN, **{**form, **rule}, do="save")
    refused = await served.send("post", {**consumer(7), "monthly_bill": "101-150"})

    assert 'name="f.0.1.field"' in added.source
    assert "2 of this seller's 3 leads of the last 7 days" in looked.part("would")
    assert "monthly_bill must be $201 or more." in looked.part("instructions")
    assert 200 == saved.http_status
    assert ("rejected", "filtered") == (refused["status"], refused["reason"])


async def test_a_seller_is_paused_blocked_noted_about_and_its_keys_answer_403(served: Served) -> None:
    async with signed_in(served) as visitor:
        bare = await send(visitor, f"{SELLER}/state", state="paused")
        await send(visitor, f"{SELLER}/state", state="blocked", why="Sells numbered people")
        heard = await served.send("post", consumer(1))
        page = await visitor.open(SELLER)
        await send(visitor, f"{SELLER}/notes", text="Called them twice.")
        notes = await visitor.open(f"{SELLER}/notes")
        await send(visitor, f"{SELLER}/state", state="active")
        nobody = await visitor.open("/console/sellers/nobody")

    assert (422, True) == (bare.http_status, "Say why" in bare.text)
    assert 403 == heard.http_status
    assert "Blocked: Sells numbered people" in page.text
    assert "Called them twice." in notes.part("note")
    assert 200 == (await served.send("post", consumer(2))).http_status
    assert 404 == nobody.http_status


async def test_a_sub_id_is_blocked_capped_and_taken_again(served: Served) -> None:
    async with signed_in(served) as visitor:
        await send(visitor, f"{SELLER}/sub-ids", sub_id="pop-19", act="block", why="junk")
        blocked = await served.send("post", {**consumer(1), "sub_id1": "pop-19"})
        await send(visitor, f"{SELLER}/sub-ids", sub_id="pop-19", act="allow")
        allowed = await served.send("post", {**consumer(2), "sub_id1": "pop-19"})
        wrong = await send(visitor, f"{SELLER}/sub-ids", sub_id="g-1", act="cap", cap="none")
        await send(visitor, f"{SELLER}/sub-ids", sub_id="g-1", act="cap", cap="1")
        first, second = [await served.send("post", {**consumer(n), "sub_id1": "g-1"}) for n in (3, 4)]
        shown = await visitor.open(SELLER)

    assert ("rejected", "filtered") == (blocked["status"], blocked["reason"])
    assert "accepted" == allowed["status"]
    assert (422, True) == (wrong.http_status, "1 to 100,000" in wrong.text)
    assert ("accepted", "cap_reached") == (first["status"], second["reason"])
    assert "1 a day" in shown.part("sub-ids")


async def test_from_a_new_seller_to_its_first_live_lead_by_the_links_of_the_pages(served: Served) -> None:
    await served.exchange.add(*buying("birch"))
    async with signed_in(served) as visitor:
        where = await send(visitor, "/console/new-seller", name="Acme Media, Inc.")
        taken = await send(visitor, "/console/new-seller", name="Other", id="cedar")
        many = await send(visitor, "/console/new-seller/csv", csv="name,id\nBlueFin Leads,\n,\nOne,1")
        wanted = {"seller": "acme-media-inc", "vertical": "solar", "share": "75", "floor": "5", "slots": "1"}
        made = await send(visitor, "/console/new-campaign", **wanted)
        base, keys = "/console/campaigns/acme-media-inc-solar", "/console/sellers/acme-media-inc/keys"
        own = {"campaign": "acme-media-inc-solar"}
        invited = await send(visitor, "/console/sellers/acme-media-inc/users", email="Ana@acme.example")
        early = await send(visitor, f"{base}/live", cap="3")
        no_key = await send(visitor, keys, **own, mode="live")
        key = await send(visitor, keys, **own, mode="test")
        secret = re.findall(r"ck_test_[\w-]{20,}", key.part("new-key"))[0]
        tested = [await served.send("pingpost", {**POST, "zip": code}, key=secret) for code in ("00001", "00003")]
        await served.send(
            "ping", {"zip": "00001", "state": "AZ", "monthly_bill": "101-150", "homeowner": "yes"}, key=secret
        )
        ticked = await visitor.open(base)
        await send(visitor, f"{base}/live", cap="3")
        live = await send(visitor, keys, **own, mode="live")
        listed = await visitor.open(keys)
    await refresh(served.exchange.market)
    first = await served.send("pingpost", consumer(9), key=re.findall(r"ck_live_[\w-]{20,}", live.part("new-key"))[0])

    assert "acme-media-inc" in where.source and "There is a seller cedar already." in taken.text
    assert 422 == many.http_status and "bluefin-leads" not in served.exchange.market.deals.sellers
    assert "Test" in made.part("state")
    assert "/login/" in invited.part("link")
    assert (422, True) == (early.http_status, "Not passed yet: ping, post, rejection" in early.text)
    assert "has to go live" in no_key.text
    assert ["accepted", "unsold"] == [each["status"] for each in tested]
    assert 3 == ticked.part("certificate").count("Passed")
    assert ("accepted", "18.75") == (first["status"], first["price"])
    assert secret not in listed.source and f"…{secret[-4:]}" in listed.source


async def test_keys_of_tests_are_taken_while_a_campaign_waits_to_go_live_and_live_ones_are_not(served: Served) -> None:
    async with signed_in(served) as visitor:
        await send(visitor, f"{CAMPAIGN}/pause", why="Holidays")
        paused = await served.send("post", consumer(1), key=key_for_tests("cedar"))
        await send(visitor, f"{CAMPAIGN}/resume")
    open_again = await served.send("post", consumer(2), key=live_key("cedar"))

    assert (403, "Holidays") == (paused.http_status, paused["message"])
    assert "accepted" == open_again["status"]
