"""Signing in by a password: chosen, changed, forgotten, and guessed at."""

from __future__ import annotations

import re

import pytest

from exchange.worker import run_jobs
from tests.market import Exchange
from tests.web.served import Served
from tests.web.signing_in import OTHER, PASSWORD, choose_password, form_token, is_in, try_password, with_password
from tests.web.visitor import OPERATOR, later, signed_in, stranger

NOBODY = "nobody@operator.example"


async def work_off(exchange: Exchange) -> None:
    while await run_jobs(exchange.market):
        pass


async def test_a_password_is_chosen_and_signs_in(served: Served) -> None:
    async with with_password(served), stranger(served) as visitor:
        assert is_in(await try_password(visitor, f" {OPERATOR.upper()} ", PASSWORD))
        assert "Signed in as" in (await visitor.open("/console")).source
        assert is_in(await visitor.open("/login", follow=False))
    [row] = await served.exchange.rows("SELECT password FROM users WHERE email = :email", email=OPERATOR)
    assert row["password"].startswith("$argon2id$") and PASSWORD not in row["password"]


@pytest.mark.parametrize(("role", "party", "home"), [("seller", "cedar", "/seller"), ("buyer", "acme", "/buyer")])
async def test_sellers_and_buyers_people_have_passwords_too(served: Served, role: str, party: str, home: str) -> None:
    email = f"sam@{party}.example"
    async with with_password(served, email, role, party), stranger(served) as visitor:
        assert is_in(await try_password(visitor, email, PASSWORD))
        entered = await visitor.open("/console", follow=False)
        account = await visitor.open("/account")

    assert home == entered.headers["Location"]
    assert (200, True) == (account.http_status, party.capitalize() in account.text)


async def test_no_account_has_a_password_that_nobody_chose(served: Served) -> None:
    async with signed_in(served), stranger(served) as visitor:
        for password in ("admin", "demo", "password", ""):
            assert 401 == (await try_password(visitor, OPERATOR, password)).http_status


async def test_nobody_learns_whether_an_address_exists(served: Served) -> None:
    async with with_password(served), stranger(served) as one, stranger(served) as other:
        known = [await try_password(one, OPERATOR, f"wrong {number}") for number in range(6)]
        later(served, 7_200)
        unknown = [await try_password(other, NOBODY, f"wrong {number}") for number in range(6)]
        asked = []
        later(served, 7_200)
        for email in (OPERATOR, NOBODY):
            token = await form_token(one)
            asked.append(await one.send("/login/forgot", csrf=token, email=email))

    assert [401] * 5 + [429] == [each.http_status for each in known] == [each.http_status for each in unknown]
    assert [each.part("problem") for each in known] == [each.part("problem") for each in unknown]
    assert asked[0].text == asked[1].text and asked[0].http_status == 200


async def test_five_wrong_ones_slow_down_and_stand_in_the_audit_log(served: Served) -> None:
    async with with_password(served), stranger(served) as visitor:
        for _ in range(5):
            assert 401 == (await try_password(visitor, OPERATOR, "my secret typed elsewhere")).http_status
        slowed = await try_password(visitor, OPERATOR, PASSWORD)
        later(served, 16)
        right = await try_password(visitor, OPERATOR, PASSWORD)
        await visitor.submit("/logout")
        wrong = await try_password(visitor, OPERATOR, "no")

    assert (429, "15") == (slowed.http_status, slowed.headers["Retry-After"])
    assert "Try again in 15 seconds" in slowed.text
    assert is_in(right)  # and forgets what was wrong before
    assert 401 == wrong.http_status
    lines = await served.exchange.rows("SELECT * FROM audit_lines WHERE action LIKE 'sign_in.%' ORDER BY at, id")
    actions = [line["action"] for line in lines]
    assert (6, 1) == (actions.count("sign_in.failed"), actions.count("sign_in.slowed"))
    assert all(line["ip"] == "127.0.0.1" for line in lines)
    assert "my secret" not in str(lines)


async def test_an_address_that_guesses_at_many_accounts_waits_too(served: Served) -> None:
    async with with_password(served) as owner, stranger(served) as visitor:
        for number in range(5):
            assert 401 == (await try_password(visitor, f"guess{number}@operator.example", "x")).http_status
        assert 429 == (await try_password(visitor, OPERATOR, PASSWORD)).http_status
        await owner.submit("/logout")
        own_browser = await try_password(owner, OPERATOR, PASSWORD)

    assert is_in(own_browser)  # nobody who guesses keeps out whom we know


async def test_being_right_about_one_account_gives_no_more_tries_at_others(served: Served) -> None:
    async with with_password(served), stranger(served) as visitor:
        for number in range(4):
            await try_password(visitor, f"guess{number}@operator.example", "x")
        assert is_in(await try_password(visitor, OPERATOR, PASSWORD))
    async with stranger(served) as visitor:
        assert 401 == (await try_password(visitor, "guess5@operator.example", "x")).http_status
        assert 429 == (await try_password(visitor, "guess6@operator.example", "x")).http_status


async def test_a_form_from_elsewhere_signs_nobody_in(served: Served) -> None:
    async with with_password(served), stranger(served) as visitor, stranger(served) as other:
        foreign = (await other.open("/login")).token
        assert 403 == (await visitor.send("/login", email=OPERATOR, password=PASSWORD)).http_status
        await visitor.open("/login")
        for token in ("", foreign, "ü"):
            assert 403 == (await visitor.send("/login", csrf=token, email=OPERATOR, password=PASSWORD)).http_status
        token = (await visitor.open("/login")).token
        visitor.session.headers["Sec-Fetch-Site"] = "cross-site"
        assert 403 == (await visitor.send("/login", csrf=token, email=OPERATOR, password=PASSWORD)).http_status


