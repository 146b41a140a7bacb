"""Who may look at the console, and what every page of it promises browsers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from exchange.web.rail import rail
from exchange.web.statics import FOLDER, SHEETS
from tests.market import open_exchange
from tests.web.served import Served, serve_exchange
from tests.web.visitor import OPERATOR, later, login_path, signed_in, stranger

PAGES = (
    "/console",
    "/console/deliveries",
    "/console/leads",
    "/console/more",
    "/console/unclear",
    "/console/help/terms",
)
TWINS = (
    "/console.json",
    "/console/deliveries.json",
    "/console/leads.json",
    "/console/leads.csv",
    "/console/unclear.json",
)
THEMES = (":root {", ':root[data-theme="dark"] {')
INKS = (
    ("ink", "bg"),
    ("ink2", "surface"),
    ("ink3", "surface"),
    ("ink3", "bg"),
    ("ink3", "sunken"),
    ("accent", "surface"),
)
TONES = ("good", "warn", "bad", "info", "accent")


async def test_a_link_signs_in_once_and_then_says_how_to_get_another(served: Served) -> None:
    link = await login_path(served)
    async with served.session.head(served.address + link) as previewed:
        assert 405 == previewed.status
    async with stranger(served) as first, stranger(served) as second:
        assert 200 == (await first.open(link)).http_status
        again = await second.open(link)

        assert 410 == again.http_status
        assert "works once" in again.text and "exchange user login-link" in again.text
        assert "/login" == (await second.open("/console", follow=False)).headers["Location"]


async def test_the_console_has_no_other_address_with_a_slash_behind_it(served: Served) -> None:
    async with stranger(served) as visitor:
        page = await visitor.open("/console/", follow=False)

    assert (303, "/console") == (page.http_status, page.headers["Location"])


async def test_a_link_that_ran_out_is_gone(served: Served) -> None:
    link = await login_path(served)
    later(served, 15 * 60 + 1)
    async with stranger(served) as visitor:
        assert 410 == (await visitor.open(link)).http_status


async def test_without_a_session_every_page_leads_to_the_way_in_and_no_twin_tells_anything(served: Served) -> None:
    async with stranger(served) as visitor:
        for path in (*PAGES, "/console/leads/ld_1"):
            answer = await visitor.open(path, follow=False)

            assert (303, "/login") == (answer.http_status, answer.headers["Location"])
            assert "exchange user login-link" in (await visitor.open(path)).text
        for path in (*TWINS, "/console/leads/ld_1.json"):
            assert 401 == (await visitor.open(path)).http_status


async def test_sellers_and_buyers_are_told_that_this_is_for_operators(served: Served) -> None:
    for role, party, own in (("seller", "cedar", "Your part of the exchange"), ("buyer", "acme", "Store")):
        async with signed_in(served, f"{role}@party.example", role, party) as visitor:
            for path in (*PAGES, *TWINS, "/console/leads/ld_1", "/console/search?q=ld_1"):
                answer = await visitor.open(path)
                if path == "/console":
                    assert own in answer.text
                    continue
                assert 403 == answer.http_status, path
                assert "role operator" in answer.text


async def test_every_entry_of_everybody_s_rail_is_a_page(served: Served) -> None:
    for role, party in (("operator", None), ("seller", "cedar"), ("buyer", "acme")):
        async with signed_in(served, f"{role}@rail.example", role, party) as visitor:
            entries = [entry for group in rail(role) for entry in group.entries]
            assert entries, role
            for entry in entries:
                page = await visitor.open(entry.path)
                assert 200 == page.http_status, entry.path
                assert [entry.key] == re.findall(r'aria-current="page" data-testid="nav-([\w-]+)"', page.source)


async def test_a_form_without_its_token_changes_nothing(served: Served) -> None:
    async with signed_in(served) as visitor:
        assert 403 == (await visitor.send("/console/theme", theme="dark")).http_status
        for token in ("", "made-up", "ü"):
            assert 403 == (await visitor.send("/console/theme", theme="dark", csrf=token)).http_status
        assert 403 == (await visitor.send("/logout")).http_status
        assert 'data-theme="auto"' in (await visitor.open("/console")).source


async def test_a_token_of_another_session_is_worth_nothing(served: Served) -> None:
    async with signed_in(served) as one, signed_in(served, "otto@operator.example") as other:
        token = (await other.open("/console")).token

        assert 403 == (await one.send("/console/theme", theme="dark", csrf=token)).http_status


async def test_no_script_can_read_the_session_and_it_stays_on_tls(tmp_path: Path) -> None:
    for place, public_url, secure in (("a", "http://127.0.0.1:8080", False), ("b", "https://leads.example", True)):
        (tmp_path / place).mkdir()
        async with (
            open_exchange(tmp_path / place, public_url=public_url) as exchange,
            serve_exchange(exchange) as served,
            stranger(served) as visitor,
        ):
            cookie = (await visitor.open(await login_path(served), follow=False)).headers["Set-Cookie"]

            assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
            assert secure == ("Secure" in cookie)


async def test_signing_out_ends_the_session_on_the_server(served: Served) -> None:
    async with signed_in(served) as visitor:
        cookies = {each.key: each.value for each in visitor.session.cookie_jar}
        await visitor.submit("/logout")
        visitor.session.cookie_jar.update_cookies(cookies)  # somebody kept the cookie

        assert "/login" == (await visitor.open("/console", follow=False)).headers["Location"]


async def test_a_session_ends_after_twelve_hours(served: Served) -> None:
    async with signed_in(served) as visitor:
        later(served, 12 * 3600 + 1)

        assert 303 == (await visitor.open("/console", follow=False)).http_status


async def test_the_chosen_theme_is_in_the_first_bytes(served: Served) -> None:
    async with signed_in(served) as visitor:
        back = await visitor.submit("/console/theme", theme="dark", back="/console/leads?status=sold", follow=False)

        assert "/console/leads?status=sold" == back.headers["Location"]
        assert 'data-theme="dark"' in (await visitor.open("/console")).source[:120]


async def test_a_form_sends_nobody_to_another_place(served: Served) -> None:
    async with signed_in(served) as visitor:
        for back in ("https://evil.example/console", "//evil.example/console", "/\\evil.example", "/api/v1"):
            sent = await visitor.submit("/console/theme", theme="dark", back=back, follow=False)

            assert "/console" == sent.headers["Location"]


async def test_every_page_keeps_the_rules_of_a_page(served: Served) -> None:
    async with signed_in(served) as visitor:
        for path in PAGES:
            page = await visitor.open(path)
            source = page.source

            assert 200 == page.http_status
            assert 1 == source.count("<h1"), path
            assert "default-src 'self'" in page.headers["Content-Security-Policy"]
            assert "unsafe" not in page.headers["Content-Security-Policy"]
            assert "no-store" == page.headers["Cache-Control"]
            assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?! src=\"/static/)", source), path
            assert not re.search(r'(?:src|href|action)="(?:https?:)?//', source), path
            assert 'href="#main"' in source and '<main class="main" id="main">' in source
            assert all("datetime=" in tag for tag in re.findall(r"<time[^>]*>", source))


async def test_assets_are_kept_for_a_year_under_the_hash_of_what_they_hold(served: Served) -> None:
    async with signed_in(served) as visitor:
        source = (await visitor.open("/console")).source
        paths = re.findall(r'"(/static/[^"]+)"', source)
        assert {"app.css", "app.js", "mark.svg"} == {path.rsplit("/", 1)[1] for path in paths}
        for path in paths:
            asset = await visitor.open(path)
            assert 200 == asset.http_status
            assert "public, max-age=31536000, immutable" == asset.headers["Cache-Control"]
        assert 404 == (await visitor.open("/static/000000000000/app.css")).http_status


async def test_the_operator_is_told_who_is_signed_in(served: Served) -> None:
    async with signed_in(served) as visitor:
        assert f"Signed in as {OPERATOR}" in (await visitor.open("/console")).source


@pytest.mark.parametrize("theme", THEMES)
def test_words_stand_out_from_what_is_behind_them_in_both_themes(theme: str) -> None:
    colours = _colours(theme)
    pairs = [*INKS, *((tone, f"{tone}-weak") for tone in TONES), ("accent-ink", "accent")]

    for ink, behind in pairs:
        assert 4.5 <= _contrast(colours[ink], colours[behind]), (ink, behind)


def test_every_sheet_of_the_folder_is_part_of_the_stylesheet() -> None:
    assert set(SHEETS) == {path.name for path in (FOLDER / "css").iterdir()}


def _colours(theme: str) -> Mapping[str, str]:
    text = (FOLDER / "css" / "tokens.css").read_text("utf-8")
    block = text[text.index(theme) :].split("}")[0]
    return {name: _long(value) for name, value in re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block)}


def _long(value: str) -> str:
    return value if len(value) == 7 else "#" + "".join(letter * 2 for letter in value[1:])


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_class_is_dressed_by_one_sheet_alone() -> None:
    """All sheets are one in the browser: two that dress `.way` each in its own manner would undress each other."""
    beside = r"/\*.*?\*/|@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}|:\w+\([^()]*\)"
    dressed: dict[str, set[str]] = {}
    for name in SHEETS:
        plain = re.sub(beside, ":", (FOLDER / "css" / name).read_text("utf-8"), flags=re.DOTALL)
        for selector in ",".join(re.findall(r"([^{}]+)\{", plain)).split(","):
            if alone := re.fullmatch(r"[\s:]*\.([\w-]+)\s*", selector):
                dressed.setdefault(alone[1], set()).add(name)

    assert 150 < len(dressed)
    assert {} == {name: sheets for name, sheets in dressed.items() if len(sheets) > 1}
