"""Files that the exchange itself imports: sealed, sold row by row by durable jobs, paused, resumed, cancelled."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from exchange.flows.import_desk import NotNow, SameFile, Spool, TooLarge, cancel, check, pause, set_columns
from exchange.flows.import_desk import start as start_import
from exchange.flows.import_files import FileGone, result_of
from exchange.flows.import_jobs import work_import
from exchange.flows.job_ends import ComeBack
from exchange.flows.retain import forget
from exchange.intake.batch import BadFile
from exchange.intake.sheets import sheet_as_csv
from exchange.limits import IMPORT_BYTES
from exchange.model.batch import Columns, LeadFile
from exchange.model.lead import Mode
from exchange.model.party import State
from exchange.storage.jobs import Terms, lease_jobs
from tests.flows.import_bench import bring, csv_of, people, results, seen, sold, worked
from tests.flows.lab import OPERATOR, later, post
from tests.intake.test_sheets import xlsx
from tests.market import Exchange, buying, campaign, selling, usd

DAY_SECONDS = 86_400.0
MANY = 250  # rows: what is wanted of an import is seen after a hundred


@pytest.fixture
async def trading(either: Exchange) -> Exchange:
    await either.add(*selling("cedar"), *buying("acme", "100000", price=usd("20")))
    return either


async def test_a_file_is_sold_and_its_result_says_what_became_of_each_row(trading: Exchange) -> None:
    rows = [*people(3), {**people(1, 9)[0], "zip": "8501"}, people(1)[0]]
    done = await sold(trading, await bring(trading, csv_of(rows)))
    told = results(trading, done)

    assert ("done", 5, {"accepted": 3, "invalid": 1, "duplicate": 1}) == (done.state, done.done_rows, done.counts)
    statuses = [row["exchange_status"] for row in told]
    assert ["accepted", "accepted", "invalid"] == statuses[1:4]
    assert ["accepted", "duplicate"] == sorted((statuses[0], statuses[4]))  # rows go together: either may be first
    won = told[0] if statuses[0] == "accepted" else told[4]
    assert ("16.00", "6029580001") == (won["exchange_price"], won["Phone Number"])
    assert done.payout_units == usd("48").units
    assert {"import"} == {row["channel"] for row in await trading.rows("SELECT channel FROM requests")}


async def test_a_spreadsheet_is_sold_like_any_other_file(trading: Exchange) -> None:
    lead = people(1)[0]
    data = xlsx(list(lead), [float(value) if name in ("phone", "zip") else value for name, value in lead.items()])
    done = await sold(trading, await bring(trading, data, name="acme-november.xlsx"))

    assert ("done", {"accepted": 1}) == (done.state, done.counts)
    assert ["+16029580001"] == [post["phone"] for post in trading.buyers.posts("acme")]


async def test_nothing_of_a_file_lies_readable_on_the_disk(trading: Exchange) -> None:
    row = await sold(trading, await bring(trading, csv_of(people(40))))
    kept = [path.read_bytes() for path in sorted(trading.market.files_dir.iterdir())]

    assert (2, 40) == (len(kept), len(results(trading, row)))
    assert not any(word in data for data in kept for word in (b"Sandoval", b"602958", b"Phone Number"))


async def test_a_file_that_cannot_be_read_leaves_nothing(trading: Exchange) -> None:
    with pytest.raises(BadFile, match="more than once"):
        await bring(trading, b"zip,zip\n1,2\n")
    spool = Spool(trading.market)
    with pytest.raises(TooLarge, match="64 MB"):
        spool.write(b"x" * (IMPORT_BYTES + 1))
    spool.drop()

    assert ([], 0) == (list(trading.market.files_dir.iterdir()), await trading.count("imports"))


async def test_a_dry_run_is_kept_with_the_import_and_sells_nothing(trading: Exchange) -> None:
    await sold(trading, await bring(trading, csv_of(people(1))))
    rows = [*people(4), people(4)[2], {**people(1, 9)[0], "zip": "8501"}, {**people(1, 10)[0], "tcpa_consent": ""}]
    row = await bring(trading, csv_of(rows))
    await check(trading.market, row)
    checked = await worked(trading, row)
    report = checked.report
    assert report is not None

    assert ("checked", 7) == (checked.state, checked.checked)
    counted = ("valid", "duplicate_in_file", "in_exchange", "invalid", "rejected", "no_consent")
    assert (3, 1, 1, 1, 1, 1) == tuple(report[name] for name in counted)
    assert ("60.00", "48.00") == (report["would_earn"]["about"], report["would_earn"]["payout"])
    assert 1 == await trading.count("leads")


async def test_other_columns_make_a_dry_run_worthless(trading: Exchange) -> None:
    lead = people(1)[0]
    data = csv_of([{**{name: lead[name] for name in lead if name != "phone"}, "Telefon": lead["phone"]}])
    row = await bring(trading, data)
    await check(trading.market, row)
    before = await worked(trading, row)
    await set_columns(trading.market, row, Columns({"Telefon": "phone"}, {"sub_id1": "list-7"}))
    after = await seen(trading, row)

    assert before.report is not None and 0 == before.report["valid"]
    assert ("new", None) == (after.state, after.report)
    assert {"accepted": 1} == (await sold(trading, after)).counts
    assert ["list-7"] == [lead["sub_id1"] for lead in await trading.rows("SELECT sub_id1 FROM leads")]


async def test_it_pauses_goes_on_at_the_same_row_and_can_be_cancelled(trading: Exchange) -> None:
    row = await bring(trading, csv_of(people(MANY)))
    await start_import(trading.market, row, OPERATOR)
    for act in (pause, cancel):
        trading.buyers.posted.clear()
        working = asyncio.create_task(work_import(trading.market, {"import": row.id}))
        await trading.buyers.posted.wait()
        await act(trading.market, row, OPERATOR)
        await working
        stopped = await seen(trading, row)
        told = results(trading, stopped)
        assert len(told) == stopped.done_rows == sum(stopped.counts.values()) < MANY
        if act is pause:
            assert "paused" == stopped.state
            await start_import(trading.market, row, OPERATOR)

    assert "cancelled" == stopped.state
    assert len(trading.buyers.posts("acme")) == stopped.done_rows
    with pytest.raises(NotNow, match="cancelled"):
        await start_import(trading.market, row, OPERATOR)


async def test_what_was_paused_and_resumed_at_once_goes_on(trading: Exchange) -> None:
    row = await bring(trading, csv_of(people(3)))
    await start_import(trading.market, row, OPERATOR)
    await pause(trading.market, row, OPERATOR)
    await start_import(trading.market, row, OPERATOR)

    assert ("done", {"accepted": 3}) == ((done := await worked(trading, row)).state, done.counts)


async def test_the_same_file_again_is_recognised_and_must_be_meant(trading: Exchange) -> None:
    data = csv_of(people(2))
    first = await sold(trading, await bring(trading, data))
    again = await bring(trading, data, name="other name.csv")
    with pytest.raises(SameFile) as same:
        await start_import(trading.market, again, OPERATOR)

    assert first.id == same.value.earlier.id
    assert {"duplicate": 2} == (await sold(trading, again, again=True)).counts


async def test_a_file_that_mostly_fails_stops_by_itself_and_says_why(trading: Exchange) -> None:
    rows = [{**each, "zip": "8501"} for each in people(80)]
    row = await sold(trading, await bring(trading, csv_of(rows)), stop_percent=60)

    assert ("paused", True) == (row.state, 50 <= row.done_rows < 80)
    assert row.problem is not None and "more than 60%" in row.problem
    assert "done" == (await sold(trading, row, stop_percent=100)).state


async def test_a_campaign_that_is_paused_refuses_no_rows_and_is_waited_for(trading: Exchange) -> None:
    row = await bring(trading, csv_of(people(3)))
    await trading.add(campaign("cedar", state=State.PAUSED))
    stopped = await sold(trading, row)
    await trading.add(campaign("cedar"))

    assert ("paused", 0) == (stopped.state, stopped.done_rows)
    assert stopped.problem is not None and "is paused" in stopped.problem
    assert {"accepted": 3} == (await sold(trading, stopped)).counts


async def test_test_leads_reach_simulated_buyers_only(trading: Exchange) -> None:
    row = await sold(trading, await bring(trading, csv_of(people(2)), mode=Mode.TEST))

    assert ({"accepted": 2}, []) == (row.counts, trading.buyers.posts("acme"))


async def test_an_import_whose_process_died_is_taken_up_when_its_lease_is_over(trading: Exchange) -> None:
    row = await bring(trading, csv_of(people(3)))
    await start_import(trading.market, row, OPERATOR)
    now = trading.market.clock.now()
    terms = Terms(1, 60_000, 12)
    assert 1 == len(await trading.market.db.write(lease_jobs, now, 1, {"import": terms}, terms))
    assert "running" == (await worked(trading, row)).state
    later(trading, 61)

    assert ("done", {"accepted": 3}) == ((done := await worked(trading, row)).state, done.counts)


async def test_a_stop_of_the_exchange_lets_rows_under_way_end(trading: Exchange) -> None:
    row = await bring(trading, csv_of(people(MANY)))
    await start_import(trading.market, row, OPERATOR)
    working = asyncio.create_task(work_import(trading.market, {"import": row.id}))
    await trading.buyers.posted.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    stopped = await seen(trading, row)

    assert ("running", {"accepted"}) == (stopped.state, set(stopped.counts))
    assert [] == await trading.rows("SELECT id FROM requests WHERE status_code IS NULL")
    assert len(trading.buyers.posts("acme")) == stopped.done_rows


async def test_a_node_without_the_file_leaves_it_to_another_and_says_so(trading: Exchange) -> None:
    row = await bring(trading, csv_of(people(1)))
    await start_import(trading.market, row, OPERATOR)
    elsewhere = replace(trading.market, files_dir=trading.market.files_dir / "elsewhere")
    elsewhere.files_dir.mkdir()
    with pytest.raises(ComeBack):
        await work_import(elsewhere, {"import": row.id})
    told = (await seen(trading, row)).problem

    assert told is not None and "files_dir" in told
    assert "done" == (await worked(trading, row)).state


async def test_files_and_their_keys_are_forgotten_in_time(trading: Exchange) -> None:
    row = await sold(trading, await bring(trading, csv_of(people(1))))
    await forget(trading.market)
    assert 1 == len(results(trading, row))
    later(trading, (trading.market.retention_days["lead"] + 1) * DAY_SECONDS)
    await forget(trading.market)
    gone = await seen(trading, row)

    assert ([], None, "done") == (list(trading.market.files_dir.iterdir()), gone.wrapped, gone.state)
    with pytest.raises(FileGone):
        list(result_of(trading.market, gone))


async def test_who_did_what_to_an_import_is_in_the_audit_log(trading: Exchange) -> None:
    row = await bring(trading, csv_of(people(2)), name="../../etc/pass\x00wd.csv")
    await start_import(trading.market, row, OPERATOR)
    await cancel(trading.market, row, OPERATOR)
    lines = await trading.rows("SELECT action, actor, after_json FROM audit_lines ORDER BY id")

    assert "cancelled" == (await worked(trading, row)).state
    assert ".._.._etc_pass_wd.csv" == row.file_name
    assert {"import.uploaded", "import.started", "import.cancelled"} == {line["action"] for line in lines}
    assert {row.id} == {json.loads(line["after_json"])["import"] for line in lines}


async def test_spreadsheets_are_unpacked_one_after_another(trading: Exchange) -> None:
    """One may take two gigabytes: a seller that brings ten at once takes no more than with one."""
    begun, most = 0, 0

    def counted(file: LeadFile, write: Callable[[bytes], object]) -> None:
        nonlocal begun, most
        begun += 1
        most = max(most, begun)
        sheet_as_csv(file, write)
        begun -= 1

    market = replace(trading.market, doors=replace(trading.market.doors, sheet_as_csv=counted))
    desk = replace(trading, market=market)
    lead = people(1)[0]
    rows = await asyncio.gather(*(bring(desk, xlsx(list(lead), list(lead.values())), name=f"{n}.xlsx") for n in "abcd"))

    assert ([1, 1, 1, 1], 1) == ([row.rows_total for row in rows], most)


async def test_a_list_without_a_column_for_the_state_has_it_of_the_zip(trading: Exchange) -> None:
    """Also where the column is there and empty; a program that posts must say it."""
    rows = [{name: value for name, value in each.items() if name != "state"} for each in people(2)]
    done = await sold(trading, await bring(trading, csv_of([*rows, {**rows[0], **people(1, 3)[0], "state": ""}])))

    assert {"accepted": 3} == done.counts
    assert {"AZ"} == {row["us_state"] for row in await trading.rows("SELECT us_state FROM leads")}
    assert ("invalid", ["state"]) == await _posted(trading, {**rows[0], "phone": "6029580177"})


async def _posted(exchange: Exchange, fields: dict[str, str]) -> tuple[str, list[str]]:
    answer = await post(exchange, fields)
    return answer["status"], [each["field"] for each in answer["errors"] or ()]
