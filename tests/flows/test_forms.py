"""Forms filled in, from the first step to the sale, on both engines: once, whatever is pressed twice or stops."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest

from exchange.catalog import default_config
from exchange.flows.documents import save_document
from exchange.flows.form_sale import finish, submit_form, words_of
from exchange.flows.form_visit import new_visit, read_visit, seal_visit
from exchange.flows.forms import Done, Posted, Shown, look, take_whole
from exchange.flows.retain import forget
from exchange.flows.shapes import VERTICAL
from exchange.model.actor import SYSTEM
from exchange.stages.consent import text_hash
from exchange.storage.forms import form_figures, step_figures
from exchange.yaml_files import read_yaml
from tests.filling_in import (
    HOME,
    PAGE,
    PATIENCE,
    PERSON,
    VISITOR,
    DiesAfterClaim,
    fill_in,
    leads,
    opened,
    place,
    press,
    ready,
    the_lead,
    views,
    with_form,
)
from tests.flows.doom import started_again
from tests.flows.lab import later, post
from tests.market import Exchange, usd

AGREED = "By ticking this box I agree that {} may call and text me"


async def test_three_steps_become_one_sale_by_form(either: Exchange) -> None:
    await ready(either)
    at = place(either)
    visit = await fill_in(either, at, await opened(either, at, {"s1": "spring", "utm_source": "mail", "price": "0.01"}))
    later(either, PATIENCE)
    done = await press(either, at, visit)

    assert isinstance(done, Done)
    lead, row = await the_lead(either), (await leads(either))[0]
    assert ("sold", "acme-solar") == (
        row["state"],
        (await either.rows("SELECT contract_id FROM sales"))[0]["contract_id"],
    )
    assert ("85016", "AZ", "Maria") == (lead.text("zip"), lead.text("state"), lead.text("first_name"))
    assert {
        "sub_id1": "spring",
        "utm_source": "mail",
        "ip_address": "198.51.100.77",
        "form_seconds": "41",
        "time_zone": "America/Phoenix",
    } == {name: lead.tracking[name] for name in ("sub_id1", "utm_source", "ip_address", "form_seconds", "time_zone")}
    assert lead.min_price is None
    assert {"form"} == {each["channel"] for each in await either.rows("SELECT channel FROM requests")}
    view = (await views(either))[0]
    assert (3, "accepted", row["id"], None) == (view["step"], view["status"], view["lead_id"], view["sealed"])


async def test_pressed_twice_at_once_it_sells_once(either: Exchange) -> None:
    await ready(either)
    at = place(either)
    visit = await fill_in(either, at, await opened(either, at))
    later(either, PATIENCE)
    both = await asyncio.gather(press(either, at, visit), press(either, at, visit))

    assert [Done(visit.view)] * 2 == list(both)
    assert (1, 1) == (len(either.buyers.posts("acme")), await either.count("sales"))
    assert isinstance(await press(either, at, visit, {**PERSON, "first_name": "Other"}), Done)
    assert 1 == len(await leads(either)), "a visit sends once, whatever it says later"


async def test_what_was_sent_is_sold_once_although_the_process_died_before_it_was(either: Exchange) -> None:
    """Kept, then killed: the job of another process finishes it, and a reload shows the same."""
    await ready(either)
    at = place(either)
    visit = await fill_in(either, at, await opened(either, at))
    later(either, PATIENCE)
    dying = either.on(DiesAfterClaim(either.market.db))  # type: ignore[arg-type]  # a Db as far as flows use it
    with pytest.raises(ConnectionAbortedError):
        await press(dying, at, visit)
    assert [] == await leads(either)

    survivor = await started_again(either)
    await submit_form(survivor.market, {"view": visit.view})
    assert "accepted" == (await finish(survivor.market, visit.view)).status
    assert isinstance(await press(survivor, at, visit), Done)
    assert 1 == await either.count("sales")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({**HOME, "zip": "99999"}, "zip"),
        ({**HOME, "zip": "8501"}, "zip"),
        ({**HOME, "monthly_bill": "lots"}, "monthly_bill"),
        ({name: raw for name, raw in HOME.items() if name != "homeowner"}, "homeowner"),
    ],
)
async def test_what_is_wrong_is_told_in_the_words_of_the_api(
    exchange: Exchange, values: dict[str, str], field: str
) -> None:
    await ready(exchange)
    at = place(exchange)
    visit = await opened(exchange, at)
    shown = await press(exchange, at, visit, values)
    heard = await post(exchange, {**values, **PERSON, "tcpa_consent": "yes"})

    assert isinstance(shown, Shown) and (422, 1) == (shown.http_status, shown.visit.step)
    said = [error["message"] for error in heard["errors"] if error["field"] == field]
    assert said == [problem.message for problem in shown.problems]
    assert [field] == [problem.field for problem in shown.problems]
    filled = [problem for problem in shown.problems if problem.code != "missing"]
    assert filled == list(look(exchange.market, at, visit, values, VISITOR))


async def test_a_wrong_answer_of_an_earlier_step_leads_back_to_it(exchange: Exchange) -> None:
    await ready(
        exchange,
        steps=[
            {"title": "Place", "fields": ["zip"]},
            {"title": "Rest", "fields": ["state", "monthly_bill", "homeowner", *PERSON]},
        ],
    )
    at = place(exchange)
    visit = await fill_in(exchange, at, await opened(exchange, at), ({"zip": "85016"}, {}))
    rest = {"state": "CA", "monthly_bill": "101-150", "homeowner": "yes", **PERSON}
    shown = await press(exchange, at, visit, rest)

    assert isinstance(shown, Shown)
    assert (1, ["zip"]) == (shown.visit.step, [problem.field for problem in shown.problems])
    assert "is in AZ, not in CA" in shown.problems[0].message


async def test_the_figures_tell_how_far_people_came(either: Exchange) -> None:
    await ready(either)
    at = place(either)
    await opened(either, at)
    await press(either, at, await opened(either, at), {"zip": "1"})
    visit = await fill_in(either, at, await opened(either, at))
    later(either, PATIENCE)
    await press(either, at, visit)
    row = (await either.market.db.read(form_figures, 0))[0]

    told = {"form": "solar", "views": 3, "starts": 2, "sent": 1, "refused": 0, "sold": 1, "payout_units": 200_000}
    assert told == {name: row[name] for name in told}
    assert {0: 2, 3: 1} == await either.market.db.read(step_figures, "solar", 0)
    assert [] == await either.market.db.read(form_figures, either.market.clock.now() + 1)


async def test_going_back_keeps_every_answer(exchange: Exchange) -> None:
    await ready(exchange)
    at = place(exchange)
    visit = await fill_in(exchange, at, await opened(exchange, at))
    shown = await press(exchange, at, visit, {"first_name": "Maria"}, back=True)

    assert isinstance(shown, Shown) and () == shown.problems
    assert (2, "85016", "Maria") == (shown.visit.step, shown.visit.values["zip"], shown.visit.values["first_name"])


async def test_robots_are_refused_with_a_row_and_people_may_press_again(either: Exchange) -> None:
    await ready(either)
    at = place(either)
    visit = await fill_in(either, at, await opened(either, at))
    quick = await press(either, at, visit)
    later(either, PATIENCE)
    trapped = await press(either, at, visit, trap="https://spam.example")

    assert isinstance(quick, Shown) and isinstance(trapped, Shown)
    assert "very quick" in quick.note and "must stay empty" in trapped.note
    rows = await either.rows("SELECT status, reason, raw FROM requests WHERE endpoint = 'form'")
    assert [("rejected", "fraud_score", None)] * 2 == [tuple(row.values()) for row in rows]
    assert ("honeypot", []) == ((await views(either))[0]["refused"], await leads(either))
    assert isinstance(await press(either, at, visit), Done)


async def test_nobody_agrees_by_saying_nothing(exchange: Exchange) -> None:
    await ready(exchange)
    at = place(exchange)
    visit = await fill_in(exchange, at, await opened(exchange, at))
    later(exchange, PATIENCE)
    shown = await press(exchange, at, visit, agreed=False)

    assert isinstance(shown, Shown)
    assert ["tcpa_consent is required."] == [problem.message for problem in shown.problems]
    assert [] == await leads(exchange)


async def test_pasted_html_is_sold_with_the_words_that_were_pasted(exchange: Exchange) -> None:
    await ready(exchange)
    old = words_of(place(exchange), await opened(exchange, place(exchange)))
    await with_form(exchange, consent={"text": "These are quite other words of {buyers}."})
    at = place(exchange)
    everything = {**HOME, **PERSON, "status": "sold", "min_price": "0.01", "buyer_id": "acme"}
    visit = new_visit(exchange.market, at, {}, PAGE, "")
    unknown = await take_whole(exchange.market, at, visit, Posted(everything, agreed=True, words="00"), VISITOR)
    done = await take_whole(exchange.market, at, visit, Posted(everything, agreed=True, words=text_hash(old)), VISITOR)

    assert isinstance(unknown, Shown) and isinstance(done, Done)
    lead = await the_lead(exchange)
    assert (old, None) == (lead.consent.text, lead.min_price)
    assert "form_seconds" not in lead.tracking


async def test_a_visit_cannot_be_made_up_changed_or_moved_to_another_form(exchange: Exchange) -> None:
    await ready(exchange)
    visit = await opened(exchange, place(exchange))
    token = seal_visit(exchange.market, "solar", visit)

    assert visit == read_visit(exchange.market, "solar", token)
    for wrong in ("", "x", token[:-8], token[:40] + ("A" if token[40] != "A" else "B") + token[41:], "=" * 100):
        assert read_visit(exchange.market, "solar", wrong) is None
    assert read_visit(exchange.market, "roof", token) is None
    later(exchange, 25 * 3_600)
    assert read_visit(exchange.market, "solar", token) is None


async def test_nothing_personal_is_readable_where_it_waits(exchange: Exchange) -> None:
    await ready(exchange)
    at = place(exchange)
    visit = await fill_in(exchange, at, await opened(exchange, at))
    later(exchange, PATIENCE)
    dying = exchange.on(DiesAfterClaim(exchange.market.db))  # type: ignore[arg-type]  # a Db as far as flows use it
    with pytest.raises(ConnectionAbortedError):
        await press(dying, at, visit)
    view = (await views(exchange))[0]

    assert b"Sandoval" not in bytes(view["sealed"])
    assert "Sandoval" not in orjson.dumps({name: str(value) for name, value in view.items()}).decode()
    assert "Sandoval" not in seal_visit(exchange.market, "solar", replace(visit, values=PERSON))
    await submit_form(exchange.market, {"view": visit.view})
    assert usd("25").units == (await exchange.rows("SELECT price_units FROM sales"))[0]["price_units"]


async def test_what_cannot_be_read_after_all_may_be_mended_and_sent_again(exchange: Exchange) -> None:
    """The vertical asks for more since the page was made: nothing is sold, and the next press counts."""
    await ready(exchange)
    old = place(exchange)
    visit = await fill_in(exchange, old, await opened(exchange, old))
    later(exchange, PATIENCE)
    solar = yaml_of("solar")
    roof = next(each for each in solar["fields"] if each["name"] == "roof_type")
    roof["post"] = "required"
    await save_document(exchange.market, VERTICAL, "solar", solar, SYSTEM)
    again = await press(exchange, old, visit)
    assert isinstance(again, Shown) and "could not be sent" in again.note

    await with_form(exchange, steps=[{"title": "All", "fields": [*HOME, "roof_type", *PERSON]}])
    done = await press(exchange, place(exchange), again.visit.at(1), {**HOME, **PERSON, "roof_type": "tile"})
    assert isinstance(done, Done)
    view = (await views(exchange))[0]
    assert (2, "accepted", 1) == (view["tries"], view["status"], await exchange.count("sales"))


def yaml_of(name: str) -> dict[str, Any]:
    """A vertical as its file has it."""
    found: dict[str, Any] = read_yaml((default_config() / "verticals" / f"{name}.yaml").read_bytes(), name, [])
    return found


async def test_old_views_are_forgotten(either: Exchange) -> None:
    await ready(either)
    await opened(either, place(either))
    later(either, 100 * 86_400)
    await opened(either, place(either))
    later(either, 100 * 86_400)
    await forget(either.market)

    assert 1 == len(await views(either))


async def test_an_address_and_an_answer_bring_nothing_that_no_database_and_no_buyer_can_hold(either: Exchange) -> None:
    await ready(either)
    at = place(either)
    visit = await opened(either, at, {"sub_id1": "spring\x00\x1b[31m", "utm_source": "\ud83d\uffff"})
    last = await fill_in(either, at, visit)
    later(either, PATIENCE)
    wrong = await press(either, at, last, {**PERSON, "first_name": "Maria\uffff"})
    assert isinstance(wrong, Shown) and ["first_name"] == [each.field for each in wrong.problems]
    assert isinstance(await press(either, at, wrong.visit), Done)

    (tag,) = [row["sub_id1"] for row in await either.rows("SELECT sub_id1 FROM leads WHERE kind <> 'ping'")]
    assert tag.startswith("spring") and tag.isprintable()
