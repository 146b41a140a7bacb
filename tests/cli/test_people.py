"""Keys and users: secrets are shown once, links work once."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from exchange.bootstrap import open_market
from exchange.flows.market import Market
from exchange.flows.master_keys import seal_anew
from exchange.flows.sign_in import start_session
from exchange.settings import load_settings
from exchange.web.api.access import find_caller
from tests.cli.home import Home


async def with_market(folder: Path, secret: str) -> tuple[bool, bool]:
    """Whether a link works, and whether it works again."""
    async with open_market(load_settings(folder / "exchange.toml"), process=False) as market:
        return await works(market, secret), await works(market, secret)


async def works(market: Market, secret: str) -> bool:
    return await start_session(market, secret) is not None


def link_of(text: str) -> str:
    return str(re.findall(r"/login/([\w-]+)", text)[0])


@pytest.mark.parametrize(
    "words", [("user", "add", "ann@harbor.example"), ("user", "login-link", "pat@exchange.example")]
)
def test_a_printed_link_signs_in_once(home: Home, words: tuple[str, ...]) -> None:
    printed = home.run(*words)

    assert 0 == printed.code
    assert (True, False) == asyncio.run(with_market(home.folder, link_of(printed.out)))


def test_the_link_of_init_works_too(tmp_path: Path) -> None:
    home = Home(tmp_path / "new")
    made = home.run("init", "--email", "pat@harbor.example", "--vertical", "solar")

    assert (True, False) == asyncio.run(with_market(home.folder, link_of(made.out)))


def test_nobody_is_added_twice_and_nobody_unknown_gets_a_link(home: Home) -> None:
    again = home.run("user", "add", "PAT@exchange.example")
    unknown = home.run("user", "login-link", "nobody@harbor.example")

    assert (1, True) == (again.code, "login-link" in again.err)
    assert (1, True) == (unknown.code, "user add" in unknown.err)


def test_a_seller_needs_the_party_it_belongs_to(market_home: Home) -> None:
    assert 2 == market_home.run("user", "add", "s@cedar.example", "--role", "seller").code
    assert 1 == market_home.run("user", "add", "s@cedar.example", "--role", "seller", "--party", "oak").code
    assert 0 == market_home.run("user", "add", "s@cedar.example", "--role", "seller", "--party", "cedar").code


def test_an_agent_of_a_buyer_is_let_in_with_its_duty(market_home: Home) -> None:
    add = ("user", "add", "ann@acme.example", "--role", "buyer", "--party", "acme", "--duty")
    made = market_home.run("--json", *add, "agent")
    again = market_home.run(*add, "finance")
    wrong = market_home.run("user", "add", "x@acme.example", "--duty", "agent")

    assert ("agent", 1, 2) == (made.json["duty"], again.code, wrong.code)
    assert "login-link" in again.err and "--role buyer" in wrong.err
    assert [{"duty": "agent", "name": "ann"}] == market_home.rows(
        "SELECT u.duty, a.name FROM users u JOIN agents a ON a.user_id = u.id WHERE u.email = 'ann@acme.example'"
    )
    assert "agent" in market_home.run("user", "list").out


def test_a_key_is_alone_on_stdout_and_only_its_hash_is_kept(market_home: Home) -> None:
    made = market_home.run("key", "create", "--campaign", "cedar-solar", "--mode", "test", "--name", "Cedar dev")
    listed = market_home.run("key", "list")

    assert re.fullmatch(r"ck_test_[\w-]{20,}\n", made.out)
    assert "shown once" in made.err
    assert "Cedar dev" in listed.out
    assert made.out.strip() not in listed.out
    assert made.out.strip().encode() not in market_home.database.read_bytes()


def test_a_revoked_key_is_revoked_once(market_home: Home) -> None:
    made = market_home.run("--json", "key", "create", "--buyer", "acme", "--mode", "live").json
    asked = market_home.run("key", "revoke", made["id"])
    first, second = (market_home.run("key", "revoke", made["id"], "--yes") for _ in range(2))

    assert made["key"].startswith("bk_live_")
    assert (6, 0, 1) == (asked.code, first.code, second.code)
    assert 1 == len(market_home.rows("SELECT id FROM audit_lines WHERE action = 'key.revoked'"))


def test_a_key_for_nobody_is_not_made(market_home: Home) -> None:
    refused = market_home.run("key", "create", "--campaign", "oak-solar")

    assert (1, True) == (refused.code, "cedar-solar" in refused.err)
    assert 2 == market_home.run("key", "create").code


def test_the_address_of_a_csv_is_told_once(market_home: Home) -> None:
    made = market_home.run("--json", "key", "create", "--csv", "acme-solar", "--mode", "live").json
    alone = market_home.run("key", "create", "--csv", "acme-solar", "--mode", "live")
    unknown = market_home.run("key", "create", "--csv", "oak-solar")

    assert made["url"].endswith(f"/c/{made['key']}.csv") and made["key"].startswith("cu_live_")
    assert alone.out.strip().endswith(".csv") and "IMPORTDATA" in alone.err
    assert (1, "There is no contract oak-solar.") == (unknown.code, unknown.err.strip()[:31])
    assert 2 == market_home.run("key", "create", "--csv", "acme-solar", "--buyer", "acme").code


def test_a_program_of_operators_gets_a_key_of_its_own(market_home: Home) -> None:
    made = market_home.run("key", "create", "--operator", "payouts-script", "--json")
    listed = market_home.run("key", "list")

    assert made.json["key"].startswith("ok_live_") and "operator payouts-script" in listed.out
    assert 2 == market_home.run("key", "create", "--operator", "payouts-script", "--mode", "test").code
    assert ("operator", "payouts-script") == asyncio.run(caller_of(market_home.folder, made.json["key"]))


def test_a_key_of_operators_has_a_role_and_an_end(market_home: Home) -> None:
    made = market_home.run("key", "create", "--operator", "money", "--role", "finance", "--expires", "90d", "--json")
    plain = market_home.run("key", "create", "--operator", "look", "--json")
    rows = {row["name"]: row for row in market_home.run("key", "list", "--json").json}
    listed = market_home.run("key", "list").out

    assert ("finance", "analyst") == (made.json["role"], plain.json["role"])
    assert 90 * 86_400_000 == rows["money"]["expires_at"] - rows["money"]["made_at"]
    assert rows["money"]["made_by"].endswith("(command line)") and "never used" in listed and "until" in listed
    for wrong in (("--operator", "x", "--expires", "soon"), ("--buyer", "acme", "--role", "finance")):
        assert 2 == market_home.run("key", "create", *wrong).code


def test_somebody_is_added_changed_disabled_and_let_in_again(market_home: Home) -> None:
    home = market_home
    assert 0 == home.run("user", "add", "fay@harbor.example", "--role", "finance").code
    seller = ("sam@cedar.example", "--role", "seller", "--party", "cedar")
    link = link_of(home.run("user", "add", *seller).out)
    changed = home.run("user", "role", "FAY@harbor.example", "analyst", "--json")
    asked = home.run("user", "disable", "sam@cedar.example")
    out = home.run("user", "disable", "sam@cedar.example", "--yes")
    alone = home.run("user", "disable", "pat@exchange.example", "--yes")
    shown = {row["email"]: row for row in home.run("user", "list", "--json").json}
    back = home.run("user", "enable", "sam@cedar.example")
    reset = home.run("user", "reset-2fa", "fay@harbor.example", "--yes")

    assert (0, 6, 0, 1, 0, 0) == tuple(each.code for each in (changed, asked, out, alone, back, reset))
    assert "Somebody must stay an owner" in alone.err
    assert ("analyst", "disabled") == (shown["fay@harbor.example"]["duty"], shown["sam@cedar.example"]["state"])
    assert (False, False) == asyncio.run(with_market(home.folder, link))  # what was out with them stays out
    assert (1, 2) == (
        home.run("user", "role", "no@body.example", "owner").code,
        home.run("user", "role", "x", "king").code,
    )
    actions = [row["action"] for row in home.rows("SELECT action FROM audit_lines ORDER BY at, id")]
    assert {"user.role_changed", "user.shut_out", "user.let_in", "user.two_factor_off"} <= set(actions)


async def caller_of(folder: Path, secret: str) -> tuple[str, str]:
    async with open_market(load_settings(folder / "exchange.toml"), process=False) as market:
        caller = find_caller(market.deals, secret, "operator", market.clock.now())
    assert caller is not None
    return caller.actor.role.value, caller.actor.name


def test_the_master_key_is_changed_and_the_old_one_taken_out_once_nothing_needs_it(home: Home) -> None:
    def numbers() -> list[str]:
        lines = (home.folder / "exchange.key").read_text().splitlines()
        return [line.partition(":")[0] for line in lines if not line.startswith("#")]

    begun = home.run("key", "rotate", "--json")
    again = home.run("key", "rotate", "--json")
    assert [(2, False)] * 2 == [(told.json["number"], told.json["done"]) for told in (begun, again)]
    assert ["index", "1", "2"] == numbers()
    assert 6 == home.run("key", "retire", "1", "--yes").code
    asyncio.run(seal_all(home.folder))
    assert "exchange key retire 1" in home.run("key", "rotate", "--status").out
    assert 6 == home.run("key", "retire", "1").code  # nobody is here to say yes
    assert 0 == home.run("key", "retire", "1", "--yes").code
    assert ["index", "2"] == numbers()
    assert 0 == home.run("check").code
    (home.folder / "exchange.key").unlink()
    assert 5 == home.run("key", "rotate").code


async def seal_all(folder: Path) -> None:
    async with open_market(load_settings(folder / "exchange.toml"), process=False) as market:
        await seal_anew(market, {"number": 2})
