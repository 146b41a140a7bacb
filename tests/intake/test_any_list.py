"""Whatever lies at an address, in a feed or in a mail: it is read, or one sentence says why it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from exchange.flows.doors import NotPolled
from exchange.intake.feeds import read_feed
from exchange.intake.mail.adf import BadAdf, read_adf
from exchange.intake.mail.items import items_of
from exchange.intake.pulls import read_list
from exchange.intake.xml_rows import rows_of_xml
from exchange.model.source import Item
from exchange.sources.pull import PullDocument
from tests.intake.test_any_bytes import json_samples, naughty, xml_samples

EVERY = 5  # of the large collections: each sample is read by every reader
SAMPLES = {
    "deep.json": b'[{"a": ' * 450 + b"1" + b"}]" * 450,
    "colon.xml": b"<leads><lead:>1</lead:></leads>",
    "entity.xml": b"<leads><lead>&nbsp;</lead></leads>",
    "huge_character.xml": b"<leads><lead>&#99999999999;</lead></leads>",
    "half_character.xml": b"<rss><channel><item>&#xD802;</item></channel></rss>",
    "no_character.xml": b"<feed><entry>&#x110000;</entry></feed>",
}


def pull(kind: str, **more: Any) -> PullDocument:
    given = {"source": "pulled", "kind": "pull", "campaign": "cedar-solar", "url": "https://a.example/", **more}
    return PullDocument.model_validate({**given, "format": kind})


def samples() -> Iterator[tuple[str, bytes]]:
    yield from SAMPLES.items()
    yield from list(json_samples())[::EVERY]
    yield from list(xml_samples())[::EVERY]
    for number, text in enumerate(list(naughty())[:: EVERY * 4]):
        escaped = text.replace("&", "&amp;").replace("<", "&lt;")
        yield f"naughty feed {number}", f"<rss><channel><item><title>{escaped}</title></item></channel></rss>".encode()
        yield f"naughty table {number}", f"zip,comment\n85016,{text}\n".encode()


def _adf(body: bytes) -> list[dict[str, str]]:
    return read_adf(f"<adf><prospect>{body.decode('utf-8', 'replace')}</prospect></adf>")


def _mail(body: bytes) -> tuple[Item, ...]:
    return items_of(b"From: a@b.example\nSubject: lead\nContent-Type: application/xml\n\n" + body, "email", 1)


READERS: dict[str, Callable[[bytes], object]] = {
    "json": lambda body: list(read_list(pull("json"), body, 1)),
    "csv": lambda body: list(read_list(pull("csv"), body, 1)),
    "xml": lambda body: list(read_list(pull("xml", rows="lead"), body, 1)),
    "feed": lambda body: read_feed(body, 1),
    "adf": _adf,
    "mail": _mail,
}


def test_nothing_that_is_fetched_or_mailed_makes_a_reader_fail() -> None:
    failed = []
    for name, body in samples():
        for reader, read in READERS.items():
            try:
                read(body)
            except (NotPolled, BadAdf) as error:
                assert 10 < len(str(error.args[0])) < 300
            except Exception as error:
                failed.append((reader, name, repr(error)[:80]))
    assert [] == failed


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (b"<a><lead/></a>", [b"<lead/>"]),
        (
            b'<a xmlns:x="u"><x:lead id="1"/><b><lead n=">">z</lead ></b></a>',
            [b'<x:lead id="1"/>', b'<lead n=">">z</lead >'],
        ),
        (b"<a><lead>one<lead>two</lead></lead><leads/></a>", [b"<lead>one<lead>two</lead></lead>"]),
        (
            '<?xml version="1.0" encoding="ISO-8859-1"?><a><lead>é</lead></a>'.encode("latin-1"),
            ["<lead>é</lead>".encode()],
        ),
        ('<?xml version="1.0" encoding="UTF-16"?><a><lead>é</lead></a>'.encode("utf-16"), ["<lead>é</lead>".encode()]),
        (b"\xef\xbb\xbf<a><lead><![CDATA[</lead>]]></lead></a>", [b"<lead><![CDATA[</lead>]]></lead>"]),
    ],
)
def test_rows_are_cut_out_of_xml_as_they_stand(body: bytes, rows: list[bytes]) -> None:
    assert rows == rows_of_xml(body, "lead")


@pytest.mark.parametrize(
    "body", [b"<!DOCTYPE a><a><lead/></a>", b"<a>", b"", b'<?xml version="1.0" encoding="no-such"?><a/>', b"\xff<a/>"]
)
def test_what_is_no_xml_or_has_a_document_type_gives_no_row(body: bytes) -> None:
    with pytest.raises(NotPolled):
        rows_of_xml(body, "lead")
