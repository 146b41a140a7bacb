"""Settings: all found from one page; what is set here holds at once, is noted and undone; the file's are shown."""

from __future__ import annotations

import re
import tarfile
from dataclasses import replace
from io import BytesIO

import orjson
import pytest
from PIL import Image

from exchange.flows.house import CHOICES
from exchange.model.house import FiledHouse, House
from exchange.model.rights import Staff
from exchange.settings import Settings
from exchange.web.console.settings._shown import GROUPS
from exchange.worker import run_jobs
from tests.web.leads import sell
from tests.web.served import Served, serve_exchange
from tests.web.test_rights import visiting
from tests.web.visitor import OPERATOR, Page, Visitor, later, signed_in, stranger

HOME = "/console/settings"
GENERAL, DATA = f"{HOME}/general", f"{HOME}/data"


async def choose(visitor: Visitor, name: str, value: str, do: str = "save") -> int:
    page = await visitor.submit(f"{HOME}/choice", setting=name, value=value, do=do, back=DATA)
    return page.http_status


def test_every_setting_of_the_file_stands_in_one_group() -> None:
    listed = [name for names in GROUPS.values() for name in names]

    assert sorted(listed) == sorted(Settings.model_fields)
    assert set(CHOICES) == set(House._fields)


async def test_every_part_says_how_it_stands_and_leads_to_a_page_that_opens(served: Served) -> None:
    async with signed_in(served) as visitor:
        told = (await visitor.open(f"{HOME}.json")).fields["parts"]
        for path in {path for part in told for path in part["pages"]}:
            assert 200 == (await visitor.open(path)).http_status, path
        page = await visitor.open(HOME)
        await visiting(served, Staff.ANALYST, visitor)
        barred = await visitor.open(HOME)

    assert {"general", "verticals", "checks", "returns", "payouts", "notifications", "users", "security", "keys",
            "privacy", "providers", "data", "health"} == {part["part"] for part in told}  # fmt: skip
    assert all(part["stands"] in page.text for part in told)
    assert "This needs the role owner or admin." in barred.text and f'href="{DATA}"' not in barred.source


async def test_what_is_set_holds_at_once_and_is_noted_and_undone(served: Served) -> None:
    market = served.exchange.market
    async with signed_in(served) as visitor:
        assert 200 == await choose(visitor, "retention_raw_days", "90")
        assert 200 == await choose(visitor, "name", "Harbor Leads")
        assert (90, "Harbor Leads", "Harbor Leads") == (
            market.retention_days["lead"], market.name, market.issuer.name
        )  # fmt: skip
        page = await visitor.open(DATA)
        assert f"by {OPERATOR}" in page.text and "At install: 180." in page.text
        assert "Harbor Leads" in (await visitor.open(GENERAL)).source.split("</title>")[0]
        [line] = await served.exchange.rows(
            "SELECT id, ip, before_json, after_json FROM audit_lines WHERE subject = 'setting:retention_raw_days'"
        )
        assert ("127.0.0.1", True, True) == (line["ip"], "180" in line["before_json"], "90" in line["after_json"])
        await visitor.submit(f"/console/audit/{line['id']}/undo")
        assert 180 == market.retention_days["lead"]
        assert 200 == await choose(visitor, "name", "", do="reset")
        assert House().name == market.name


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("retention_raw_days", "0", "a whole number of days from 1 to 3,650. Got '0'."),
        ("payout_two_above_units", "much", "payout_two_above: an amount such as 5000.00. Got 'much'."),
        ("name", "  ", "how the exchange is called"),
        ("colour", "blue", "colour: a colour such as #1f4fd1. Got 'blue'."),
        ("colour", "#ffcc00", "contrast is 1.3 to 1, and text on a page needs 4.5 to 1 (WCAG AA). The nearest darker"),
        ("name", "a\nb", "name: one line."),
        ("invoice_note", "x" * 1_001, "at most 1000 characters"),
        ("port", "80", "There is no such setting."),
    ],
)
async def test_what_cannot_hold_is_refused_with_the_fix(served: Served, name: str, value: str, told: str) -> None:
    async with signed_in(served) as visitor:
        page = await visitor.submit(f"{HOME}/choice", setting=name, value=value)

    assert (422, True) == (page.http_status, told in page.text)
    assert 0 == await served.exchange.count("house_settings")


