"""Files of reports: seen before they are written, matched by anything that names a lead, and harmless twice."""

from __future__ import annotations

import asyncio
import hashlib
import io

import pytest
import xlsxwriter

from exchange.flows.disposition_files import bring, look, name_columns, record_file
from exchange.flows.dispositions import record_reports, teller_of
from exchange.flows.retain import forget
from exchange.flows.return_files import ask_all
from exchange.flows.small_files import CannotRead
from exchange.intake.batch import BadFile
from exchange.model.actor import Actor, Role
from exchange.model.feedback import Report
from exchange.stages.report_columns import guess_meanings, read_when
from exchange.stages.returns.files import ask_rows
from exchange.storage.erase import erase_lead
from tests.flows.lab import later, post
from tests.market import Exchange, buying, consumer, selling

ACME = Actor(Role.BUYER, "al@acme.example", "acme")
OWN, THEIRS = ("acme",), ("birch",)


async def bought(exchange: Exchange, count: int = 4) -> list[str]:
    await exchange.add(*selling("cedar"), *buying("acme", deposit="5000"), *buying("birch", price=None))
    return [str((await post(exchange, consumer(number)))["lead_id"]) for number in range(count)]


async def brought(exchange: Exchange, text: str | bytes, name: str = "november.csv") -> str:
    data = text.encode() if isinstance(text, str) else text
    return await bring(exchange.market, "acme", name, data, ACME)


async def counts(exchange: Exchange, file_id: str) -> dict[str, int]:
    found = await look(exchange.market, OWN, file_id)
    assert found is not None and found.missing is None
    return {verdict.value: count for verdict, count in found.counts.items() if count}


async def record(exchange: Exchange, file_id: str) -> dict[str, int]:
    found = await look(exchange.market, OWN, file_id)
    assert found is not None
    told = await record_file(exchange.market, found.file, ACME)
    assert told is not None
    return {name: count for name, count in told.items() if count}


async def stands(exchange: Exchange) -> dict[str, str]:
    return {row["lead_id"]: row["kind"] for row in await exchange.rows("SELECT * FROM sale_dispositions")}


async def test_a_file_is_seen_before_it_is_written_and_the_second_time_changes_nothing(either: Exchange) -> None:
    one, two, three, four = await bought(either)
    await record_reports(either.market, teller_of(ACME), [Report(two, "contacted")])
    later(either, 60)
    text = (
        "Lead ID;Status;Amount;Comment\r\n"
        f'{one};Sold;"$1,250.00";signed\r\n{two};contacted;;\r\n{three};Closed won;;\r\n'
        f"ld_1;sold;;\r\nld_2;sold;;\r\nld_3;sold;;\r\n{four};sold;lots;\r\n"
    )
    file_id = await brought(either, text)
    expected = {"recorded": 1, "unchanged": 1, "waiting": 1, "not_found": 3, "invalid": 1}

    assert expected == await counts(either, file_id)
    assert 1 == await either.count("dispositions") and 0 == await either.count("disposition_waits")
    assert expected == await record(either, file_id)
    assert {one: "sold", two: "contacted"} == await stands(either)

    later(either, 3_600)
    await record_reports(either.market, teller_of(ACME), [Report(one, "quoted"), Report(two, "quoted")])
    again = await brought(either, text, "again.csv")
    assert file_id == again
    assert {"unchanged": 2, "waiting": 1, "not_found": 3, "invalid": 1} == await record(either, again)
    assert {one: "quoted", two: "quoted"} == await stands(either)
    assert 4 == await either.count("dispositions") and 1 == await either.count("disposition_waits")
    channels = await either.rows("SELECT told_by FROM dispositions WHERE channel = 'file'")
    assert ["al@acme.example (november.csv)"] == [row["told_by"] for row in channels]

    waits = await brought(either, f"lead_id,status\n{three},sold\n")
    await either.market.db.write(erase_lead, one, ("ev_1", "2026-11", either.market.clock.now(), "Erased"))
    assert await look(either.market, OWN, again) is None and await look(either.market, OWN, waits) is not None


async def test_a_row_is_found_by_the_next_name_when_its_first_names_nobody(exchange: Exchange) -> None:
    one, two, three, _ = await bought(exchange)
    person = consumer(1)
    hashed = hashlib.sha1(consumer(2)["email"].encode()).hexdigest()
    rows = [f"CRM-1,{one},,contacted", f"CRM-2,,{person['phone']},quoted", f"CRM-3,,{hashed},sold", "CRM-4,,,sold"]
    file_id = await brought(exchange, "\n".join(["CRM ID,Lead Id,Mobile,Outcome", *rows]))

    assert {"recorded": 3, "not_found": 1} == await record(exchange, file_id)
    assert {one: "contacted", two: "quoted", three: "sold"} == await stands(exchange)


async def test_two_tabs_that_record_a_file_at_once_record_it_once(either: Exchange) -> None:
    leads = await bought(either)
    rows = "".join(f"{lead},sold,{number}00\n" for number, lead in enumerate(leads, start=1))
    file_id = await brought(either, f"lead_id,status,value\n{rows}")

    told = await asyncio.gather(*(record(either, file_id) for _ in range(3)))

    assert len(leads) == sum(each.get("recorded", 0) for each in told)
    assert len(leads) == await either.count("dispositions") == await either.count("sale_dispositions")


