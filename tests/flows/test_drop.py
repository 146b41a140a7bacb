"""California's deletion lists: who is on one is erased, kept out, and answered for; the others are left alone."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from exchange.flows.drop import BadDrop, run_drop
from exchange.flows.list_desk import ask
from exchange.model.actor import Actor, Role
from exchange.storage.drop import last_drop
from tests.flows.lab import later, post
from tests.flows.receivers import ACME, events, hook, listen, run_all
from tests.market import NOW, Exchange, buying, consumer, reply, selling

PAT = Actor(Role.OPERATOR, "pat")
MARIA, SAM = consumer(1), consumer(2)


def drop_file(folder: Path, kind: str, **items: str) -> Path:
    """A file as it is fetched: the standard form of each identifier, hashed."""
    lines = [
        f"{item},{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}" for item, text in items.items()
    ]
    file = folder / f"20261112_4821_{kind}.csv"
    file.write_text("\n".join(["ID,Hash", *lines]) + "\n")
    return file


async def ready(exchange: Exchange) -> list[str]:
    """Maria's and Sam's leads, sold."""
    await exchange.add(*buying("acme", "9000"), *selling("cedar"))
    return [str((await post(exchange, each))["lead_id"]) for each in (MARIA, SAM)]


async def test_whom_a_list_means_is_erased_kept_out_and_answered_for(either: Exchange, tmp_path: Path) -> None:
    maria, sam = await ready(either)
    await listen(either, hook("ember"), ACME, "lead.erased")
    either.buyers.answers_posts("ember", reply(http_status=200))
    file = drop_file(tmp_path, "Phone", aaaaaaaaaaaa=MARIA["phone"], bbbbbbbbbbbb="4155559317")

    report = await run_drop(either.market, file, PAT)

    assert (2, 1, "Id,Status\naaaaaaaaaaaa,3\nbbbbbbbbbbbb,5\n") == (report.rows, report.erased, report.answers)
    rows = {
        row["id"]: (row["sealed"], row["phone_index"], row["revenue_units"] > 0)
        for row in await either.rows("SELECT * FROM leads")
    }
    assert (None, None, True) == rows[maria]
    assert rows[sam][0] is not None and rows[sam][1] is not None
    keys = await either.rows(
        "SELECT wrapped FROM data_keys WHERE subject IN (SELECT id FROM requests WHERE lead_id = :id)", id=maria
    )
    assert [None] == [each["wrapped"] for each in keys]
    assert 1 == len(await either.rows("SELECT id FROM sales WHERE lead_id = :id AND phone_index IS NULL", id=maria))
    kinds = await either.rows("SELECT kind FROM lead_events WHERE lead_id = :id", id=maria)
    assert "erased" in [each["kind"] for each in kinds]
    later(either, 40 * 86_400)
    assert ("rejected", "suppressed") == (await post(either, {**MARIA, "email": "new@consumer.example"})).told
    await run_all(either)
    assert [maria] == [each["data"]["lead_id"] for each in events(either, hook("ember"))]
    assert NOW == await either.market.db.read(last_drop)
    refused = await run_drop(either.market, file, PAT)  # what was refused at the door was kept all the same
    again = await run_drop(either.market, file, PAT)
    assert ((1, "3"), (0, "5")) == tuple((each.erased, each.answers.splitlines()[1][-1]) for each in (refused, again))


async def test_a_dry_run_says_what_would_be_and_does_nothing(exchange: Exchange, tmp_path: Path) -> None:
    await ready(exchange)
    file = drop_file(tmp_path, "Email", aaaaaaaaaaaa=MARIA["email"])

    report = await run_drop(exchange.market, file, PAT, dry=True)

    assert ({"3": 1}, 0) == (dict(report.counts), report.erased)
    assert [] == await exchange.rows("SELECT id FROM leads WHERE sealed IS NULL")
    found = ask(exchange.market, MARIA["email"])
    assert found is not None and () == found.hits
    assert await exchange.market.db.read(last_drop) is None


async def test_people_who_share_a_phone_are_opted_out_and_not_erased(exchange: Exchange, tmp_path: Path) -> None:
    await exchange.add(*buying("acme", "9000"), *selling("cedar", duplicate_days=0))
    await post(exchange, MARIA)
    await post(exchange, {**MARIA, "first_name": "Luis", "email": "luis@consumer.example"})
    file = drop_file(tmp_path, "Phone", aaaaaaaaaaaa=MARIA["phone"])

    report = await run_drop(exchange.market, file, PAT)

    assert ({"4": 1}, 0) == (dict(report.counts), report.erased)
    assert ("rejected", "suppressed") == (await post(exchange, {**MARIA, "email": "x@consumer.example"})).told


async def test_who_withdraws_is_sold_again(exchange: Exchange, tmp_path: Path) -> None:
    await exchange.add(*buying("acme", "9000"), *selling("cedar"))
    await run_drop(exchange.market, drop_file(tmp_path, "Phone", aaaaaaaaaaaa=MARIA["phone"]), PAT)
    assert ("rejected", "suppressed") == (await post(exchange, MARIA)).told

    removed = await run_drop(exchange.market, drop_file(tmp_path, "Removed", aaaaaaaaaaaa=MARIA["phone"]), PAT)

    assert ("", ("accepted", None)) == (removed.answers, (await post(exchange, SAM)).told)
    found = ask(exchange.market, MARIA["phone"])
    assert found is not None and () == found.hits


async def test_identifiers_that_nobody_here_has_are_answered_not_found(exchange: Exchange, tmp_path: Path) -> None:
    report = await run_drop(exchange.market, drop_file(tmp_path, "MAID", aaaaaaaaaaaa="0" * 32), PAT)
    empty = await run_drop(exchange.market, drop_file(tmp_path, "Email"), PAT)

    assert ("Id,Status\naaaaaaaaaaaa,5\n", "Id,Status\n") == (report.answers, empty.answers)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    (
        ("list.csv", "ID,Hash\n", "not named as DROP names"),
        ("20261112_4821_Email.csv", "Hash\n", "columns ID and Hash"),
        ("20261112_4821_Email.csv", "ID,Hash\na,b\n", "Line 2: the Hash is no SHA-256"),
    ),
)
async def test_a_file_of_something_else_is_refused(
    exchange: Exchange, tmp_path: Path, name: str, text: str, told: str
) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(BadDrop, match=told):
        await run_drop(exchange.market, tmp_path / name, PAT)
