"""Forms as documents: refused whole when they cannot work, closed when their campaign is."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.flows.form_visit import place_of
from exchange.flows.forms import save_form
from exchange.flows.shapes import DocumentProblems
from exchange.model.actor import SYSTEM
from exchange.model.party import State
from tests.filling_in import document, with_form
from tests.market import Exchange, selling


async def test_a_form_without_a_campaign_that_takes_leads_is_closed(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"))
    await with_form(exchange)
    assert place_of(exchange.market, "solar") is not None
    await exchange.add(*selling("cedar", state=State.PAUSED))

    assert place_of(exchange.market, "solar") is None
    assert place_of(exchange.market, "other") is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"campaign": "nobody"}, "campaign: there is none with the id 'nobody'"),
        ({"steps": [{"title": "All", "fields": ["zip", "shoe_size"]}]}, "shoe_size is not a field of solar"),
        ({"steps": [{"title": "All", "fields": ["zip", "ip_address"]}]}, "ip_address is filled in by the form itself"),
        ({"steps": [{"title": "All", "fields": ["zip", "zip"]}]}, "steps[1].fields: zip is asked twice"),
        ({"steps": [{"title": "All", "fields": ["zip"]}]}, "monthly_bill is required by solar and is not asked"),
        ({"consent": None}, "solar needs tcpa_consent, and this form asks for no consent"),
        ({"hosts": ["acme.example"]}, "'acme.example' is not an origin such as"),
        ({"redirect": "javascript:alert(1)"}, "redirect: must be an address that begins with https://"),
        ({"consent": {"named": True, "text": "I agree to everything that you say."}}, "write {buyers} where"),
        ({"colour": "blue"}, "colour: is not a known key"),
        ({"accent": "pink"}, "accent: "),
    ],
)
async def test_a_form_that_cannot_work_is_refused_whole(exchange: Exchange, changes: dict[str, Any], said: str) -> None:
    await exchange.add(*selling("cedar"))
    with pytest.raises(DocumentProblems) as refused:
        await save_form(exchange.market, "solar", document(**changes), SYSTEM)

    assert said in "\n".join(refused.value.problems)
    assert [] == await exchange.rows("SELECT 1 FROM documents")
