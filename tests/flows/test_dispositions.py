"""What buyers report is kept once, whatever comes twice, late or at once, and nothing with an unknown word is lost."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace

import pytest

from exchange.flows.disposition_words import CannotMap, forget_word, map_word
from exchange.flows.dispositions import Teller, Told, look_at, record_reports, teller_of
from exchange.model.actor import Actor, Role
from exchange.model.feedback import Channel, Report, note_place
from exchange.stages.dispositions import Verdict
from exchange.storage.disposition_words import Word, examples_of, unknown_words
from exchange.storage.erase import erase_lead
from exchange.storage.retention import forget_test_leads
from tests.flows.lab import OPERATOR, later, post
from tests.market import NOW, Exchange, buying, consumer, selling

ACME = Actor(Role.BUYER, "acme", "acme")
BIRCH = Actor(Role.BUYER, "birch", "birch")
API = teller_of(ACME)
FILE = Teller(Channel.FILE, ("acme",), "file november.csv", at=NOW, people=True)
PEOPLE = Teller(Channel.FILE, ("acme",), "file november.csv", people=True, hashes=True)
POLL = Teller(Channel.POLL, ("acme",), "acme_crm", snapshot=True)
HOUR_MS = 3_600_000


async def bought(exchange: Exchange, number: int = 0, **changes: str) -> str:
    if not number:
        await exchange.add(*selling("cedar"), *buying("acme"), *buying("birch", price=None))
    answer = await post(exchange, {**consumer(number), **changes} if number or changes else None)
    assert "accepted" == answer["status"]
    return str(answer["lead_id"])


async def tell(exchange: Exchange, *reports: Report, by: Teller = API) -> list[str]:
    return [told.verdict.value for told in await record_reports(exchange.market, by, reports)]


async def stands(exchange: Exchange) -> list[tuple[str, int | None]]:
    rows = await exchange.rows("SELECT kind, value_units FROM sale_dispositions ORDER BY at, sale_id")
    return [(row["kind"], row["value_units"]) for row in rows]


async def kinds(exchange: Exchange) -> list[str]:
    return [row["kind"] for row in await exchange.rows("SELECT kind FROM dispositions ORDER BY at, told_at, id")]


async def test_what_stands_is_of_the_latest_moment_whatever_comes_when(either: Exchange) -> None:
    lead_id = await bought(either)
    later(either, 86_400)
    (sale,) = await either.rows("SELECT * FROM sales")
    for word, hours in (("sold", 20), ("contacted", 2), ("quoted", 10)):
        assert ["recorded"] == await tell(either, Report(lead_id, word, at=NOW + hours * HOUR_MS))

    assert [("sold", None)] == await stands(either)
    assert ["contacted", "quoted", "sold"] == await kinds(either)
    overtaken = await either.rows("SELECT kind FROM dispositions WHERE overtaken = 1 ORDER BY kind")
    assert ["contacted", "quoted"] == [row["kind"] for row in overtaken]
    assert [sale] == await either.rows("SELECT * FROM sales")


async def test_of_one_moment_a_word_that_settles_the_lead_stands(exchange: Exchange) -> None:
    lead_id = await bought(exchange)
    later(exchange, 7_200)
    at = NOW + HOUR_MS

    await tell(exchange, Report(lead_id, "sold", value="1250", at=at), Report(lead_id, "contacted", at=at))

    assert [("sold", 12_500_000)] == await stands(exchange)


async def test_the_same_at_once_from_many_sides_is_kept_once(either: Exchange) -> None:
    lead_id = await bought(either)
    later(either, 7_200)
    report = Report(lead_id, "sold", "signed", "1250.00", NOW + HOUR_MS)

    told = await asyncio.gather(*(tell(either, report, by=by) for by in (API, API, FILE, POLL) for _ in range(3)))

    assert ["recorded"] == [each for (each,) in told if each != "unchanged"]
    assert ["sold"] == await kinds(either)


async def test_a_corrected_value_is_kept_and_stands_and_is_no_news_twice(exchange: Exchange) -> None:
    lead_id = await bought(exchange)
    later(exchange, 7_200)
    values = ["1250", "1300", "1250", "1300", None]

    told = [await tell(exchange, Report(lead_id, "sold", value=value, at=NOW + HOUR_MS)) for value in values]

    assert [["recorded"], ["recorded"], ["unchanged"], ["unchanged"], ["unchanged"]] == told
    assert [("sold", 13_000_000)] == await stands(exchange)


async def test_who_says_no_time_speaks_of_now_and_says_the_same_only_once(exchange: Exchange) -> None:
    lead_id = await bought(exchange)
    told = []
    for word in ("contacted", "contacted", "quoted", "contacted"):
        later(exchange, 60)
        told += await tell(exchange, Report(lead_id, word))

    assert ["recorded", "unchanged", "recorded", "recorded"] == told


async def test_books_that_say_what_they_said_before_do_not_undo_what_was_heard_since(either: Exchange) -> None:
    lead_id = await bought(either)
    told = []
    for by, word in ((POLL, "contacted"), (API, "sold"), (POLL, "contacted"), (POLL, "appointment_set")):
        later(either, 60)
        told += await tell(either, Report(lead_id, word), by=by)

    assert ["recorded", "recorded", "unchanged", "recorded"] == told
    assert [("appointment_set", None)] == await stands(either)


async def test_a_lead_is_named_by_any_id_a_phone_an_email_or_the_hash_of_one_and_only_by_its_buyer(
    either: Exchange,
) -> None:
    lead_id = await bought(either)
    other = await bought(either, 7)
    (sale,) = await either.rows("SELECT * FROM sales WHERE lead_id = :lead", lead=lead_id)
    names = [lead_id, sale["id"], sale["attempt_id"]]
    people = ["(602) 958-0142", "+1 602 958 0142", "Maria@Consumer.example"]
    people += [hashlib.new(name, b"maria@consumer.example").hexdigest().upper() for name in ("md5", "sha1", "sha256")]
    people += [hashlib.sha256(b"+16029580142").hexdigest(), hashlib.md5(b"6029580142").hexdigest()]

    for number, name in enumerate([*names, *people]):
        later(either, 60)
        word = "contacted" if number % 2 else "quoted"
        assert ["recorded"] == await tell(either, Report(name, word), by=PEOPLE if name in people else API), name
    assert ["not_found"] * len(people) == await tell(either, *(Report(name, "sold") for name in people))
    theirs = [Report(name, "sold") for name in (*names, *people, "", "ld_nobody")]
    told = await record_reports(either.market, Teller(Channel.FILE, ("birch",), "x", people=True, hashes=True), theirs)
    assert {Verdict.NOT_FOUND} == {each.verdict for each in told}
    assert other not in {row["lead_id"] for row in await either.rows("SELECT lead_id FROM dispositions")}


async def test_a_look_ahead_says_what_would_become_of_each_and_keeps_nothing(exchange: Exchange) -> None:
    lead_id = await bought(exchange)
    await tell(exchange, Report(lead_id, "contacted"))
    later(exchange, 60)
    reports = [
        Report(lead_id, "contacted"),
        Report(lead_id, "Sold!", value="$1,250"),
        Report(lead_id, "won"),
        Report("ld_nobody", "sold"),
        Report(lead_id, "sold", value="much"),
    ]

    seen: list[Told] = await look_at(exchange.market, FILE, reports)

    assert ["unchanged", "recorded", "waiting", "not_found", "invalid"] == [each.verdict.value for each in seen]
    assert "contacted" == seen[1].before
    assert ["contacted"] == await kinds(exchange)
    assert 0 == await exchange.count("disposition_waits")
    assert [each.verdict for each in seen] == [
        each.verdict for each in await record_reports(exchange.market, FILE, reports)
    ]


async def test_a_word_nobody_knows_waits_and_is_recorded_once_when_somebody_says_what_it_means(
    either: Exchange,
) -> None:
    lead_id, second = await bought(either), await bought(either, 7)
    later(either, 7_200)
    told_at = NOW + HOUR_MS
    for word in ("Closed-Won", "closed won", " CLOSED WON "):
        told = await record_reports(either.market, API, [Report(lead_id, word, "signed", "900", told_at)])
        assert (Verdict.WAITING, "not_allowed") == (told[0].verdict, told[0].problem and told[0].problem.code)
    await tell(either, Report(second, "Closed Won"), by=POLL)
    later(either, 60)
    await tell(either, Report(second, "Closed Won"), by=POLL)  # as its books still say

    [line] = await either.market.db.read(unknown_words, OPERATOR, 10)
    assert ("acme", "solar", "closed_won", 2) == (line["buyer_id"], line["vertical"], line["word"], line["times"])
    assert [] == await either.market.db.read(unknown_words, ACME, 10)
    won = Word("acme", "solar", "", "Closed won", "sold")
    assert 2 == len(await either.market.db.read(examples_of, OPERATOR, replace(won, word="closed_won"), 5))
    await tell(either, Report(second, "quoted"))
    later(either, 60)

    done = await asyncio.gather(*(map_word(either.market, won, OPERATOR) for _ in range(3)))

    assert 2 <= sum(done)
    assert [("sold", 9_000_000), ("quoted", None)] == await stands(either)
    assert ["sold", "sold", "quoted"] == await kinds(either)
    assert [] == await either.market.db.read(unknown_words, OPERATOR, 10)
    assert ["unchanged"] == await tell(either, Report(lead_id, "Closed won", value="900", at=told_at))
    assert [] != await either.rows("SELECT id FROM audit_lines WHERE action = 'disposition.word_mapped'")


async def test_a_word_may_mean_nothing_or_something_of_one_contract_and_be_forgotten(exchange: Exchange) -> None:
    lead_id = await bought(exchange)
    market = exchange.market
    assert ["waiting"] == await tell(exchange, Report(lead_id, "In progress"))

    assert 1 == await map_word(market, Word("acme", "solar", "", "in progress", ""), OPERATOR)
    assert ["ignored"] == await tell(exchange, Report(lead_id, "in-progress"))
    await map_word(market, Word("acme", "solar", "acme-solar", "in progress", "contacted"), OPERATOR)
    assert ["recorded"] == await tell(exchange, Report(lead_id, "In Progress"))
    for contract_id in ("acme-solar", ""):
        assert await forget_word(market, Word("acme", "solar", contract_id, "in_progress"), OPERATOR)
    assert ["waiting"] == await tell(exchange, Report(lead_id, "In progress"))

    for wrong in (
        Word("nobody", "solar", "", "x", "sold"),
        Word("acme", "moon", "", "x", "sold"),
        Word("acme", "solar", "birch-solar", "x", "sold"),
        Word("acme", "solar", "", " ", "sold"),
        Word("acme", "solar", "", "x", "eaten"),
    ):
        with pytest.raises(CannotMap):
            await map_word(market, wrong, OPERATOR)


async def test_an_erased_lead_keeps_its_words_and_no_note(exchange: Exchange) -> None:
    lead_id = await bought(exchange)
    await tell(exchange, Report(lead_id, "contacted", "Maria wants solar"), Report(lead_id, "won", "Maria signed"))
    assert 2 == len(
        await exchange.rows("SELECT sealed_note FROM dispositions UNION SELECT sealed_note FROM disposition_waits")
    )

    await exchange.market.db.write(erase_lead, lead_id, ("ev_1", "2026-11", NOW, "Erased"))
    later(exchange, 60)
    await tell(exchange, Report(lead_id, "quoted", "Maria again"))

    for table in ("dispositions", "disposition_waits"):
        assert {None} == {row["sealed_note"] for row in await exchange.rows(f"SELECT sealed_note FROM {table}")}
    assert ["contacted", "quoted"] == await kinds(exchange)
    await exchange.market.db.write(forget_test_leads, NOW * 2)  # of live leads nothing is forgotten
    assert 1 == await exchange.count("sale_dispositions")


async def test_a_word_that_repeats_the_consumer_is_sealed_and_waits_as_a_sentence(exchange: Exchange) -> None:
    await bought(exchange)
    lead_id = await bought(exchange, 3, first_name="Maria", last_name="Sandoval", comments="Please call back")
    for word, note in (("Maria wants Monday", "calls back"), ("SANDOVAL!", ""), ("Call back", "Maria")):
        later(exchange, 60)
        assert ["waiting"] == await tell(exchange, Report(lead_id, word, note, at=exchange.market.clock.now()))

    rows = await exchange.rows("SELECT said, word, sealed_note FROM disposition_waits ORDER BY told_at")
    assert ["a sentence", "a sentence", "Call back"] == [row["said"] for row in rows]
    assert all(row["sealed_note"] for row in rows)
    kept = "".join(str(row) for row in await exchange.rows("SELECT * FROM disposition_waits"))
    assert "maria" not in kept.lower() and "sandoval" not in kept.lower()
    (lead,) = await exchange.rows(
        "SELECT k.wrapped, w.sale_id FROM disposition_waits w JOIN leads l ON l.id = w.lead_id "
        "JOIN data_keys k ON k.subject = l.subject LIMIT 1"
    )
    key = exchange.market.vault.data_key(bytes(lead["wrapped"]))
    opened = exchange.market.vault.open(key, note_place(lead["sale_id"]), bytes(rows[0]["sealed_note"]))
    assert b"Maria wants Monday: calls back" == opened
