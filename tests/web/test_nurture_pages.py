"""The pages of nurture: a plan is made, given steps, switched on, and tells what each step came to."""

from __future__ import annotations

from typing import Any

from exchange.flows.links import STOP_MESSAGES, Link, make_link
from exchange.flows.nurture import keep_nurture
from exchange.flows.shelf import list_unsold
from tests.flows.arrived import worked
from tests.web.leads import sell
from tests.web.served import Served
from tests.web.visitor import later, signed_in, stranger

HOME = "/console/nurture"


async def test_a_plan_is_made_by_its_pages_and_tells_its_results(served: Served) -> None:
    served.exchange.buyers.bids("acme", None)
    lead_id = (await sell(served, 1))["lead_id"]
    later(served, 1)
    async with signed_in(served) as visitor:
        assert "No unsold leads waiting" in (await visitor.open(HOME)).part("empty")
        made = await visitor.submit(HOME, name="Second <b>try</b>", vertical="solar", follow=False)
        one = made.headers["Location"]
        assert 422 == (await visitor.submit(f"{one}/switch", on="yes")).http_status
        bad = await visitor.submit(f"{one}/steps", kind="auction", age="soon")
        assert 422 == bad.http_status and "age is a time such as" in bad.part("problem")
        await visitor.submit(f"{one}/steps", kind="auction", age="1 h", least="5")
        await visitor.submit(f"{one}/steps", kind="store", age="2 h", price="4", falls="50 % after 1 h")
        chosen: dict[str, Any] = {"reason:no_bid": "yes"}
        await visitor.submit(one, name="Second <b>try</b>", **chosen)
        page = await visitor.submit(f"{one}/switch", on="yes", back_days="1")
        assert "On" in page.part("state") and "from 5.00 USD up" in page.part("steps")
        await keep_nurture(served.exchange.market)

        told = (await visitor.open("/console/leads.json?status=in_nurture")).fields["leads"]
        assert [(lead_id, "in_nurture")] == [(each["lead_id"], each["standing"]) for each in told]
        assert "In nurture" in (await visitor.open("/console/leads")).text
        assert lead_id in (await visitor.open(one)).part("next")

        later(served, 3_600)
        served.exchange.buyers.bids("acme", "8.00")
        await keep_nurture(served.exchange.market)
        await worked(served.exchange)
        (first, _) = (await visitor.open(f"{one}.json")).fields["steps"]
        assert ({"sold": 1}, "8.00") == (first["outcomes"], first["revenue"])
        (plan,) = (await visitor.open(f"{HOME}.json")).fields["plans"]
        assert (1, 0, 1, "8.00") == (plan["leads"], plan["in_nurture"], plan["sold"], plan["revenue"])
        assert [] == (await visitor.open(f"{HOME}.json?mode=test")).fields["plans"]
        assert "Nurture: sold for 8.00 USD" in (await visitor.open(f"/console/leads/{lead_id}")).text
        assert 404 == (await visitor.open(f"{HOME}/nur_NOBODY")).http_status


async def test_the_way_out_of_a_message_shows_a_button_and_the_button_acts(served: Served) -> None:
    served.exchange.buyers.bids("acme", None)
    lead_id = (await sell(served, 2))["lead_id"]
    market = served.exchange.market
    link = make_link(market, Link(lead_id, STOP_MESSAGES, "email", market.clock.now() + 60_000))
    path = "/l/" + link.rpartition("/")[2]
    async with stranger(served) as visitor:
        shown = await visitor.open(path)
        assert "Nothing changes by opening this page" in shown.part("stop")
        assert 0 == await served.exchange.count("revocations")
        assert "Your consent is taken back" in (await visitor.send(path)).part("stop")
        assert 1 == await served.exchange.count("revocations")


async def test_a_campaigns_store_rule_is_set_by_its_page(served: Served) -> None:
    rules = "/console/store/rules"
    async with signed_in(served) as visitor:
        assert "Lists nothing" in (await visitor.open(rules)).part("rules")
        bad = await visitor.submit(f"{rules}/cedar-solar", listed="yes", price="9", falls="half", days="3", sales="1")
        assert 422 == bad.http_status and "falls are such as" in bad.part("problem")
        page = await visitor.submit(f"{rules}/cedar-solar", listed="yes", price="9", falls="", days="3", sales="1")
        assert "from now on" in page.part("saved")
        assert "9.00 USD; 3 d; 1 at most; seen by every buyer" in (await visitor.open(rules)).part("rules")
        served.exchange.buyers.bids("acme", None)
        await sell(served, 1)
        await list_unsold(served.exchange.market)
        assert "$9.00" in (await visitor.open("/console/store")).part("leads")
        (told,) = (await visitor.open("/console/store.json")).fields["leads"]
        assert ("every buyer", 0, 1) == (told["seen_by"], told["times_sold"], told["sales"])
        listed = "/console/store.csv?status=listed&seller=cedar&vertical=solar&state=az&period=today&sort=-ends"
        assert f"\r\n{told['lead_id']},solar," in (await visitor.open(listed)).source
        empty = (await visitor.open("/console/store?status=sold&campaign=cedar-solar")).part("empty")
        assert "No leads match. Without" in empty and "Status: sold" in empty
        assert 404 == (await visitor.open(f"{rules}/nobody")).http_status