def picture(kind: str, size: tuple[int, int] = (48, 24)) -> bytes:
    body = BytesIO()
    Image.new("RGB", size, "teal").save(body, kind)
    return body.getvalue()


async def test_the_colour_and_the_logo_are_the_operators_own(served: Served) -> None:
    async with signed_in(served) as visitor, stranger(served) as somebody:
        assert 200 == await choose(visitor, "colour", "#8A1538")
        token = (await visitor.open(GENERAL)).token

        async def bring(body: bytes, csrf: str = token) -> Page:
            return await visitor.send_file(f"{GENERAL}/logo", {"csrf": csrf}, "logo.png", body)

        page = await bring(picture("PNG"))
        front = await somebody.open("/login")
        [path] = re.findall(r'<img src="(/brand/[0-9a-f]{64}\.png)"', front.source)
        assert (200, True) == (page.http_status, 'data-testid="logo-now"' in page.source)
        async with somebody.session.get(served.address + path) as shown:
            assert (picture("PNG"), "image/png", "nosniff") == (
                await shown.read(), shown.content_type, shown.headers["X-Content-Type-Options"]
            )  # fmt: skip
        sheet = await somebody.open("/brand/8a1538.css")
        assert 'href="/brand/8a1538.css"' in front.source and "--accent: #8a1538; --accent-ink: #ffffff" in sheet.source
        assert (404, 404) == (
            (await somebody.open("/brand/ffcc00.css")).http_status,
            (await somebody.open(path.replace("png", "jpg"))).http_status,
        )

        refused = {
            "SVG is not taken": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>',
            "is neither": b"GIF89a",
            "something stands behind it": picture("PNG") + b"<script>",
            "This JPEG is not whole": picture("JPEG")[:-2],
            "at most 2000 pixels": picture("PNG", (2_001, 1)),
        }
        for told, body in refused.items():
            answer = await bring(body)
            assert (422, True) == (answer.http_status, told in answer.text), told
        assert (
            413 == (await bring(b"x" * 400_000)).http_status and 403 == (await bring(picture("PNG"), "x")).http_status
        )
        assert 422 == await choose(visitor, "logo", f"{'0' * 64}.png")
        later(served, 1)
        assert 200 == (await bring(picture("JPEG"))).http_status
        [line] = await served.exchange.rows(
            "SELECT id FROM audit_lines WHERE subject = 'setting:logo' ORDER BY at DESC, id DESC LIMIT 1"
        )
        await visitor.submit(f"/console/audit/{line['id']}/undo")
        assert path in (await somebody.open("/login")).source
        await choose(visitor, "logo", "", do="reset")
        assert path not in (await somebody.open("/login")).source


async def test_what_the_file_says_goes_before_and_is_locked(served: Served) -> None:
    filed = FiledHouse(House(name="By the file"), frozenset({"name"}))
    exchange = replace(served.exchange, market=replace(served.exchange.market, filed_house=filed))
    async with serve_exchange(exchange) as there, signed_in(there) as visitor:
        page = await visitor.submit(f"{HOME}/choice", setting="name", value="By a page")
        shown = await visitor.open(GENERAL)

    assert (422, True) == (page.http_status, "exchange.toml or the environment says it" in page.text)
    assert "Fixed: name is set by" in shown.text and "disabled" in shown.source


async def test_the_file_is_shown_without_its_secrets(served: Served) -> None:
    settings = served.exchange.settings.model_copy(
        update={
            "mail_password": "hunter2",
            "sms_token": "tok-1",
            "database_url": "postgresql://ann:pw-1@db.example/x",
        }
    )
    async with (
        serve_exchange(replace(served.exchange, settings=settings)) as there,
        signed_in(there) as visitor,
    ):
        for path in (GENERAL, DATA, f"{HOME}/providers"):
            for source in ((await visitor.open(path)).source, (await visitor.open(f"{path}.json")).source):
                assert not [secret for secret in ("hunter2", "tok-1", "pw-1") if secret in source], path
        assert "postgresql://•••••@db.example/x" in (await visitor.open(DATA)).text


