"""Buyers in the console: how they stand, the switch, terms as versions, and what people do about them. No script."""

from __future__ import annotations

from exchange.flows.trail import read_trail
from exchange.model.party import Cap, State, Window
from exchange.storage.audit import audit_of
from exchange.storage.leads import trails_of
from exchange.web.story.contracts import panels
from exchange.web.story.masking import Mask
from tests.flows.lab import OPERATOR, later, person, post
from tests.market import buying
from tests.web.served import Served
from tests.web.visitor import Visitor, signed_in

ACME, TERMS = "/console/buyers/acme", "/console/contracts/acme-solar"


async def three_leads(served: Served) -> None:
    """Two bought by acme at 25.00, the third too late for its cap of two."""
    exchange = served.exchange
    caps = (Cap(Window.DAY, "count", 2),)
    await exchange.add(*buying("acme", caps=caps), *buying("birch"))
    exchange.buyers.bids("acme", "25.00")
    exchange.buyers.bids("birch", None)
    for number in range(3):
        later(exchange, 10)
        await post(
            exchange, person(number, state="NV" if number == 2 else "AZ", zip="89101" if number == 2 else "85016")
        )


async def term_form(operator: Visitor) -> dict[str, str]:
    """What the form of the terms would send as it stands."""
    page = await operator.open(TERMS)
    seen = page.source.split('name="seen" value="')[1].split('"')[0]
    return {"seen": seen}


async def test_the_list_tells_how_each_buyer_stands_and_its_twin_says_the_same(served: Served) -> None:
    await three_leads(served)
    async with signed_in(served) as operator:
        page = await operator.open("/console/buyers")
        twin = (await operator.open("/console/buyers.json")).fields
        falling = (await operator.open("/console/buyers.json?sort=-spent")).fields["buyers"]
        idle = await operator.open("/console/buyers?state=paused")

    by_id = {each["buyer"]: each for each in twin["buyers"]}
    assert ["acme", "birch"] == [each["buyer"] for each in twin["buyers"]] == [each["buyer"] for each in falling]
    assert ("50.0000", 2, 2, 1.0) == (
        f"{float(by_id['acme']['spent_today']):.4f}", by_id["acme"]["leads_today"], by_id["acme"]["accepted"],
        by_id["acme"]["cap_used"],
    )  # fmt: skip
    assert (3, 0) == (by_id["birch"]["pings"], by_id["birch"]["bids"])
    assert "Acme" in page.text and "$50.00" in page.text and "/console/buyers/acme/pause" in page.source
    assert 'No buyers match. Without "State: Paused" there are 2.' in idle.text


async def test_the_switch_pauses_says_why_and_comes_back(served: Served) -> None:
    async with signed_in(served) as operator:
        page = await operator.submit(f"{ACME}/pause", **{"for": "hour"}, reason="CRM migration", follow=True)
        listed = await operator.open("/console/buyers?state=paused")
        wrong = await operator.submit(f"{ACME}/pause", **{"for": "date"}, day="yesterday", follow=True)
        personal = await operator.submit(f"{ACME}/pause", **{"for": "open"}, reason="call 602-958-0142", follow=True)
        again = await operator.submit(f"{ACME}/pause", **{"for": "resume"}, follow=True)
        one = await operator.submit(f"{TERMS}/pause", **{"for": "tomorrow"}, follow=True)

    assert "Paused by olive@operator.example since 09:34 EST until 10:34 EST: CRM migration" in page.part("standing")
    assert "Acme" in listed.part("buyers")
    assert 422 == wrong.http_status == personal.http_status and "such as 2026-12-01" in wrong.part("problem")
    assert "no phone number" in personal.part("problem")
    assert "Active" in again.part("standing")
    assert "until Sun 22 Nov, 00:00 EST" in one.part("contracts")


async def test_terms_are_changed_as_a_version_with_what_was_and_is(served: Served) -> None:
    await three_leads(served)
    async with signed_in(served) as operator:
        form = await term_form(operator)
        rule = {"f.0.need": "all", "f.0.1.field": "state", "f.0.1.op": "one_of", "f.0.1.v": "NV"}
        looked = await operator.submit(TERMS, **form, **rule, do="look", follow=True)
        wrong = await operator.submit(TERMS, **form, **rule, cap_day_count="many", zips="850", do="save", follow=True)
        saved = await operator.submit(
            TERMS, **form, **rule, cap_day_count="40", hours="mon-sat 08:00-18:00", do="save", follow=True
        )
        stale = await operator.submit(TERMS, **form, cap_day_count="50", do="save", follow=True)
        versions = await operator.open(f"{TERMS}/versions?with=1")
        back = await operator.submit(f"{TERMS}/versions", version="1", follow=True)

    market = served.exchange.market
    assert "Matches 1 of the last 7 days' 3 leads" in looked.part("matches")
    assert 422 == wrong.http_status
    assert "whole number of leads" in wrong.part("wrong-cap_day_count") and "five digits" in wrong.part("wrong-zips")
    assert "Version 3 is in force." in saved.text
    assert 409 == stale.http_status and "Somebody changed this contract" in stale.text
    told = versions.part("differences")
    assert "Leads a day nothing 40" in told and "every lead State is NV" in told and "mon-sat 08:00-18:00" in told
    assert "They say the same" in back.text
    now = market.deals.contracts["acme-solar"]
    assert (4, (), None) == (now.version, now.caps, now.filters)
    lines = await market.db.read(audit_of, OPERATOR, "contract:acme-solar")
    [line] = [each for each in lines if '"cap_day_count":"40"' in (each.after or "")]
    assert '"cap_day_count":"2"' in (line.before or "")
    assert ("olive@operator.example", "127.0.0.1") == (line.actor.name, line.ip)


