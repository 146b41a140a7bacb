"""Leads as rows of a file: each format read back by another library, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import openpyxl
import orjson
import pytest
import xmltodict
from hypothesis import given
from hypothesis import strategies as st

from buyers import connectors
from buyers.family import ConnectionProblems, Problem
from buyers.family import load as load_of
from buyers.files.connector import FilesConnector
from buyers.rows import FORMATS, cell
from exchange.connector import BadReply, Parcel, Terms
from exchange.model.auction import Award, Bid
from exchange.model.wire import FileMessage, Place
from tests.stages.samples import NOW, contract, lead, usd, value

PASSWORD = "pass-word"
NAUGHTY = ("=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://evil.example")', "-x")
FINE = ("+16029580142", "-12.50", "02134", 'Zoë, "the" 李', "line\nbreak", "")


def filing(**over: Any) -> FilesConnector:
    document = {
        "connection": "marlow",
        "connector": "files",
        "protocol": "sftp",
        "server": "files.marlow.example",
        "folder": "in",
        "user": "harbor",
        "password": {"secret": "marlow"},
        "host_key": f"SHA256:{'A' * 43}",
        **over,
    }
    made = load_of(document, {}, connectors()).build()
    assert isinstance(made, FilesConnector)
    return made


def parcel(reference: str, **fields: str) -> Parcel:
    award = Award(Bid("ct_1", "by_1", usd("42"), True, None, None), 1, reference)
    return Parcel(lead()._replace(values={name: value(text) for name, text in fields.items()}), award)


def written(connector: FilesConnector, *parcels: Parcel) -> FileMessage:
    return connector.message(parcels, contract(), Terms(NOW, "marlow-0007", {"marlow": PASSWORD}))


def read(message: FileMessage) -> list[Mapping[str, Any]]:
    """As another program reads it; what is empty there is left out."""
    content = message.content
    match message.name.rpartition(".")[2]:
        case "csv":
            found: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        case "xlsx":
            names, *rows = openpyxl.load_workbook(io.BytesIO(content)).active.values
            found = [dict(zip(names, row, strict=True)) for row in rows]
        case "jsonl":
            found = [orjson.loads(line) for line in content.splitlines()]
        case _:
            found = xmltodict.parse(content, force_list=("lead",))["leads"]["lead"]
    return [{name: text for name, text in row.items() if text} for row in found]


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_each_format_says_the_same_of_every_lead(kind: str) -> None:
    first = parcel("ref_1", first_name="Zoë", phone="+16029580142", zip="02134")
    message = written(filing(format=kind), first, parcel("ref_2", first_name="李", city="Mesa"))

    common = {"received_at": "2026-11-21 14:34 UTC", "price": "42.00"}
    one, two = read(message)
    assert f"marlow-0007.{kind}" == message.name
    assert {"reference": "ref_1", "first_name": "Zoë", "phone": "+16029580142", "zip": "02134"}.items() <= one.items()
    assert {"reference": "ref_2", "first_name": "李", "city": "Mesa", "price": common["price"]}.items() <= two.items()


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_columns_of_its_own_are_those_and_in_that_order(kind: str) -> None:
    columns = {"Zip": "zip", "Name": {"field": "first_name", "case": "upper"}, "Their_id": {"term": "reference"}}
    (row,) = read(written(filing(format=kind, columns=columns), parcel("ref_1", first_name="Eva", zip="02134", x="y")))

    assert [("Zip", "02134"), ("Name", "EVA"), ("Their_id", "ref_1")] == list(row.items())


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_cell_is_one_that_a_spreadsheet_runs(kind: str) -> None:
    (row,) = read(written(filing(format=kind), parcel("ref_1", **{f"n{at}": text for at, text in enumerate(NAUGHTY)})))

    for at, text in enumerate(NAUGHTY):
        shown = row[f"n{at}"]
        assert shown[0] not in "=+-@\t\r", shown
        assert shown.lstrip("'") == text.strip()


@given(st.text(max_size=40))
def test_a_cell_keeps_its_text_and_never_begins_a_formula(text: str) -> None:
    shown = cell(text)

    assert shown in (text, f"'{text}")
    assert shown[:1] not in ("=", "@", "\t", "\r") and (shown[:1] not in ("+", "-") or shown[1:2].isdecimal())


def test_numbers_and_texts_that_are_none_stay_as_they_are() -> None:
    assert list(FINE) == [cell(text) for text in FINE]


def test_the_place_is_that_of_the_document_and_the_record_shows_no_password() -> None:
    message = written(filing(server="files.marlow.example:2222", folder="/in/leads"), parcel("ref_1", zip="02134"))

    pinned = f"SHA256:{'A' * 43}"
    assert message.place == Place(
        "sftp", "files.marlow.example", 2222, "/in/leads", "harbor", PASSWORD, host_key=pinned
    )
    shown = message.shown()
    assert "sftp://files.marlow.example:2222/in/leads/marlow-0007.csv" == shown.url
    assert (b"", (PASSWORD,)) == (shown.body, shown.secrets) and PASSWORD not in str(shown.headers)


def test_a_secret_that_is_not_set_stops_the_file() -> None:
    with pytest.raises(BadReply, match="the secret marlow is not set"):
        filing().message([parcel("ref_1")], contract(), Terms(NOW, "r", {}))


@pytest.mark.parametrize(
    ("over", "path", "said"),
    [
        ({"server": "files.marlow.example:0"}, "server", "its port"),
        ({"server": "user@files.marlow.example"}, "server", "its port"),
        ({"host_key": "aa:bb:cc"}, "host_key", "SHA256"),
        ({"password": None, "key_file": ""}, "document", "signed in"),
        ({"protocol": "ftp"}, "document", "are for sftp"),
        ({"format": "pdf"}, "format", "csv"),
        ({"folder": "a\\b"}, "folder", "pattern"),
        ({"columns": {"a": {"secret": "marlow"}}}, "columns", "a secret belongs into no file"),
        ({"columns": {"a": {"items": ["zip"]}}}, "columns", "cannot be used here"),
        ({"format": "xml", "columns": {"a b": "zip"}}, "document", "element"),
        ({"seconds": 3_600}, "seconds", "120"),
        ({"colums": {}}, "colums", "not permitted"),
    ],
)
def test_what_is_wrong_with_a_document_is_told_with_its_place(over: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(ConnectionProblems) as refused:
        filing(**over)

    assert all(isinstance(each, Problem) for each in refused.value.problems)
    assert [path] == [problem.path for problem in refused.value.problems]
    assert said in refused.value.problems[0].message
