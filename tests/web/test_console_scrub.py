"""What the scrub did stands in a lead's timeline, readable and without a value; who reveals reads what was sent too."""

from __future__ import annotations

from tests.market import POST
from tests.web.served import Served
from tests.web.visitor import signed_in

SENT = {**POST, "email": "maria@gmial.com", "first_name": "MARIA", "city": "Phoneix"}


async def test_corrections_are_lines_of_the_timeline_and_name_no_value(served: Served) -> None:
    lead_id = (await served.send("pingpost", SENT))["lead_id"]
    async with signed_in(served) as visitor:
        page = await visitor.open(f"/console/leads/{lead_id}")

    told = page.part("timeline")
    assert "Email: the email's domain was a slip of gmail.com" in told
    assert "First name: capitals and small letters put right" in told
    assert "City: the city's name was put right by the ZIP code" in told
    assert not [value for value in ("gmial", "maria@", "6029580142") if value in page.source]


async def test_a_refusal_says_why(served: Served) -> None:
    answer = await served.send("pingpost", {**POST, "email": "maria@mailinator.com"})
    async with signed_in(served) as visitor:
        page = await visitor.open(f"/console/leads/{answer['lead_id']}")

    assert "email_refused" == answer["reason"]
    assert "Email: the address is one that is thrown away after an hour" in page.part("timeline")


async def test_what_was_sent_is_revealed_beside_what_was_sold(served: Served) -> None:
    lead_id = (await served.send("pingpost", SENT))["lead_id"]
    async with signed_in(served) as visitor:
        shown = await visitor.submit(f"/console/leads/{lead_id}/reveal", why="a complaint")

    assert "maria@gmail.com (sent as maria@gmial.com)" in shown.part("data")
    assert "+16029580142" in shown.part("data") and "sent as 602" not in shown.part("data")