async def test_a_session_is_a_new_one_at_every_sign_in(served: Served) -> None:
    async with with_password(served) as visitor:
        before = {each.key: each.value for each in visitor.session.cookie_jar}
        await try_password(visitor, OPERATOR, PASSWORD)
        after = {each.key: each.value for each in visitor.session.cookie_jar}
        assert before["exchange_session"] != after["exchange_session"]
        assert before["exchange_known"] != after["exchange_known"]
        visitor.session.cookie_jar.clear()
        visitor.session.cookie_jar.update_cookies(before)

        assert "/login" == (await visitor.open("/console", follow=False)).headers["Location"]


async def test_another_password_needs_the_one_before_and_ends_other_sessions(served: Served) -> None:
    async with with_password(served) as visitor, stranger(served) as other:
        await try_password(other, OPERATOR, PASSWORD)
        missing = await choose_password(visitor, OTHER)
        short = await choose_password(visitor, "short", password=PASSWORD)
        unlike = await choose_password(visitor, OTHER, password=PASSWORD, again="something else")
        still_in = (await other.open("/console", follow=False)).http_status
        changed = await choose_password(visitor, OTHER, password=PASSWORD)
        out = await other.open("/console", follow=False)
        old, new = await try_password(other, OPERATOR, PASSWORD), await try_password(other, OPERATOR, OTHER)

    assert [403, 422, 422, 200] == [each.http_status for each in (missing, short, unlike, changed)]
    assert "at least 12" in short.part("problem") and "not the same" in unlike.part("problem")
    assert (200, "/login") == (still_in, out.headers["Location"])
    assert 401 == old.http_status and is_in(new)


async def test_a_forgotten_password_is_chosen_anew_by_a_mail_that_works_once(served: Served) -> None:
    exchange = served.exchange
    async with with_password(served) as owner, stranger(served) as visitor:
        token = await form_token(visitor)
        for email in (OPERATOR, NOBODY, "no address"):
            await visitor.send("/login/forgot", csrf=token, email=email)
        later(served, 1)
        await work_off(exchange)
        [mail] = [each for each in exchange.buyers.mailed if "choose a new password" in each.subject]
        found = re.search(r"/login/password/([\w-]+)", mail.text)
        assert found is not None and (OPERATOR,) == mail.to
        path = found[0]
        no_way_in = await visitor.open(f"/login/{found[1]}")
        for _ in range(2):  # a scanner of mail looks at it too
            page = await visitor.open(path)
        bad = await visitor.send(path, csrf=page.token, new="short", again="short")
        done = await visitor.send(path, csrf=page.token, new=OTHER, again=OTHER)
        again = await visitor.send(path, csrf=page.token, new=PASSWORD, again=PASSWORD)
        assert is_in(await try_password(visitor, OPERATOR, OTHER))
        assert "/login" == (await owner.open("/console", follow=False)).headers["Location"]

    assert [410, 200, 422, 200, 410] == [each.http_status for each in (no_way_in, page, bad, done, again)]
    stored = await exchange.rows("SELECT payload FROM jobs")
    assert found[1] not in str(stored)


async def test_where_one_is_signed_in_is_listed_and_ended(served: Served) -> None:
    async with with_password(served) as visitor, stranger(served) as phone, stranger(served) as tablet:
        for other in (phone, tablet):
            await try_password(other, OPERATOR, PASSWORD)
        page = await visitor.open("/account")
        [first, second] = re.findall(r"/account/sign-out/[0-9a-f]{16}", page.source)
        token = page.token
        await visitor.send(first, csrf=token)
        out = [(await each.open("/console", follow=False)).http_status for each in (phone, tablet)]
        await visitor.send("/account/sign-out-others", csrf=token)
        none_left = [(await each.open("/console", follow=False)).http_status for each in (phone, tablet)]
        assert 200 == (await visitor.open("/console", follow=False)).http_status
        await try_password(phone, OPERATOR, PASSWORD)
        async with signed_in(served, "otto@operator.example") as stranger_to_it:
            own = await stranger_to_it.open("/account")
            await stranger_to_it.send(second, csrf=own.token)

        assert 200 == (await phone.open("/console", follow=False)).http_status
    assert (3, sorted(out), none_left) == (page.source.count('data-testid="device"'), [200, 303], [303, 303])
    assert "Firefox 140 on Linux" in page.part("devices") and "127.0.0.1" in page.part("devices")
    assert 1 == own.source.count('data-testid="device"')


async def test_a_sign_in_from_a_new_place_is_told_by_mail_to_them_and_the_owners(served: Served) -> None:
    exchange = served.exchange
    async with with_password(served, "ann@acme.example", "buyer", "acme") as visitor:
        await try_password(visitor, "ann@acme.example", PASSWORD)
        later(served, 1)
        await work_off(exchange)
        assert [] == [each for each in exchange.buyers.mailed if "new place" in each.subject]
        async with stranger(served) as other:
            await try_password(other, "ann@acme.example", PASSWORD)
        later(served, 1)
        await work_off(exchange)

    [mail] = [each for each in exchange.buyers.mailed if "new place" in each.subject]
    assert ("ann@acme.example",) == mail.to
    assert "Firefox 140 on Linux from 127.0.0.1" in mail.text and "/account" in mail.text


async def test_a_step_is_forgotten_when_it_is_over(served: Served) -> None:
    async with stranger(served) as visitor:
        assert "/login" == (await visitor.open("/login/second", follow=False)).headers["Location"]
        assert 410 == (await visitor.open("/login/password/made-up")).http_status
        assert 410 == (await visitor.open(f"/login/password/{'x' * 500}")).http_status
