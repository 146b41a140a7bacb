"""Forms as they are served: who may frame them, what they let in, how often, and what they say when they cannot."""

from __future__ import annotations

import re
from html import unescape

import pytest

from exchange.model.party import State
from tests.filling_in import HOME, PERSON, DiesAfterClaim, document, with_form
from tests.flows.test_consent import with_policy
from tests.market import buying, selling, usd
from tests.web.served import FORM, Served, serve_exchange
from tests.web.visitor import Page, Visitor, later, stranger

WHOLE = {**HOME, **PERSON}
ONE_STEP = [{"title": "All", "fields": [*HOME, *PERSON]}]
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?')


def hidden(page: Page) -> dict[str, str]:
    return {name: unescape(value or "") for name, value in HIDDEN.findall(page.source)}


async def send(visitor: Visitor, page: Page, **values: str) -> Page:
    return await visitor.send("/f/solar", follow=True, **{**hidden(page), **values})


async def test_its_hosts_may_frame_it_and_nobody_else(served: Served) -> None:
    await with_form(served.exchange, hosts=["https://www.acme.example", "http://localhost:8090/"])
    await with_form(served.exchange, "alone", hosts=[])
    async with stranger(served) as visitor:
        page, alone = await visitor.open("/f/solar"), await visitor.open("/f/alone")
        again = await send(visitor, page, zip="1")

    for each in (page, again):
        assert (
            "frame-ancestors https://www.acme.example http://localhost:8090;" in each.headers["Content-Security-Policy"]
        )
        assert "X-Frame-Options" not in each.headers and "Set-Cookie" not in each.headers
    assert "frame-ancestors 'none'" in alone.headers["Content-Security-Policy"]
    assert "DENY" == alone.headers["X-Frame-Options"]


async def test_scripts_of_others_are_let_in_only_where_they_watch(served: Served) -> None:
    await with_form(served.exchange)
    await with_form(served.exchange, "watched", trustedform=True, jornaya="A1B2-C3")
    async with stranger(served) as visitor:
        plain, watched = await visitor.open("/f/solar"), await visitor.open("/f/watched")

    assert "script-src" not in plain.headers["Content-Security-Policy"] and "trustedform" not in plain.source
    policy = watched.headers["Content-Security-Policy"]
    assert "script-src 'self' https://*.trustedform.com https://*.lidstatic.com" in policy
    assert "unsafe" not in policy and "frame-ancestors https://www.acme.example;" in policy
    assert 'data-jornaya="A1B2-C3"' in watched.source and "xxTrustedFormCertUrl" in watched.source


async def test_their_proofs_travel_with_the_lead(served: Served) -> None:
    await with_form(served.exchange, steps=ONE_STEP, least_seconds=0, trustedform=True, jornaya="A1B2")
    leadid, certificate = "0A1B2C3D-4E5F-6A7B-8C9D-0E1F2A3B4C5D", f"https://cert.trustedform.com/{'a1' * 20}"
    async with stranger(served) as visitor:
        page = await visitor.open("/f/solar")
        proofs = {"xxTrustedFormCertUrl": certificate, "universal_leadid": leadid}
        wrong = await send(visitor, page, **WHOLE, **proofs)  # the box was not ticked
        sent = await send(visitor, wrong, **WHOLE, _agree="yes")

    assert certificate in wrong.source and leadid in wrong.source
    assert 200 == sent.http_status and "Thank you" in sent.text


async def test_thanks_can_lead_elsewhere(served: Served) -> None:
    await with_form(
        served.exchange, steps=ONE_STEP, least_seconds=0, redirect="https://www.acme.example/thanks?a=1&b=2"
    )
    async with stranger(served) as visitor:
        alone = await send(visitor, await visitor.open("/f/solar"), **WHOLE, _agree="yes")
        around = await visitor.open("/f/solar?_page=https://www.acme.example/offers")
        inside = await send(
            visitor, around, **{**WHOLE, "phone": "6029580199", "email": "b@consumer.example"}, _agree="yes"
        )

    address = "https://www.acme.example/thanks?a=1&amp;b=2"
    assert f'http-equiv="refresh" content="0;url={address}"' in alone.source
    assert f'data-go="{address}"' in inside.source and 'data-parent="https://www.acme.example"' in inside.source
    assert "refresh" not in inside.source and f'href="{address}" target="_top"' in inside.source


