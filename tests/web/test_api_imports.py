"""Files of leads by program: brought as a form or as a body, followed, steered, and their results."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from aiohttp import FormData
from openapi_schema_validator import OAS31Validator

from exchange.limits import IMPORT_BYTES, IMPORTS_OPEN
from exchange.web.api.openapi import openapi
from exchange.web.api.routes import routes
from exchange.worker import run_jobs
from tests.flows.import_bench import csv_of, people
from tests.flows.lab import later
from tests.intake.test_sheets import xlsx
from tests.market import NOW, buying, key_for_tests, live_key, read_once, selling, usd
from tests.web.served import Heard, Served, heard

PACKED = b"""--x\r
Content-Disposition: form-data; name=file; filename=a.csv\r
Content-Encoding: gzip\r
\r
abc\r
--x--\r
"""


@pytest.fixture
async def trading(served: Served) -> Served:
    await served.exchange.add(*buying("acme", "10000", price=usd("20")))
    return served


async def send_form(served: Served, data: bytes, name: str = "november.csv", key: str = "", **fields: str) -> Heard:
    form = FormData(fields, default_to_multipart=True)
    form.add_field("file", io.BytesIO(data), filename=name, content_type="text/csv")
    headers = {"X-Api-Key": key or live_key("cedar")}
    async with served.session.post(f"{served.address}/api/v1/imports", data=form, headers=headers) as answer:
        return await heard(answer)


async def worked(served: Served) -> None:
    while await run_jobs(served.exchange.market):
        continue


def judge(name: str) -> Any:
    document = openapi(routes(), read_once()[0].verticals, NOW)
    return OAS31Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})


def rows_of(answer: Heard) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.body.decode())))


async def test_what_is_said_behind_the_file_counts_as_what_is_said_before_it(trading: Served) -> None:
    """Clients write a form's parts in the order they like; a start that is not wanted must not begin."""

    async def sent(*parts: tuple[str, bytes | str]) -> Heard:
        form = FormData(default_to_multipart=True)
        for name, content in parts:
            form.add_field(name, content, filename=f"{name}.csv" if isinstance(content, bytes) else None)
        headers = {"X-Api-Key": live_key("cedar")}
        async with trading.session.post(f"{trading.address}/api/v1/imports", data=form, headers=headers) as answer:
            return await heard(answer)

    file = csv_of(people(3))
    waiting = await sent(("file", file), ("start", "no"))
    wrong = await sent(("file", file), ("order", "oldest"))
    mistyped = await sent(("file", file), ("strat", "no"))
    two = await sent(("file", file), ("other", file))
    started = await sent(("file", file), ("order", "newest"), ("hours", "00:00-24:00"), ("stop_percent", "50"))

    assert ("new", 422, 400) == (waiting["state"], wrong.http_status, two.http_status), two.fields
    assert (422, ["strat"]) == (mistyped.http_status, [each["field"] for each in mistyped["errors"]])
    assert ("running", "newest", "00:00-24:00") == (started["state"], started["order"], started["hours"])
    assert 2 == await trading.exchange.count("imports")
    assert 2 == len(list(trading.exchange.market.files_dir.glob("*")))


async def test_a_form_with_a_file_is_sold_and_its_result_taken(trading: Served) -> None:
    brought = await send_form(trading, csv_of([*people(2), {**people(1, 9)[0], "zip": "8501"}]), rate="600/min")
    await worked(trading)
    path = f"imports/{brought['import_id']}"
    done, result = await trading.get(path), await trading.get(f"{path}/result")

    assert (200, "running", []) == (brought.http_status, brought["state"], brought["missing"])
    assert [] == [error.message for error in judge("ImportBrought").iter_errors(dict(brought.fields))]
    assert ("alias", "phone") == next(
        (each["known_by"], each["field"]) for each in brought["columns"] if each["column"] == "Phone Number"
    )
    assert ("done", 3, {"accepted": 2, "invalid": 1}, "32.00") == tuple(
        done[name] for name in ("state", "done", "counts", "payout")
    )
    assert [] == [error.message for error in judge("Import").iter_errors(dict(done.fields))]
    assert ["accepted", "accepted", "invalid"] == [row["exchange_status"] for row in rows_of(result)]


