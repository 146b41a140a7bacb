"""Lists at work: who is on one is not sold, whom a buyer lists it does not get, and no file is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from exchange.flows.import_desk import check
from exchange.flows.list_desk import (
    BadWish,
    Upload,
    Wish,
    ask,
    bring,
    bring_later,
    change_values,
    make_list,
    plain_value,
    remove,
)
from exchange.flows.list_load import Loaded, Options, Refused, fold
from exchange.model.actor import Actor, Role
from exchange.model.suppression import Purpose, Scope
from exchange.stages.suppression.rows import Mode
from exchange.storage.suppression import all_lists, recent_loads
from exchange.worker import look_at_lists, run_jobs
from tests.flows.import_bench import bring as bring_file
from tests.flows.import_bench import csv_of, worked
from tests.flows.lab import ping, post
from tests.flows.test_consent import steps
from tests.market import NOW, POST, Exchange, buying, consumer, open_exchange, selling

DAY_MS = 86_400_000
PAT = Actor(Role.OPERATOR, "pat")
PARTNERS = Wish("partners")
LISTED, FREE = consumer(1), consumer(2)


def digits(person: dict[str, str]) -> str:
    return person["phone"]


async def load(exchange: Exchange, text: str, wish: Wish = PARTNERS, actor: Actor = PAT, **options: Any) -> Loaded:
    row = await make_list(exchange.market, wish, actor)
    chunks: Iterable[bytes] = [text.encode()[:7], text.encode()[7:]]
    loaded: Loaded = await bring(exchange.market, row, "list.csv", Options(**options), chunks, actor)
    return loaded


async def ready(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *buying("birch"), *selling("cedar"))
    exchange.buyers.bids("acme", "30.00")
    exchange.buyers.bids("birch", "20.00")


@pytest.mark.parametrize("name", ("plain", "md5", "sha1", "sha256"))
async def test_a_consumer_on_a_list_is_refused_and_nobody_is_asked(either: Exchange, name: str) -> None:
    await ready(either)
    value = f"+1{digits(LISTED)}"
    text = value if name == "plain" else hashlib.new(name, value.encode()).hexdigest()
    loaded = await load(either, f"{text}\n")

    answer = await post(either, LISTED)

    assert (1, name, ("rejected", "suppressed")) == (loaded.row.rows, loaded.row.hash, answer.told)
    assert [] == either.buyers.pings("acme")
    assert "check:refused The consumer is on a suppression list." in await steps(either, answer)
    assert ("accepted", None) == (await post(either, FREE)).told


async def test_an_email_and_a_list_of_another_vertical(exchange: Exchange) -> None:
    await ready(exchange)
    await load(exchange, f"email\n{LISTED['email'].upper()}\n", Wish("mail", "email", Scope.VERTICAL, "auto_insurance"))
    assert ("accepted", None) == (await post(exchange, LISTED)).told

    await load(exchange, f"email\n{FREE['email'].upper()}\n", Wish("mail", "email", Scope.VERTICAL, "solar"))
    assert ("rejected", "suppressed") == (await post(exchange, FREE)).told


async def test_a_buyers_list_keeps_that_buyer_from_the_consumer_and_no_other(either: Exchange) -> None:
    await ready(either)
    acme = Actor(Role.BUYER, "acme", "acme")
    await load(either, f"{digits(LISTED)}\n", Wish("customers.csv", scope=Scope.BUYER, party="acme"), acme)

    answer = await post(either, LISTED)

    assert (("accepted", None), "16.00") == (answer.told, answer["price"])
    assert [] == either.buyers.pings("acme")
    assert any("On lists of 1 buyer" in line or "On no list" in line for line in await steps(either, answer))


async def test_a_ping_names_nobody_and_says_so(exchange: Exchange) -> None:
    await ready(exchange)
    await load(exchange, f"{digits(LISTED)}\n")

    pinged = await ping(exchange)

    told = [step for row in await exchange.rows("SELECT document FROM trails") for step in [row["document"]]]
    assert ("accepted", 1) == (pinged["status"], len(told))


async def test_a_file_with_a_wrong_row_is_refused_whole_unless_it_may_be_left_out(either: Exchange) -> None:
    await ready(either)
    text = f"phone\n{digits(LISTED)}\nnobody\n"

    with pytest.raises(Refused, match="1 row cannot be used") as refused:
        await load(either, text)
    assert ("line 3: it is not a phone number. Write ten digits, or + and the country",) == refused.value.problems
    assert ("accepted", None) == (await post(either, LISTED)).told
    taken = await load(either, text.replace(digits(LISTED), digits(FREE)), leave_out_wrong=True)

    assert (1, 1) == (taken.rows, taken.left_out)
    assert ("rejected", "suppressed") == (await post(either, FREE)).told
    loads = await either.market.db.read(recent_loads, None)
    assert {("done", 1, 1), ("refused", 1, 1)} == {(each.state, each.rows_read, each.rows_wrong) for each in loads}


async def test_files_add_take_away_and_change_rows(exchange: Exchange) -> None:
    one, two, three = (digits(consumer(number)) for number in (1, 2, 3))
    await load(exchange, f"{one}\n")
    await load(exchange, f"{two}\n{two}\n", mode=Mode.ADD)
    assert 2 == (await exchange.market.db.read(all_lists))[0].rows
    changed = await load(exchange, f"{three},A\n{one},D\n", mode=Mode.CHANGES)

    def on(text: str) -> bool:
        found = ask(exchange.market, text)
        return found is not None and bool(found.hits)

    assert (2, [False, True, True]) == (changed.row.rows, [on(one), on(two), on(three)])
    await load(exchange, f"{two}\n", mode=Mode.REMOVE)
    assert [False, False, True] == [on(one), on(two), on(three)]
    await load(exchange, f"{one}\n")
    assert [True, False, False] == [on(one), on(two), on(three)]


async def test_single_values_hold_at_once_and_are_folded_into_the_file(either: Exchange) -> None:
    await ready(either)
    market = either.market
    loaded = await load(either, f"{digits(FREE)}\n")
    row = loaded.row
    one, two = dict([plain_value(digits(LISTED)) or ("", "")]), dict([plain_value(digits(FREE)) or ("", "")])
    await change_values(market, [row], one, True, PAT)
    await change_values(market, [row], two, False, PAT)

    assert ("rejected", "suppressed") == (await post(either, LISTED)).told
    assert ("accepted", None) == (await post(either, FREE)).told
    await fold(market, row.id)
    assert 0 == await either.count("suppression_changes")
    (kept,) = await market.db.read(all_lists)
    found = ask(market, digits(LISTED))
    assert (1, True) == (kept.rows, found is not None and len(found.hits) == 1)


async def test_another_process_takes_up_a_list_its_next_version_and_its_end(tmp_path: Path, exchange: Exchange) -> None:
    async with open_exchange(tmp_path, db=exchange.market.db) as other:

        def hits() -> list[str]:
            found = ask(other.market, digits(LISTED))
            return [row.name for row in found.hits] if found is not None else []

        loaded = await load(exchange, f"{digits(LISTED)}\n")
        assert [] == hits()
        await look_at_lists(other.market)
        assert ["partners"] == hits()
        await load(exchange, f"{digits(FREE)}\n")
        await look_at_lists(other.market)
        assert [] == hits()
        await change_values(exchange.market, [loaded.row], {"phone": digits(LISTED)}, True, PAT)
        await look_at_lists(other.market)
        assert ["partners"] == hits()
        assert await remove(exchange.market, loaded.row, PAT)
        await look_at_lists(other.market)
        assert [] == hits()


async def test_a_list_that_cannot_be_read_sells_nobody(exchange: Exchange) -> None:
    await ready(exchange)
    await load(exchange, f"{digits(LISTED)}\n")
    (file,) = exchange.market.lists.folder.glob("*.keys")
    file.rename(file.with_suffix(".away"))
    exchange.market.lists.close()
    await look_at_lists(exchange.market)

    assert ("rejected", "lists_unready") == (await post(exchange, FREE)).told
    file.with_suffix(".away").rename(file)
    await look_at_lists(exchange.market)
    assert ("accepted", None) == (await post(exchange, consumer(3))).told


async def test_an_upload_waits_sealed_and_leaves_no_file_behind(either: Exchange) -> None:
    await ready(either)
    market = either.market
    row = await make_list(market, Wish("partners"), PAT)
    upload = Upload(market)
    upload.write(f"phone\n{digits(LISTED)}\n".encode())
    await bring_later(market, row, "../up load.csv", Options(), upload, PAT)
    (spool,) = market.lists.folder.glob("*.spool")
    assert digits(LISTED).encode() not in spool.read_bytes()

    await run_jobs(market)

    (load_row,) = await market.db.read(recent_loads, [row.id])
    assert ("done", 1, 1, "up load.csv") == (load_row.state, load_row.rows_read, load_row.rows, load_row.file_name)
    assert load_row.wrapped is None
    assert [".keys"] == [each.suffix for each in market.lists.folder.iterdir()]
    assert all(digits(LISTED).encode() not in each.read_bytes() for each in market.lists.folder.iterdir())
    assert ("rejected", "suppressed") == (await post(either, LISTED)).told


async def test_a_national_list_refuses_but_for_written_consent_and_only_while_it_is_young(exchange: Exchange) -> None:
    await ready(exchange)
    wish = Wish("national", purpose=Purpose.DNC_NATIONAL)
    with pytest.raises(Refused, match="of which day"):
        await load(exchange, f"{digits(LISTED)}\n", wish)
    await load(exchange, f"{digits(LISTED)}\n", wish, dated_at=NOW - 30 * DAY_MS)

    assert ("rejected", "dnc_listed") == (await post(exchange, LISTED)).told
    assert ("accepted", None) == (await post(exchange, {**LISTED, "consent_method": "written"})).told
    assert ("accepted", None) == (await post(exchange, FREE)).told
    await load(exchange, f"{digits(LISTED)}\n", wish, dated_at=NOW - 32 * DAY_MS)
    old = await post(exchange, consumer(3))

    assert ("rejected", "lists_unready") == old.told
    assert ["national is 32 days old, 31 are allowed"] == old["details"][1:] if "details" in old.fields else True
    assert ("accepted", None) == (await post(exchange, {**consumer(4), "consent_method": "written"})).told


async def test_a_states_list_is_asked_for_its_own_people(exchange: Exchange) -> None:
    await ready(exchange)
    for state, person in (("TX", LISTED), ("AZ", FREE)):
        wish = Wish(f"{state} list", purpose=Purpose.DNC_STATE, us_state=state)
        await load(exchange, f"{digits(person)}\n", wish, dated_at=NOW)

    assert ("accepted", None) == (await post(exchange, LISTED)).told
    assert ("rejected", "dnc_listed") == (await post(exchange, FREE)).told


@pytest.mark.parametrize(
    ("wish", "actor", "field"),
    (
        (Wish(""), PAT, "name"),
        (Wish("x", scope=Scope.VERTICAL, party="ships"), PAT, "vertical"),
        (Wish("x", scope=Scope.BUYER, party="nobody"), PAT, "buyer"),
        (Wish("x"), Actor(Role.BUYER, "acme", "acme"), "buyer"),
        (Wish("x", scope=Scope.BUYER, party="birch"), Actor(Role.BUYER, "acme", "acme"), "buyer"),
        (Wish("x", scope=Scope.BUYER, party="acme", purpose=Purpose.DROP), PAT, "purpose"),
        (Wish("x", "email", purpose=Purpose.DNC_NATIONAL), PAT, "kind"),
        (Wish("x", purpose=Purpose.DNC_STATE), PAT, "state"),
        (Wish("x", us_state="TX"), PAT, "state"),
        (Wish("x", "person"), PAT, "kind"),
    ),
)
async def test_a_list_that_cannot_be_says_which_part_is_wrong(
    exchange: Exchange, wish: Wish, actor: Actor, field: str
) -> None:
    await ready(exchange)

    with pytest.raises(BadWish) as bad:
        await make_list(exchange.market, wish, actor)
    assert field == bad.value.field


async def test_the_check_says_what_it_asked_when_nothing_is_found(exchange: Exchange) -> None:
    await ready(exchange)
    none = await post(exchange, POST)
    await load(exchange, f"{digits(LISTED)}\n")
    one = await post(exchange, FREE)

    assert "check:passed No list is loaded." in await steps(exchange, none)
    assert "check:passed Not on the one list." in await steps(exchange, one)


async def test_a_second_phone_is_looked_for_as_the_first(exchange: Exchange) -> None:
    await ready(exchange)
    await load(exchange, f"{digits(LISTED)}\n")

    assert ("rejected", "suppressed") == (await post(exchange, {**FREE, "phone2": digits(LISTED)})).told


async def test_hashes_are_not_mixed_with_single_values_nor_with_what_was_taken_back(exchange: Exchange) -> None:
    await ready(exchange)
    row = await make_list(exchange.market, PARTNERS, PAT)
    await change_values(exchange.market, [row], dict([plain_value(digits(LISTED)) or ("", "")]), True, PAT)
    hashed = hashlib.sha256(digits(FREE).encode()).hexdigest()

    with pytest.raises(Refused, match="put it into another list"):
        await load(exchange, f"{hashed}\n", mode=Mode.ADD)
    with pytest.raises(Refused, match="list of its own"):
        await load(exchange, f"{digits(FREE)}\n", Wish("taken back", purpose=Purpose.REVOKED))
    assert ("rejected", "suppressed") == (await post(exchange, LISTED)).told
    assert ("accepted", None) == (await post(exchange, FREE)).told


async def test_a_dry_run_of_a_file_asks_the_lists_too(exchange: Exchange) -> None:
    await ready(exchange)
    await load(exchange, f"{digits(LISTED)}\n")
    row = await bring_file(exchange, csv_of([LISTED, FREE]))
    await check(exchange.market, row)
    report = (await worked(exchange, row)).report or {}

    assert (1, 1, {"suppressed": 1}) == (report["valid"], report["rejected"], report["rejected_by"])