async def test_an_address_says_nothing_that_a_form_does_not_ask(served: Served) -> None:
    """Neither the address nor the fields can set a price, a key, a status or another page's name."""
    await with_form(served.exchange, steps=ONE_STEP)
    query = "?sub_id1=spring&gclid=g1&min_price=900&ip_address=203.0.113.9&_page=https://evil.example/x&campaign_key=k"
    async with stranger(served) as visitor:
        page = await visitor.open(f"/f/solar{query}")
        assert 'data-parent=""' in page.source
        later(served, 30)
        await send(visitor, page, **WHOLE, _agree="yes", status="sold", buyer_id="acme", price="0.01", test="1")
    lead = (await served.exchange.rows("SELECT * FROM leads"))[0]

    assert ("sold", "spring", "live") == (lead["state"], lead["sub_id1"], lead["mode"])
    assert [200_000] == [row["payout_units"] for row in await served.exchange.rows("SELECT payout_units FROM sales")]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FORM),
        (b"\xff\xfe\x00&&&===%zz", FORM),
        (b"_token=", FORM),
        (b"_token=" + b"A" * 100_000, FORM),
        (b"_token=AAAA&_go=back", FORM),
        (b'{"zip": "85016"}', "application/json"),
        (b"zip=" + b"9" * 200_000, FORM),
        (b"&".join(b"f%d=1" % n for n in range(5_000)), FORM),
        (b"zip=%0d%0aSet-Cookie:x&first_name=%00%ed%a0%80", FORM),
    ],
)
async def test_whatever_is_posted_gets_a_page_and_never_a_failure(served: Served, body: bytes, kind: str) -> None:
    await with_form(served.exchange)
    for path in ("/f/solar", "/f/solar/check"):
        url = served.address + path
        async with served.session.post(url, data=body, headers={"Content-Type": kind}) as answer:
            assert 400 <= answer.status < 500
            assert "Set-Cookie" not in answer.headers
    assert [] == await served.exchange.rows("SELECT 1 FROM leads")


async def test_a_body_that_is_too_large_is_refused(served: Served) -> None:
    await with_form(served.exchange)
    async with served.session.post(f"{served.address}/f/solar", data=b"zip=" + b"9" * 300_000) as answer:
        assert 413 == answer.status


async def test_one_address_cannot_flood_it(served: Served) -> None:
    await with_form(served.exchange)
    async with stranger(served) as visitor:
        pages = [await visitor.open("/f/solar") for _ in range(62)]
        later(served, 5)
        after = await visitor.open("/f/solar")

    assert ([200] * 60, [429] * 2) == ([p.http_status for p in pages[:60]], [p.http_status for p in pages[60:]])
    assert "1" == pages[-1].headers["Retry-After"] and "Wait 1 second," in pages[-1].text
    assert 200 == after.http_status
    assert 61 == await served.exchange.count("form_views")


async def test_a_page_that_stayed_open_too_long_begins_anew_with_its_answers(served: Served) -> None:
    await with_form(served.exchange)
    async with stranger(served) as visitor:
        page = await visitor.open("/f/solar")
        later(served, 25 * 3_600)
        again = await send(visitor, page, **HOME)
        forged = await visitor.send("/f/solar", follow=True, **{**HOME, "_token": "made up"})
        goes_on = await send(visitor, again, **HOME)

    assert (410, 410) == (again.http_status, forged.http_status)
    assert "had to begin anew" in again.text and 'value="85016"' in again.source
    assert "Step 2 of 3" in goes_on.text


