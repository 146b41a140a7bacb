"""What a seller hears of the checks of its leads: as much as its campaign discloses, and never a value."""

from __future__ import annotations

import pytest

from exchange.model.party import Disclosure
from tests.market import POST, campaign
from tests.web.served import Heard, Served

SENT = {**POST, "first_name": "MARIA", "phone": "6029580142"}


async def told(served: Served, disclosure: Disclosure, **more: str) -> Heard:
    await served.exchange.add(campaign("cedar", disclosure=disclosure))
    answer = await served.send("pingpost", {**SENT, **more})
    return await served.get(f"leads/{answer['lead_id']}")


@pytest.mark.parametrize("disclosure", [Disclosure.FULL, Disclosure.CATEGORY])
async def test_every_check_of_a_sold_lead_is_told(served: Served, disclosure: Disclosure) -> None:
    lead = await told(served, disclosure)

    checks = {line["check"]: line["outcome"] for line in lead["checks"]}
    assert "accepted" == lead["status"]
    assert ("fixed", "passed", "passed") == (checks["scrub:first_name"], checks["screen"], checks["suppression"])
    assert not {"grade", "score"} & set(checks)
    spoken = [line["message"] for line in lead["checks"] if "message" in line]
    assert bool(spoken) == (disclosure is Disclosure.FULL) and "MARIA" not in str(spoken)


async def test_the_bare_code_tells_of_no_check(served: Served) -> None:
    assert "checks" not in (await told(served, Disclosure.CODE)).fields


@pytest.mark.parametrize(
    ("disclosure", "reason"),
    [(Disclosure.FULL, "robot"), (Disclosure.CATEGORY, "quality"), (Disclosure.CODE, "robot")],
)
async def test_a_lead_asked_for_later_gives_no_more_away_than_its_answer(
    served: Served, disclosure: Disclosure, reason: str
) -> None:
    lead = await told(served, disclosure, user_agent="curl/8.5.0", form_ms="300")

    assert ("rejected", reason) == (lead["status"], lead["reason"])
    assert {reason} == {event["reason"] for event in lead["timeline"] if event.get("reason")}