@pytest.mark.parametrize("kind", ["text/csv", "application/octet-stream", "application/x-ndjson"])
async def test_the_file_may_be_the_body_itself(trading: Served, kind: str) -> None:
    lead = people(1)[0]
    data = {
        "text/csv": csv_of([lead]),
        "application/octet-stream": xlsx(list(lead), list(lead.values())),
        "application/x-ndjson": f"{json.dumps(lead)}\n".encode(),
    }[kind]
    brought = await trading.send("imports?name=a+file", body=data, content_type=kind)
    await worked(trading)

    assert "a file" == brought["file"]
    assert {"accepted": 1} == (await trading.get(f"imports/{brought['import_id']}"))["counts"]


async def test_columns_and_values_may_be_given(trading: Served) -> None:
    lead = people(1)[0]
    row = {**{name: value for name, value in lead.items() if name != "phone"}, "Call": lead["phone"], "email2": "x"}
    columns = json.dumps({"Call": "phone", "email2": ""})
    brought = await send_form(trading, csv_of([row]), columns=columns, constants='{"sub_id1": "list-7"}')
    await worked(trading)

    assert [("Call", "phone", "given"), ("email2", "", "given")] == [
        tuple(each.values()) for each in brought["columns"][-2:]
    ]
    assert ["list-7"] == [each["sub_id1"] for each in await trading.exchange.rows("SELECT sub_id1 FROM leads")]


async def test_a_dry_run_tells_the_seller_what_is_its_own(trading: Served) -> None:
    brought = await send_form(trading, csv_of(people(2)), start="no")
    checking = await trading.send(f"imports/{brought['import_id']}/check")
    await worked(trading)
    report = (await trading.get(f"imports/{brought['import_id']}"))["report"]

    assert ("new", "checking") == (brought["state"], checking["state"])
    assert (2, {"payout": "32.00", "currency": "USD"}) == (report["valid"], report["would_earn"])
    assert 0 == await trading.exchange.count("leads")


async def test_it_is_paused_resumed_and_cancelled(trading: Served) -> None:
    path = f"imports/{(await send_form(trading, csv_of(people(2))))['import_id']}"
    assert 200 == (await trading.send(f"{path}/pause")).http_status
    await worked(trading)
    assert "paused" == (await trading.get(path))["state"]
    assert "running" == (await trading.send(f"{path}/start", {"rate": "20/s"}))["state"]
    await trading.send(f"{path}/cancel")
    await worked(trading)
    late = await trading.send(f"{path}/start", body=b"", content_type=None)

    assert (409, "error", "import_not_now") == late.told
    assert 0 == await trading.exchange.count("leads")


async def test_its_order_and_hours_are_told_and_kept(trading: Served) -> None:
    begun = await send_form(trading, csv_of(people(2)), order="newest", hours="0:00-0:01 Asia/Tokyo")
    await worked(trading)
    await trading.send(f"imports/{begun['import_id']}/start", {"hours": "any"})
    later(trading.exchange, 10)
    await worked(trading)
    done = await trading.get(f"imports/{begun['import_id']}")

    assert ("newest", "00:00-00:01 Asia/Tokyo") == (begun["order"], begun["hours"])
    assert ("done", "newest", None, 2) == (
        done["state"],
        done["order"],
        done.fields.get("hours"),
        done["counts"]["accepted"],
    )


async def test_the_same_file_again_waits_for_a_yes(trading: Served) -> None:
    data = csv_of(people(1))
    first = await send_form(trading, data)
    await worked(trading)
    again = await send_form(trading, data, "other.csv")
    (waiting,) = [each for each in (await trading.get("imports"))["imports"] if each["state"] != "done"]
    meant = await trading.send(f"imports/{waiting['import_id']}/start", {"again": "yes"})

    assert (409, "error", "same_file") == again.told
    assert first["import_id"] in again["message"] and waiting["import_id"] in again["message"]
    assert ("new", "running") == (waiting["state"], meant["state"])


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"rate": "fast"}, "rate"),
        ({"start": "maybe"}, "start"),
        ({"again": "1"}, "again"),
        ({"order": "dearest"}, "order"),
        ({"hours": "9-17"}, "hours"),
        ({"stop_percent": "200"}, "stop_percent"),
        ({"columns": "[1]"}, "columns"),
        ({"columns": '{"a": 1}'}, "columns"),
        ({"constants": "{"}, "constants"),
        ({"columns": '{"zip": "colour"}'}, "columns"),
    ],
)
async def test_what_is_wrong_is_told_by_name_and_nothing_is_kept(
    trading: Served, fields: dict[str, str], field: str
) -> None:
    refused = await send_form(trading, csv_of(people(1)), **fields)

    assert (422, [field]) == (refused.http_status, [each["field"] for each in refused["errors"]])
    assert (0, []) == (await trading.exchange.count("imports"), list(trading.exchange.market.files_dir.glob("*")))