async def test_a_file_of_zips_joins_the_form_without_a_script(served: Served) -> None:
    async with signed_in(served) as operator:
        token = (await operator.open(TERMS)).token
        fields = {"csrf": token, "do": "file zips", "zips": "85016", "seen": "1"}
        page = await operator.send_file(f"{TERMS}/file", fields, "zips.csv", b"zip,name\n85018,a\n85016,b\n850,c\n")
        forged = await operator.send_file(f"{TERMS}/file", {**fields, "csrf": "made up"}, "zips.csv", b"85018")

    assert "85016, 85018</textarea>" in page.source
    assert 403 == forged.http_status


async def test_missed_leads_are_those_whose_panel_shows_the_check_failing(served: Served) -> None:
    await three_leads(served)
    market = served.exchange.market
    shown: dict[str, int] = {}
    for row in await served.exchange.rows("SELECT id FROM leads"):
        trails = [read_trail(each["document"]) for each in await market.db.read(trails_of, row["id"])]
        for panel in panels(market, trails, {}, "USD", Mask(()), live=True):
            for check in panel.checks if panel.contract_id == "acme-solar" else ():
                shown[check.name] = shown.get(check.name, 0) + 1
    async with signed_in(served) as operator:
        told = (await operator.open(f"{TERMS}/missed.json")).fields
        page = await operator.open(f"{TERMS}/missed")

    assert {"cap:day": 1} == shown == {each["check"]: each["leads"] for each in told["checks"]}
    assert (3, 2, 1) == (told["leads"], told["bought"], told["missed"])
    assert "Of 3 leads in the last 7 days it bought 2 and could not have 1, about $25.00." in page.text
    assert "Its cap of the day" in page.part("missed")


async def test_keys_notes_and_names_are_kept_with_who_did_it(served: Served) -> None:
    market = served.exchange.market
    async with signed_in(served) as operator:
        made = await operator.submit(f"{ACME}/keys", name="CRM", mode="live", follow=True)
        secret = made.part("secret").split("shown once: ")[1].split()[0]
        key_id = market.deals.key(secret, market.clock.now())
        assert key_id is not None
        again = await operator.open(ACME)
        others = await operator.submit("/console/buyers/birch/keys/x/revoke", follow=True)
        await operator.submit(f"{ACME}/keys/{key_id.id}/revoke", follow=True)
        noted = await operator.submit(f"{ACME}/notes", note="Pays by wire.", follow=True)
        personal = await operator.submit(f"{ACME}/notes", note="Ann: 602 958 0142", follow=True)
        renamed = await operator.submit(f"{ACME}/settings", name="Acme Roofs", group="West", follow=True)
        kept = await operator.submit(f"{ACME}/end", name="Acme", follow=True)
        ended = await operator.submit(f"{ACME}/end", name="acme roofs", follow=True)

    assert secret not in again.source and secret[-4:] in again.part("keys")
    assert market.deals.key(secret, market.clock.now()) is None and 404 == others.http_status
    assert "Pays by wire." in noted.part("note") and 422 == personal.http_status
    assert "Acme Roofs" in renamed.text
    assert 422 == kept.http_status and "Acme Roofs" not in ended.part("empty")
    assert State.DELETED is market.deals.buyers["acme"].state


async def test_a_contract_is_added_and_goes_live_once_it_was_tested(served: Served) -> None:
    market = served.exchange.market
    async with signed_in(served) as operator:
        page = await operator.submit(f"{ACME}/contracts", vertical="solar", connection="acme", follow=True)
        blocked = await operator.submit("/console/contracts/acme-solar-2/live", follow=True)
        wrong = await operator.submit(f"{ACME}/contracts", vertical="boats", connection="acme", follow=True)

    assert "It takes no leads yet" in page.text and "No accepted answer" in page.part("missing-to-live")
    assert 422 == blocked.http_status == wrong.http_status
    assert State.PAUSED is market.deals.contracts["acme-solar-2"].state
