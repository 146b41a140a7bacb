"""A usual buyer of every kind is set up from a template in the console, without a line of YAML."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from buyers import connectors
from buyers.gallery import GALLERY
from exchange.model.party import State
from tests.web.served import Served
from tests.web.test_console_browser import NARROWEST, TOO_SMALL, WIDE, browsing
from tests.web.test_console_browser import signed_in as browser_of
from tests.web.test_console_new_buyer import BUYING, COMPANY, PRICE, begun, through
from tests.web.visitor import signed_in

KEY = "mOVEoqF/yhXdLPfAWZPm2m0P3oFSNXYqC2ESlbiqHCc="
TWILIO = {"from": "+16029580100", "sid": "AC0123456789abcdef", "token": "t-0123456789"}
TOLD: Mapping[str, Mapping[str, str]] = {
    "email": {"to": "leads@fernway.example, desk@fernway.example", "from": "Harbor <leads@harbor.example>"},
    "fax_telnyx": {
        "to": "+14809580133",
        "from": "+16029580100",
        "application": "1293",
        "key": "k-0123456789",
        "public_key": KEY,
    },
    "fax_sinch": {"to": "+14809580133", "project": "p-1", "user": "u-1", "password": "s-0123456789"},
    "fax_email": {"to": "+14809580133", "gateway": "{number}@send.fax.example", "from": "leads@harbor.example"},
    "phone": {"to": "+14809580177", "summary": "state, monthly_bill", **TWILIO},
    "sms": {"to": "+14809580177", **TWILIO},
    "store": {},
    "pull": {},
    "csv_url": {},
    "files": {"protocol": "sftp", "server": "files.fernway.example", "user": "harbor", "password": "f-0123456789"},
}
STEPS = (("company", COMPANY), ("buying", BUYING), ("price", PRICE))


def filled(way: str, **changes: str) -> dict[str, str]:
    return {"way": way, **{f"{way}_{name}": text for name, text in {**TOLD[way], **changes}.items()}}


def test_the_gallery_has_every_kind_that_is_no_web_request() -> None:
    assert list(TOLD) == [template.name for template in GALLERY]
    others = {name for name in connectors() if not name.endswith("_http")}
    assert others == {template.says["connector"] for template in GALLERY}


@pytest.mark.parametrize("way", TOLD)
async def test_a_template_makes_a_buyer_that_goes_live(served: Served, way: str) -> None:
    market = served.exchange.market
    async with signed_in(served) as operator:
        draft = await begun(operator)
        page = await through(operator, draft, *STEPS, ("delivery", filled(way)))
        again = await operator.open(f"{draft}/delivery")
        shown = await operator.open("/console/connectors/fernway_roofing_inc/test")
        await operator.submit(f"{draft}/live", follow=True, start_cap="3")

    assert "Step 5 of 6" in page.text and "Nothing is missing. It may go live." in page.text
    contract = market.deals.contracts["fernway-roofing-inc-solar"]
    assert (State.ACTIVE, "fernway_roofing_inc") == (contract.state, contract.connection)
    assert 200 == shown.http_status
    secrets = [each for each in TOLD[way].values() if each.endswith("-0123456789")]
    assert set(secrets) == set(market.connections["fernway_roofing_inc"].secrets.values())
    assert not any(secret in again.source for secret in secrets)  # nor is any kept with the draft
    assert all(text in again.source for name, text in TOLD[way].items() if text not in secrets and name == "to")


@pytest.mark.parametrize(
    ("way", "changes", "told"),
    [
        ("fax_telnyx", {"to": "4809580133"}, "is no telephone number that can be dialled: write it like"),
        ("fax_telnyx", {"public_key": ""}, "Give it: Public key for webhooks."),
        ("fax_email", {"gateway": "fax@send.fax.example"}, "write {number} where the number goes"),
        ("email", {"to": "leads.fernway.example"}, "is not an email address"),
        ("email", {"attach": "exe"}, "Choose one of none, csv, xml, adf."),
        ("phone", {"summary": "state, first_name"}, "first_name would be told before anybody has bought the lead"),
        ("phone", {"sid": "SK1"}, "must be the SID of the account, as Twilio shows it"),
        ("files", {"server": "ftp://files.fernway.example"}, "write the server"),
    ],
)
async def test_what_is_wrong_is_told_at_its_field(served: Served, way: str, changes: dict[str, str], told: str) -> None:
    async with signed_in(served) as operator:
        draft = await begun(operator)
        await through(operator, draft, *STEPS)
        page = await operator.submit(f"{draft}/delivery", follow=True, **filled(way, **changes))

    assert 422 == page.http_status and told.casefold() in page.text.casefold(), page.text
    assert f'data-testid="wrong-{way}_{next(iter(changes))}"' in page.source
    assert 0 == await served.exchange.count("documents") == await served.exchange.count("secrets")


async def test_a_secret_left_empty_is_asked_for_before_it_goes_live_and_later_stays(served: Served) -> None:
    async with signed_in(served) as operator:
        draft = await begun(operator)
        page = await through(operator, draft, *STEPS, ("delivery", filled("phone", token="")))
        blocked = await operator.submit(f"{draft}/live", start_cap="3")
        await through(operator, draft, ("delivery", filled("phone")))
        kept = await through(operator, draft, ("delivery", filled("phone", token="")))

    assert "The secret fernway_roofing_inc_token is not set." in page.text
    assert 422 == blocked.http_status
    assert "Nothing is missing." in kept.text


async def test_who_bids_live_is_not_called_or_mailed_to(served: Served) -> None:
    async with signed_in(served) as operator:
        draft = await begun(operator)
        await through(operator, draft, *STEPS[:2], ("price", {"pricing": "live", "max_bid": "90"}))
        page = await operator.submit(f"{draft}/delivery", follow=True, **filled("sms"))

    assert 422 == page.http_status
    assert "Nobody bids this way (SMS): choose a fixed price in the step before." in page.text


async def test_only_what_the_chosen_template_asks_is_on_the_page_and_it_fits_its_screen(served: Served) -> None:
    async with signed_in(served) as operator:
        draft = await begun(operator)
        await through(operator, draft, *STEPS)
    async with browsing(served) as browser:
        for viewport in (WIDE, NARROWEST):
            seen = await browser_of(browser, served, viewport, script=False)
            page = await seen.open(f"{draft}/delivery")
            for way in (*TOLD, "existing", "document", "preset", "sample"):
                await page.check(f'input[name="way"][value="{way}"]')
                names = await page.evaluate(
                    """() => [...document.querySelectorAll('.gallery input:not([type=radio]), .gallery select')]
                        .filter(each => each.checkVisibility()).map(each => each.name)"""
                )
                others = {"existing": ["connection"], "document": [], "sample": ["url", "ping_url"]}
                others["preset"] = ["preset", *others["sample"]]
                asked = [f"{way}_{ask.name}" for each in GALLERY if each.name == way for ask in each.asks]
                assert (others.get(way) or asked) == names, way
                assert await seen.overhang() <= 0, (way, viewport)
                assert [] == await page.evaluate(TOO_SMALL), (way, viewport)
            assert [] == seen.complaints