@pytest.mark.parametrize(
    ("body", "kind", "http_status"),
    [
        (b"", "text/csv", 400),
        (b"--x\r\n", "multipart/form-data", 400),
        (b"--x\r\nno part", "multipart/form-data; boundary=x", 400),
        (
            b"--x\r\nContent-Disposition: form-data; name=start\r\n\r\nno\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
            400,
        ),
        (PACKED, "multipart/form-data; boundary=x", 415),
        (b"zip,zip\n1,2\n", "text/csv", 422),
        (b"x" * (IMPORT_BYTES + 1), "text/csv", 413),
        (b"\x00\x01\x02", "text/csv", 422),
        (b"PK\x03\x04", "application/octet-stream", 422),
    ],
)
async def test_what_is_no_file_is_refused(trading: Served, body: bytes, kind: str, http_status: int) -> None:
    headers = {"X-Api-Key": live_key("cedar"), "Content-Type": kind}
    url = f"{trading.address}/api/v1/imports"
    async with trading.session.post(url, data=io.BytesIO(body), headers=headers) as answer:
        refused = await heard(answer)

    assert http_status == refused.http_status
    assert (0, []) == (await trading.exchange.count("imports"), list(trading.exchange.market.files_dir.glob("*")))


async def test_an_import_is_its_campaigns_own_and_of_its_keys_mode(trading: Served) -> None:
    await trading.exchange.add(*selling("dune"))
    path = f"imports/{(await send_form(trading, csv_of(people(1)), start='no'))['import_id']}"
    test = await send_form(trading, csv_of(people(1)), key=key_for_tests("cedar"))
    await worked(trading)

    assert [404, 404, 401] == [
        (await trading.get(path, key=key)).http_status
        for key in (live_key("dune"), key_for_tests("cedar"), "ck_live_x")
    ]
    assert 404 == (await trading.get(f"{path}/result", key=live_key("dune"))).http_status
    assert 404 == (await trading.send(f"{path}/start", key=live_key("dune"))).http_status
    assert test["test"] is True
    assert [] == trading.exchange.buyers.posts("acme")
    assert [] == (await trading.get("imports", key=live_key("dune")))["imports"]


async def test_curl_is_told_to_go_on_with_a_large_body(trading: Served) -> None:
    data = csv_of([{**each, "notes": "x" * 1_000} for each in people(400)])
    headers = {"X-Api-Key": live_key("cedar"), "Content-Type": "text/csv"}
    url = f"{trading.address}/api/v1/imports?start=no"
    async with trading.session.post(url, data=io.BytesIO(data), headers=headers, expect100=True) as answer:
        brought = await heard(answer)

    assert (200, 400) == (brought.http_status, brought["rows"])


async def test_a_seller_cannot_fill_the_disk_with_files_that_are_never_started(trading: Served) -> None:
    brought = [await send_form(trading, csv_of(people(1, number)), start="no") for number in range(IMPORTS_OPEN)]
    refused = await send_form(trading, csv_of(people(1, 90)), start="no")
    cancelled = await trading.send(f"imports/{brought[0]['import_id']}/cancel")
    after = await send_form(trading, csv_of(people(1, 91)))

    assert {200} == {each.http_status for each in brought}
    assert (409, "import_not_now") == (refused.http_status, refused["reason"])
    assert "start, finish or cancel" in refused["message"]
    assert (200, 200) == (cancelled.http_status, after.http_status)