async def test_a_reload_shows_the_same_thanks_although_the_server_died_before_it_could_answer(served: Served) -> None:
    """Kept, and the process is gone: the next one sells what was sent, once, however it is asked for it."""
    await with_form(served.exchange, steps=ONE_STEP)
    dying = served.exchange.on(DiesAfterClaim(served.exchange.market.db))  # type: ignore[arg-type]  # as flows use it
    async with serve_exchange(dying) as doomed, stranger(doomed) as visitor:
        page = await visitor.open("/f/solar")
        later(doomed, 30)
        lost = await send(visitor, page, **WHOLE, _agree="yes")
    view = (await served.exchange.rows("SELECT id FROM form_views"))[0]["id"]
    async with stranger(served) as visitor:
        shown = await visitor.open(f"/f/solar/done/{view}")
        pressed = await send(visitor, page, **WHOLE, _agree="yes")
        reloaded = await visitor.open(f"/f/solar/done/{view}")

    assert 500 == lost.http_status
    assert (shown.text, shown.text) == (pressed.text, reloaded.text) and "Thank you" in shown.text
    assert 1 == len(served.exchange.buyers.posts("acme")) == await served.exchange.count("sales")


async def test_what_is_not_there_says_so(served: Served) -> None:
    await with_form(served.exchange)
    async with stranger(served) as visitor:
        for path in ("/f/nothing", "/f/solar/done/fv_nothing", "/embed/nothing.js"):
            assert 404 == (await visitor.open(path)).http_status
        opened = await visitor.open("/f/solar")
        view = (await served.exchange.rows("SELECT id FROM form_views"))[0]["id"]
        unsent = await visitor.open(f"/f/solar/done/{view}", follow=False)
        await served.exchange.add(*selling("cedar", state=State.PAUSED))
        closed = await send(visitor, opened, **HOME)

    assert (303, "/f/solar") == (unsent.http_status, unsent.headers["Location"])
    assert 503 == closed.http_status and "takes no requests at the moment" in closed.text


async def test_a_test_form_says_so_and_sells_to_nobody_real(served: Served) -> None:
    await with_form(served.exchange, mode="test", steps=ONE_STEP, least_seconds=0)
    async with stranger(served) as visitor:
        page = await visitor.open("/f/solar")
        sent = await send(visitor, page, **WHOLE, _agree="yes")

    assert "Test form" in page.text and "Thank you" in sent.text
    assert ["test"] == [row["mode"] for row in await served.exchange.rows("SELECT mode FROM leads")]
    assert [] == served.exchange.buyers.posts("acme")
    assert document()["title"] in page.text


async def test_each_company_that_must_be_named_has_a_box_of_its_own(served: Served) -> None:
    await with_policy(served.exchange, required=["tcpa_consent"], policy="named_seller")
    await served.exchange.add(*buying("acme", price=usd("50")), *buying("birch"))
    served.exchange.buyers.bids("birch", "30.00")
    words = {"named": True, "text": "I agree that {buyers} may call me."}
    await with_form(served.exchange, steps=ONE_STEP, least_seconds=0, consent=words)
    async with stranger(served) as visitor:
        page = await visitor.open("/f/solar")
        later(served, 30)
        shown = await send(visitor, page, **WHOLE, _agree="yes")
        unticked = await send(visitor, shown, **WHOLE, _agree="yes")
        sent = await send(visitor, unticked, **WHOLE, _agree="yes", _company1="yes", _company7="yes")

    assert ["Acme", "Birch"] == re.findall(r'name="_company\d"[^>]*><span>(\w+)<', shown.source)
    assert (
        'value="yes" checked><span>Acme' not in shown.source and "those of Acme and Birch that I ticked" in shown.text
    )
    assert 422 == unticked.http_status and "at least one tick" in unticked.text
    assert "Thank you" in sent.text
    assert (0, 1) == tuple(len(served.exchange.buyers.posts(name)) for name in ("acme", "birch"))