async def test_times_of_rows_decide_what_stands(exchange: Exchange) -> None:
    one, *_ = await bought(exchange)
    later(exchange, 5 * 86_400)
    file_id = await brought(
        exchange,
        f"reference\tdisposition\tdate\n{one}\tsold\t11/24/2026\n{one}\tcontacted\t2026-11-22\n{one}\tquoted\tsoon\n",
    )

    assert {"recorded": 2, "invalid": 1} == await record(exchange, file_id)
    assert {one: "sold"} == await stands(exchange)


async def test_a_lead_that_stands_in_a_file_more_than_once_is_foreseen_as_it_is_recorded(either: Exchange) -> None:
    one, two, *_ = await bought(either)
    later(either, 5 * 86_400)
    rows = [
        f"{one},contacted,2026-11-22,",
        f"{one},contacted,2026-11-22,",
        f"{one},sold,2026-11-22,10",
        f"{one},sold,2026-11-22,12",
        f"{one},quoted,2026-11-22,",
        f"{two},contacted,,",
        f"{two},contacted,,",
        f"{two},no answer,,",
        f"{two},contacted,,",
    ]
    file_id = await brought(either, "\n".join(["lead_id,status,date,value", *rows]))

    seen = await counts(either, file_id)
    assert seen == await record(either, file_id)
    assert {"recorded": 6, "unchanged": 3} == seen
    assert {one: "sold"} == {lead: kind for lead, kind in (await stands(either)).items() if lead == one}


async def test_what_no_database_holds_is_read_as_a_sign_and_stops_nothing(either: Exchange) -> None:
    one, *_ = await bought(either)
    text = f"lead_id,status,note\n{one},sold,a\0b\nld_\0,s\0,\n"
    assert {"recorded": 1, "not_found": 1} == await record(either, await brought(either, text.encode("utf-16")))
    (row,) = await ask_all(either.market, ACME, ask_rows("lead_id,reason\nld_\0,language\n"))
    assert "Not matched" in row.sentence


async def test_a_spreadsheet_and_lines_of_json_are_read_too(exchange: Exchange) -> None:
    one, two, *_ = await bought(exchange)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["lead_id", "disposition", "value"])
        sheet.write_row(1, 0, [one, "sold", 1250])
    lines = f'{{"lead_id": "{two}", "disposition": "quoted"}}\n'

    assert {"recorded": 1} == await record(exchange, await brought(exchange, out.getvalue(), "book.xlsx"))
    assert {"recorded": 1} == await record(exchange, await brought(exchange, lines, "x.jsonl"))
    assert [12_500_000] == [
        row["value_units"] for row in await exchange.rows("SELECT * FROM dispositions WHERE kind = 'sold'")
    ]


async def test_columns_that_are_not_known_are_named_by_hand(exchange: Exchange) -> None:
    one, *_ = await bought(exchange)
    file_id = await brought(exchange, f"Kundennummer,Ergebnis\n{one},sold\n")
    found = await look(exchange.market, OWN, file_id)
    assert found is not None and found.missing is not None and (one,) == found.samples["Kundennummer"]
    with pytest.raises(CannotRead):
        await record_file(exchange.market, found.file, ACME)
    for wrong in ({"Ergebnis": "colour"}, {"Ergebnis": "note", "Kundennummer": "note"}):
        with pytest.raises(CannotRead):
            await name_columns(exchange.market, found.file, wrong)

    await name_columns(exchange.market, found.file, {"Kundennummer": "reference", "Ergebnis": "disposition"})

    assert {"recorded": 1} == await record(exchange, file_id)


async def test_what_cannot_be_read_is_refused_and_nobody_sees_anothers_file(exchange: Exchange) -> None:
    (one,) = await bought(exchange, 1)
    for wrong in (b"", b"%PDF-1.4", b"lead_id,status\n", b"[1]"):
        with pytest.raises((BadFile, CannotRead)):
            await brought(exchange, wrong)
    file_id = await brought(exchange, f"lead_id,status\n{one},sold\n")

    assert await look(exchange.market, THEIRS, file_id) is None
    (row,) = await exchange.rows("SELECT sealed FROM disposition_files")
    assert one.encode() not in bytes(row["sealed"])
    later(exchange, 400 * 86_400)
    await forget(exchange.market)
    assert await look(exchange.market, OWN, file_id) is None


def test_columns_are_guessed_by_their_names_and_no_meaning_twice() -> None:
    assert {"Lead ID": "lead", "Status": "disposition", "Close Date": "at", "E-mail": "email"} == guess_meanings(
        ["Lead ID", "Status", "Result", "Close Date", "E-mail", "Colour"]
    )


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-21", 1_795_219_200_000),
        ("11/21/2026", 1_795_219_200_000),
        ("21.11.2026 06:30", 1_795_242_600_000),
        ("11/21/26 6:30 pm", 1_795_285_800_000),
        ("2026-11-21T18:30:00Z", 1_795_285_800_000),
        ("13/21/2026", None),
        ("yesterday", None),
    ],
)
def test_a_time_is_read_as_systems_write_it(text: str, at: int | None) -> None:
    assert at == read_when(text)
