"""Lists fetched from a real server: JSON, CSV and XML, with the moment they were last fetched, each row once."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

import orjson
import pytest

from exchange.bootstrap import load_catalog
from exchange.flows.documents import save_document, save_secret
from exchange.flows.doors import NotPolled
from exchange.flows.shapes import SOURCE
from exchange.intake.pulls import read_list
from exchange.model.actor import SYSTEM
from exchange.sources.pull import PullDocument
from exchange.sources.read import BadSource, read_source
from exchange.storage.sources import source_state
from tests.channels.outlet import Outlet
from tests.flows.arrived import states, worked
from tests.flows.lab import later
from tests.market import NOW, Exchange, consumer

PULL = "cedar_list"


def in_json(numbers: Sequence[int]) -> bytes:
    """Rows with an object inside, two levels down."""
    rows: list[dict[str, Any]] = []
    for number in numbers:
        fields: dict[str, Any] = dict(consumer(number))
        contact = {"phone": fields.pop("phone"), "email": fields.pop("email")}
        rows.append({"id": number, **fields, "contact": contact})
    return orjson.dumps({"data": {"leads": rows}, "next": None})


def in_csv(numbers: Sequence[int]) -> bytes:
    written = io.StringIO()
    names = ["id", *consumer(1)]
    rows = csv.DictWriter(written, names, delimiter=";")
    rows.writeheader()
    rows.writerows({"id": number, **consumer(number)} for number in numbers)
    return written.getvalue().encode()


def in_xml(numbers: Sequence[int]) -> bytes:
    rows = []
    for number in numbers:
        fields = "".join(f"<l:{name}>{escape(value)}</l:{name}>" for name, value in consumer(number).items())
        rows.append(f'<l:Lead id="{number}"><l:Contact>{fields}</l:Contact></l:Lead>')
    head = '<?xml version="1.0"?><l:Leads xmlns:l="https://cedar.example/l">'
    return f"{head}{''.join(rows)}</l:Leads>".encode()


LISTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "json": (in_json, {"rows": "data.leads"}),
    "csv": (in_csv, {}),
    "xml": (in_xml, {"rows": "Lead"}),
}


def document(outlet: Outlet, format: str, **more: Any) -> dict[str, Any]:
    base = {"source": PULL, "kind": "pull", "campaign": "cedar-solar", "every": "10m", "key": "id"}
    return {**base, "url": f"{outlet.address}/leads", "format": format, **LISTS[format][1], **more}


async def polled(exchange: Exchange, outlet: Outlet, format: str, **more: Any) -> None:
    await save_document(exchange.market, SOURCE, PULL, document(outlet, format, **more), SYSTEM)
    await worked(exchange)


@pytest.mark.parametrize("format", LISTS)
async def test_each_row_is_a_lead_once(exchange: Exchange, outlet: Outlet, format: str) -> None:
    written = LISTS[format][0]
    outlet.body = written([1, 2])
    await polled(exchange, outlet, format)
    assert [("taken", "accepted")] * 2 == await states(exchange)

    outlet.body = written([1, 2, 3])
    later(exchange, 601)
    await worked(exchange)

    assert [("taken", "accepted")] * 3 == await states(exchange)
    assert {consumer(number)["email"] for number in (1, 2, 3)} == {
        post["email"] for post in exchange.buyers.posts("acme")
    }
    assert [{"channel": "url"}] * 3 == await exchange.rows("SELECT channel FROM requests")


async def test_a_row_without_a_name_goes_by_its_text(exchange: Exchange, outlet: Outlet) -> None:
    outlet.body = in_csv([1])
    await polled(exchange, outlet, "csv", key=None)
    later(exchange, 601)
    await worked(exchange)

    assert [("taken", "accepted")] == await states(exchange)


@pytest.mark.parametrize(
    ("since", "first", "second"),
    [
        ("rfc3339", "2026-11-20T14:34:08Z", "2026-11-21T14:24:08Z"),
        ("date", "2026-11-20", "2026-11-21"),
        ("epoch_s", str(NOW // 1000 - 86_400), str(NOW // 1000 - 600)),
        ("epoch_ms", str(NOW - 86_400_000), str(NOW - 600_000)),
    ],
)
async def test_a_list_is_asked_for_from_where_it_ended(
    exchange: Exchange, outlet: Outlet, since: str, first: str, second: str
) -> None:
    outlet.body = in_json([1])
    await polled(exchange, outlet, "json", url=f"{outlet.address}/leads?from={{since}}", since=since)
    later(exchange, 601)
    await worked(exchange)

    asked = [parse_qs(urlsplit(path).query)["from"] for path, _ in outlet.asked]
    assert [[first], [second]] == asked


async def test_an_unchanged_list_is_not_sent_again(exchange: Exchange, outlet: Outlet) -> None:
    outlet.body, outlet.etag = in_csv([1]), '"v1"'
    await save_secret(exchange.market, "cedar_login", "Bearer t-123", SYSTEM)
    await polled(exchange, outlet, "csv", authorization="cedar_login")
    later(exchange, 601)
    await worked(exchange)

    assert [200, 304] == outlet.answered
    assert {"Bearer t-123"} == {headers["Authorization"] for _, headers in outlet.asked}


@pytest.mark.parametrize(
    ("format", "body", "told"),
    [
        ("json", b'{"data": {"leads": [', "no JSON: line 1, column 21"),
        ("json", b'{"data": {"leads": {}}}', "No list of rows"),
        ("json", b'{"data": {"leads": [{"zip": "1", "zip": "2"}]}}', "a name comes twice"),
        ("json", b"[" * 100_000, "cannot be read"),
        ("json", b"\xff\xfe", "cannot be read"),
        ("csv", b"", "is empty"),
        ("csv", b"zip,zip\n1,2\n", "has the column zip more than once"),
        ("xml", b"<Leads><Lead>", "no XML"),
        ("xml", b'<!DOCTYPE a [<!ENTITY b "c">]><Leads><Lead>&b;</Lead></Leads>', "document type"),
    ],
)
async def test_a_list_that_cannot_be_read_is_told_whole(
    exchange: Exchange, outlet: Outlet, format: str, body: bytes, told: str
) -> None:
    outlet.body = body
    await polled(exchange, outlet, format)

    state = await exchange.market.db.read(source_state, PULL)
    assert 1 == state.failures and told in (state.last_error or ""), state.last_error
    assert [] == list(await states(exchange))


async def test_a_bad_row_is_told_and_the_others_are_sold(exchange: Exchange, outlet: Outlet) -> None:
    outlet.body = (
        in_csv([1]) + b"9;too;many;cells;in;this;row;for;its;header;which;has;less\n" + in_csv([2]).split(b"\n")[1]
    )
    await polled(exchange, outlet, "csv")

    assert [("failed", "invalid"), ("taken", "accepted"), ("taken", "accepted")] == sorted(await states(exchange))


def test_an_empty_list_has_no_rows() -> None:
    base = {"source": "a1", "campaign": "c", "kind": "pull", "url": "http://x.example", "format": "json"}
    made = PullDocument.model_validate(base)
    assert [] == list(read_list(made, b"[]", 0))
    with pytest.raises(NotPolled):
        list(read_list(made, b"{}", 0))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "xml", "rows": None}, "rows: say which element is a row"),
        ({"format": "csv", "rows": "a"}, "rows: every row of a CSV file is one"),
        ({"format": "json", "rows": "a["}, "is no JMESPath"),
        ({"format": "yaml"}, "format: "),
        ({"since": "yesterday"}, "since: "),
    ],
)
def test_a_document_that_cannot_work_is_refused(change: dict[str, Any], said: str) -> None:
    base = {"source": PULL, "kind": "pull", "campaign": "c", "url": "https://x.example/", "format": "json"}
    with pytest.raises(BadSource) as bad:
        read_source({**base, **change}, load_catalog(None).source_presets)

    assert said in "\n".join(bad.value.problems)


async def test_half_a_character_in_one_row_stops_no_other(exchange: Exchange, outlet: Outlet) -> None:
    """JSON can hold what no text is: a lone surrogate."""
    outlet.body = in_json([1, 2, 3]).replace(b'"Maria"', b'"Mar\\ud800ia"', 1).replace(b'"id":3', b'"id":"\\udfff3"')
    await polled(exchange, outlet, "json")

    assert [("taken", "accepted")] * 3 == await states(exchange)
