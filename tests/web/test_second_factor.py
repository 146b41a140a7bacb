"""A second factor: codes of an app, codes on paper, and an exchange that asks its people for one."""

from __future__ import annotations

import re

import pyotp

from exchange.storage.database import Tx
from exchange.worker import run_jobs
from tests.web.served import Served
from tests.web.signing_in import PASSWORD, form_token, is_in, try_password, with_password
from tests.web.visitor import OPERATOR, Page, Visitor, later, login_path, signed_in, stranger

SEED = re.compile(r'data-testid="seed">([A-Z2-7 ]+)<')


def code_of(served: Served, seed: str, steps: int = 0) -> str:
    return pyotp.TOTP(seed).at(served.exchange.clock.now() // 1000 + 30 * steps)


async def set_up(served: Served, visitor: Visitor, password: str = PASSWORD) -> tuple[str, list[str]]:
    """The seed, and the recovery codes."""
    page = await visitor.open("/account/two-factor")
    found = SEED.search(page.source)
    assert found is not None
    seed = found[1].replace(" ", "")
    path, code = "/account/two-factor", code_of(served, seed)
    done = await visitor.send(path, csrf=page.token, code=code, password=password)
    return seed, re.findall(r"<code>([A-Z2-7-]{19})</code>", done.source)


async def give(visitor: Visitor, code: str) -> Page:
    return await visitor.send("/login/second", follow=False, csrf=await form_token(visitor), code=code)


async def test_a_code_is_asked_after_the_password_and_works_once(served: Served) -> None:
    async with with_password(served) as owner, stranger(served) as visitor:
        seed, codes = await set_up(served, owner)
        later(served, 60)
        asked = await try_password(visitor, OPERATOR, PASSWORD)
        not_in = await visitor.open("/console", follow=False)
        wrong = await give(visitor, "000000")
        code = code_of(served, seed)
        right = await give(visitor, code)
        async with stranger(served) as thief:
            await try_password(thief, OPERATOR, PASSWORD)
            replayed = await give(thief, code)
            before = await give(thief, code_of(served, seed, -1))
            on_paper = await give(thief, codes[0].lower())
            await thief.submit("/logout")
            await try_password(thief, OPERATOR, PASSWORD)
            used = await give(thief, codes[0])
            second = await give(thief, codes[1].replace("-", " "))

    assert (10, "/login/second", "/login") == (len(codes), asked.headers["Location"], not_in.headers["Location"])
    assert [401, 401, 401, 401] == [each.http_status for each in (wrong, replayed, before, used)]
    assert is_in(right) and is_in(on_paper) and is_in(second)
    [row] = await served.exchange.rows("SELECT totp FROM users WHERE email = :email", email=OPERATOR)
    kept = str(await served.exchange.rows("SELECT * FROM recovery_codes")) + str(bytes(row["totp"]))
    assert seed not in kept and codes[2].replace("-", "") not in kept


async def test_a_link_is_no_way_around_it_and_guessing_ends_the_step(served: Served) -> None:
    async with with_password(served) as owner, stranger(served) as visitor:
        seed, _ = await set_up(served, owner)
        linked = await visitor.open(await login_path(served), follow=False)
        tries = [(await give(visitor, f"{number:06d}")).http_status for number in range(5)]
        slowed = await give(visitor, code_of(served, seed))
        later(served, 20)
        over = await give(visitor, code_of(served, seed))

    assert "/login/second" == linked.headers["Location"]
    assert [401] * 5 == tries and 429 == slowed.http_status
    assert (303, "/login") == (
        over.http_status,
        over.headers["Location"],
    )  # the password is asked anew


async def test_turning_it_on_and_off_asks_for_the_password_and_is_told(served: Served) -> None:
    exchange = served.exchange
    async with with_password(served) as owner:
        page = await owner.open("/account/two-factor")
        assert 'class="qr"' in page.source and "style=" not in page.source
        seed = (SEED.search(page.source) or [""] * 2)[1].replace(" ", "")
        path = "/account/two-factor"
        no_password = await owner.send(path, csrf=page.token, code=code_of(served, seed), password="no")
        no_code = await owner.send(path, csrf=page.token, code="123", password=PASSWORD)
        await set_up(served, owner)
        kept_on = await owner.send(f"{path}/off", csrf=page.token, password="no")
        new = await owner.send(f"{path}/codes", csrf=page.token, password=PASSWORD)
        off = await owner.send(f"{path}/off", csrf=page.token, password=PASSWORD)
        later(served, 1)
        while await run_jobs(exchange.market):
            pass

    assert [403, 422, 403, 200, 200] == [each.http_status for each in (no_password, no_code, kept_on, new, off)]
    assert 10 == len(re.findall(r"<code>([A-Z2-7-]{19})</code>", new.source))
    assert "not asked for any more" in off.text
    assert 1 == len([mail for mail in exchange.buyers.mailed if "two-factor" in mail.subject and OPERATOR in mail.to])


async def test_an_exchange_may_ask_all_its_people_for_one(served: Served) -> None:
    async with signed_in(served) as owner, signed_in(served, "otto@operator.example") as otto:
        page = await owner.open("/console/security")
        saved = await owner.send("/console/security", csrf=page.token, staff_second="yes", session_hours="12")
        assert 200 == saved.http_status
        led = await otto.open("/console/leads", follow=False)
        shown = await otto.open("/console/leads")
        twin = await otto.open("/console/leads.json")
        posted = await otto.send("/console/theme", csrf=shown.token, theme="dark", follow=False)
        await set_up(served, otto, "")
        free = await otto.open("/console/leads")
        async with signed_in(served, "sam@cedar.example", "seller", "cedar") as seller:
            assert 200 == (await seller.open("/seller")).http_status

    assert "/account/two-factor" == led.headers["Location"] == posted.headers["Location"]
    assert (True, 403, 200) == ("asks its people for a second factor" in shown.text, twin.http_status, free.http_status)


async def test_the_console_is_used_from_its_networks_alone(served: Served) -> None:
    async with with_password(served) as owner, stranger(served) as visitor:
        token = (await owner.open("/console/security")).token

        async def save(networks: str) -> Page:
            return await owner.send("/console/security", csrf=token, session_hours="6", networks=networks)

        shut_out, nonsense = await save("203.0.113.0/24"), await save("10.0.0.0/99")
        good = await save("127.0.0.0/8\n203.0.113.7")
        told = (await owner.open("/console/security.json")).fields
        assert is_in(await try_password(visitor, OPERATOR, PASSWORD))
        await served.exchange.market.db.write(_only_from_elsewhere)
        link = await login_path(served)
        async with stranger(served) as other:
            refused = [await other.open(link), await try_password(other, OPERATOR, PASSWORD)]
        inside = [(await visitor.open(path)).http_status for path in ("/console", "/console/leads.json", "/account")]

    assert [422, 422, 200] == [each.http_status for each in (shut_out, nonsense, good)]
    assert "you would be shut out" in shut_out.text
    assert (6, ["127.0.0.0/8", "203.0.113.7/32"]) == (told["session_hours"], told["console_networks"])
    assert [403, 401] == [each.http_status for each in refused] and [403] * 3 == inside


async def _only_from_elsewhere(tx: Tx) -> None:
    document = '{"staff_second": false, "session_hours": 12, "networks": ["203.0.113.0/24"]}'
    await tx.execute("UPDATE security_rules SET document = :document", document=document)
