"""Sign-on by a company's own accounts, against a provider that really signs, and against its lies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from exchange.clock import SimulatedClock
from tests.market import NOW, open_exchange
from tests.oidc_provider import CLIENT, SECRET, Provider, serve_provider
from tests.web.served import Served, serve_exchange
from tests.web.visitor import OPERATOR, Page, Visitor, later, signed_in, stranger

OLIVE = {"sub": "u-1", "email": OPERATOR, "email_verified": True}


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    clock = SimulatedClock(NOW)
    async with serve_provider(clock.now) as provider:
        yield provider


def settings(provider: Provider, **more: Any) -> dict[str, Any]:
    return {
        "by_wire": {"acme": "127.0.0.1:1"},
        "sign_on_issuer": provider.issuer,
        "sign_on_client_id": CLIENT,
        "sign_on_client_secret": SECRET,
        **more,
    }


async def there_and_back(visitor: Visitor) -> str:
    """Where the provider sends somebody who signed in there."""
    out = await visitor.open("/login/sign-on", follow=False)
    assert 303 == out.http_status, out.text
    async with visitor.session.get(out.headers["Location"], allow_redirects=False) as response:
        return response.headers["Location"].removeprefix("http://127.0.0.1:8080")


async def sign_on(served: Served) -> Page:
    async with stranger(served) as visitor:
        return await visitor.open(await there_and_back(visitor), follow=False)


async def test_somebody_who_was_invited_signs_on_and_is_known_by_the_provider_s_name(
    tmp_path: Path, provider: Provider
) -> None:
    async with open_exchange(tmp_path, **settings(provider)) as exchange, serve_exchange(exchange) as served:
        provider.now = exchange.clock.now
        provider.claims = OLIVE
        unknown = await sign_on(served)
        async with signed_in(served) as visitor, stranger(served) as other:
            login = await other.open("/login")
            back = await there_and_back(other)
            entered = await other.open(back, follow=False)
            again = await other.open(back, follow=False)
            provider.claims = {"sub": "u-1", "email": "renamed@operator.example"}
            renamed = await sign_on(served)
            provider.claims = {"sub": "u-2", "email": OPERATOR, "email_verified": True}
            taken_over = await sign_on(served)
            page = await other.open("/account")
            assert 200 == (await visitor.open("/console")).http_status

    assert (401, True) == (unknown.http_status, "ask an owner to invite you" in unknown.text)
    assert "Sign in with your company account" in login.text
    assert "/console" == entered.headers["Location"] == renamed.headers["Location"]
    assert 401 == again.http_status  # a code and its sign-in are good once
    assert (401, True) == (taken_over.http_status, "another company account" in taken_over.text)
    assert "the company's sign-on and a second factor" in page.part("devices")


async def test_what_the_provider_did_not_sign_for_this_sign_in_lets_nobody_in(
    tmp_path: Path, provider: Provider
) -> None:
    lies: dict[str, Any] = {
        "another nonce": lambda claims: provider.sign({**claims, "nonce": "x"}),
        "no nonce": lambda claims: provider.sign({name: claims[name] for name in claims if name != "nonce"}),
        "for somebody else": lambda claims: provider.sign({**claims, "aud": "another-client"}),
        "for us and them": lambda claims: provider.sign({**claims, "aud": [CLIENT, "another-client"]}),
        "by another issuer": lambda claims: provider.sign({**claims, "iss": "https://evil.example"}),
        "over": lambda claims: provider.sign({**claims, "exp": claims["iat"] - 120}),
        "never over": lambda claims: provider.sign({name: claims[name] for name in claims if name != "exp"}),
        "signed by our secret": provider.sign_by_secret,
        "signed by another key": lambda claims: provider.sign(claims, ECKey.generate_key("P-256", {"kid": "k1"})),
        "not signed": lambda claims: "eyJhbGciOiJub25lIn0." + provider.sign(claims).split(".")[1] + ".",
        "no token": lambda claims: "nonsense",
        "nobody": lambda claims: provider.sign({**claims, "sub": ""}),
        "not proved": lambda claims: provider.sign({**claims, "email_verified": "true"}),
    }
    async with open_exchange(tmp_path, **settings(provider)) as exchange, serve_exchange(exchange) as served:
        provider.now = exchange.clock.now
        provider.claims = OLIVE
        async with signed_in(served):
            for what, forge in lies.items():
                provider.forge = forge
                assert 401 == (await sign_on(served)).http_status, what
                later(served, 3_700)
            provider.forge = None
            async with stranger(served) as victim, stranger(served) as attacker:
                back = await there_and_back(attacker)
                assert 401 == (await victim.open(back)).http_status  # of another browser
                back = await there_and_back(victim)
                assert 401 == (await victim.open(back.replace("state=", "state=x"))).http_status
                back = await there_and_back(victim)
                assert 401 == (await victim.open(f"{back}&error=denied")).http_status
                later(served, 3_700)
                back = await there_and_back(victim)
                assert "/console" == (await victim.open(back, follow=False)).headers["Location"]
    assert all(len(form["code_verifier"]) >= 43 for form in provider.asked)


async def test_a_claim_gives_the_role_and_takes_it(tmp_path: Path, provider: Provider) -> None:
    roles = {"sign_on_role_claim": "groups", "sign_on_roles": ("lead-admins=admin", "lead-money=finance")}
    async with open_exchange(tmp_path, **settings(provider, **roles)) as exchange, serve_exchange(exchange) as served:
        provider.now = exchange.clock.now
        async with signed_in(served), stranger(served) as visitor:  # an owner there is
            provider.claims = {**OLIVE, "email": "fay@operator.example", "groups": ["lead-money", "all"]}
            await visitor.open(await there_and_back(visitor), follow=False)
            money = (
                (await visitor.open("/console/ledger")).http_status,
                (await visitor.open("/console/users")).http_status,
            )
            provider.claims = {**provider.claims, "groups": "lead-admins"}
            await visitor.open(await there_and_back(visitor), follow=False)
            admin = (await visitor.open("/console/users")).http_status
            provider.claims = {**provider.claims, "groups": ["all"]}
            none = await sign_on(served)

    assert [200, 403, 200] == [*money, admin]
    assert (401, True) == (none.http_status, "no role here" in none.text)