async def test_a_backup_is_made_once_and_taken_away_by_an_owner(served: Served) -> None:
    market = served.exchange.market
    async with signed_in(served) as visitor:
        assert "No backup was made yet" in (await visitor.open(DATA)).part("copies")
        await visitor.submit(f"{DATA}/backups")
        page = await visitor.submit(f"{DATA}/backups")
        assert (
            "A backup is being made. It stands here" in page.text and "disabled>A backup is being made" in page.source
        )
        await run_jobs(market)
        page = await visitor.open(DATA)
        [copy] = (await visitor.open(f"{DATA}.json")).fields["backups"]
        assert "its books proved sound" in page.part("copies") and page.link("take").endswith(copy["file"])
        async with visitor.session.get(served.address + page.link("take")) as response:
            body = await response.read()
        with tarfile.open(fileobj=BytesIO(body)) as archive:
            names = set(archive.getnames())
        assert "manifest.json" in names and not [name for name in names if name.endswith((".key", ".backup"))]
        assert 404 == (await visitor.open(f"{DATA}/backups/2020-01-01T000000.backup")).http_status
        await visiting(served, Staff.ADMIN, visitor)
        assert 403 == (await visitor.open(page.link("take"))).http_status
        assert 'data-testid="back-up"' in (await visitor.open(DATA)).source
    lines = await served.exchange.rows("SELECT action, actor FROM audit_lines WHERE subject LIKE 'backup%'")
    noted = {(row["action"], row["actor"]) for row in lines}
    assert {("backup.made", OPERATOR), ("backup.taken", OPERATOR)} == noted and 2 == len(lines)


async def test_a_vertical_shows_its_fields_and_which_are_masked(served: Served) -> None:
    async with signed_in(served) as visitor:
        listed = await visitor.open(f"{HOME}/verticals")
        one = await visitor.open(f"{HOME}/verticals/solar")
        told = (await visitor.open(f"{HOME}/verticals/solar.json")).fields["fields"]
        assert "No lead of these days was graded" in (await visitor.open(f"{HOME}/verticals/solar?par=1")).part(
            "regraded"
        )
        for number in range(3):
            await sell(served, number)
        tried = await visitor.open(f"{HOME}/verticals/solar?par=1%25&days=1")
        moved = (await visitor.open(f"{HOME}/verticals/solar.json?par=1")).fields["grading"]["tried"]
        told_moves = ", ".join(f"{each['leads']} from {each['from']} to {each['to']}" for each in moved["moves"])
        assert (3, "A") == (moved["changed"], moved["moves"][0]["to"])
        assert f"Of 3 leads 3 would have another grade: {told_moves}." in tried.part("regraded")
        assert "from 0.1% to 90%" in (await visitor.open(f"{HOME}/verticals/solar?par=99")).part("problem")
        assert 404 == (await visitor.open(f"{HOME}/verticals/nothing")).http_status
        put = await visitor.submit(f"{HOME}/verticals/solar/par", par="1%")
        assert "The new par is in force" in put.part("done")
        assert "par 1.0%" in put.text and 0.01 == served.exchange.market.verticals["solar"].score.par
        assert 422 == (await visitor.submit(f"{HOME}/verticals/solar/par", par="99")).http_status
        assert ">the database<" in (await visitor.open(f"{HOME}/verticals")).source
        await visiting(served, Staff.OPERATOR, visitor)
        assert 403 == (await visitor.submit(f"{HOME}/verticals/solar/par", par="2")).http_status
        assert "put-par" not in (await visitor.open(f"{HOME}/verticals/solar?par=2")).source
    [line] = await served.exchange.rows(
        "SELECT before_json, after_json FROM audit_lines WHERE action = 'document.saved'"
    )
    assert ({"par": "12.00%"}, {"par": "1.00%"}) == (
        orjson.loads(line["before_json"]),
        orjson.loads(line["after_json"]),
    )

    assert "/console/settings/verticals/solar" in listed.source
    assert {"name": "phone", "personal": True, "ping": "absent", "post": "required"}.items() <= next(
        each for each in told if each["name"] == "phone"
    ).items()
    assert len(told) == len(one.attributes("field", "data-field"))
