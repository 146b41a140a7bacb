"""Phones and emails that nobody here chose: what must fail is never taken, what must pass is, but for those listed here
and in `docs/fields.md` with a reason.

The samples of our own are always tried; the published sets when they lie beside the repository, which the name of the
first test tells.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from exchange.fields.area_codes import AREAS
from exchange.fields.table import packaged
from exchange.model.lead import FieldValue
from tests.fields.values import CORPORA, naughty_texts, read
from tests.stages.scrub.scrubbed import scrubbed

PHONES, EMAILS = CORPORA / "phone", CORPORA / "email"
TRIED = [f"{each.name} {'published' if each.exists() else 'own samples only'}" for each in (PHONES, EMAILS)]

# Correct by the standard, and of no consumer: each diagnosis of the published set with the reason it is refused for.
REFUSED_DIAGNOSES = {
    "ISEMAIL_RFC5321_QUOTEDSTRING": "quotes around the name: no provider gives such addresses out",
    "ISEMAIL_RFC5321_ADDRESSLITERAL": "an IP address for a domain",
    "ISEMAIL_RFC5321_IPV6DEPRECATED": "an IP address for a domain",
    "ISEMAIL_RFC5321_TLD": "a domain without a dot",
    "ISEMAIL_RFC5321_TLDNUMERIC": "an ending of digits: an IP address without its brackets",
}
REFUSED_ADDRESSES = {
    "test@io": "a domain without a dot",
    "test@xn--example.com": "the label says it is encoded and cannot be decoded",
}
DIGIT_ENDING = re.compile(r"\.(?!xn--)[^.]*[0-9][^.]*$")  # no ending in the world holds digits

REFUSED_EXAMPLES = {
    "BJ uan": "Benin put 01 before every number in November 2024; the list is older",
    "BJ voip": "the same",
    "CA uan": "310-1234 is seven digits: a short number of the network, not to be called from elsewhere",
    "ZW fixedLine": "the numbering plan in use has no such number of this length any more",
}


class Address(NamedTuple):
    text: str
    category: str
    diagnosis: str


OWN_ADDRESSES = (
    Address("maria@", "ISEMAIL_ERR", "ISEMAIL_ERR_NODOMAIN"),
    Address("@", "ISEMAIL_ERR", "ISEMAIL_ERR_NOLOCALPART"),
    Address("maria@[", "ISEMAIL_ERR", "ISEMAIL_ERR_UNCLOSEDDOMLIT"),
    Address("(comment)", "ISEMAIL_ERR", "ISEMAIL_ERR_NODOMAIN"),
    Address("maria@consumer.example\r\nBcc: all", "ISEMAIL_ERR", "ISEMAIL_ERR_ATEXT_AFTER_CFWS"),
    Address("maria@consumer.example\n", "ISEMAIL_ERR", "ISEMAIL_ERR_EXPECTING_ATEXT"),
    Address("maria+solar@mail.consumer.example", "ISEMAIL_VALID_CATEGORY", "ISEMAIL_VALID"),
    Address("!#$%&'*+/=?^_`{|}~-@consumer.example", "ISEMAIL_VALID_CATEGORY", "ISEMAIL_VALID"),
    Address('"maria"@consumer.example', "ISEMAIL_RFC5321", "ISEMAIL_RFC5321_QUOTEDSTRING"),
)
MUST_PASS = ("ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN", "ISEMAIL_RFC5321")


def addresses() -> list[Address]:
    """Ours, and the published ones. Those write control characters as the pictures of them."""
    found = list(OWN_ADDRESSES)
    for path in sorted(EMAILS.glob("isemail_tests*.xml")):
        for test in ElementTree.parse(path).iter("test"):
            shown = "".join(chr(ord(c) - 0x2400) if 0x2400 <= ord(c) < 0x2421 else c for c in said(test, "address"))
            found.append(Address(shown, said(test, "category"), said(test, "diagnosis")))
    return found


def said(test: ElementTree.Element, name: str) -> str:
    return test.findtext(name) or ""


def rows(name: str) -> Iterator[dict[str, str]]:
    path = PHONES / name
    if path.exists():
        with path.open(encoding="utf-8") as lines:
            yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def accepted(kind: str, text: str) -> bool:
    return isinstance(read(kind, text), FieldValue)


@pytest.mark.parametrize("place", [PHONES, EMAILS], ids=TRIED)
def test_where_the_published_sets_lie_they_are_read(place: Path) -> None:
    tried = len(addresses()) - len(OWN_ADDRESSES) if place == EMAILS else len(list(rows("example_numbers.tsv")))

    assert (tried > 100) is place.exists()


def test_no_address_that_must_fail_is_taken() -> None:
    wrong = [each.text for each in addresses() if each.category == "ISEMAIL_ERR"]

    assert wrong and [] == [text for text in wrong if accepted("email", text)]


def test_every_address_that_must_pass_is_taken_but_for_those_listed() -> None:
    must = [each for each in addresses() if each.category in MUST_PASS]
    refused = [each for each in must if not accepted("email", each.text)]

    listed = REFUSED_DIAGNOSES.keys()
    assert [] == [
        each
        for each in refused
        if each.diagnosis not in listed and each.text not in REFUSED_ADDRESSES and not DIGIT_ENDING.search(each.text)
    ]
    assert len(refused) < len(must)


def test_no_text_that_is_no_number_is_taken() -> None:
    wrong = ["+", "12. March", "+---", "0", "I want a Pizza", "+1 650 253 00000", "I have no phone"]
    fails = {"parse_fails"}, {"isPossibleNumber", "isViablePhoneNumber"}
    for row in rows("libphonenumber_cases.tsv"):
        if row["check"] in fails[0] or (row["check"] in fails[1] and row["expected"] == "false"):
            wrong.append(json.loads(row["input_json"]))

    assert [] == [text for text in wrong if accepted("phone", text)]


def test_every_published_number_is_taken_but_for_those_listed() -> None:
    must = {"US fixedLine": "+12015550123", "GB mobile": "+447400123456", "DE fixedLine": "+4930123456"}
    refused = {name for name, number in must.items() if not accepted("phone", number)}
    for row in rows("example_numbers.tsv"):
        if not accepted("phone", row["e164_unless_leading_zero"]):
            refused.add(f"{row['region']} {row['type']}")

    assert set() == refused - REFUSED_EXAMPLES.keys()


def test_area_codes_are_those_of_the_published_patterns() -> None:
    kinds = packaged(AREAS).value.kinds
    own = {"602": "geographic", "416": "abroad", "888": "toll_free", "900": "premium"}
    assert own == {area: kinds[area] for area in own}

    places = {"us": {"geographic"}, "ca": {"abroad"}}
    for country, meant in places.items():
        path = PHONES / f"{country}_fixed_line_pattern.txt"
        pattern = re.compile(path.read_text("utf-8").strip() if path.exists() else "602[2-9][0-9]{6}")
        ours = {area for area in kinds if pattern.fullmatch(f"{area}2345678")}
        assert {kinds[area] for area in ours - {"602"}} <= meant


def test_no_text_of_the_lists_breaks_the_scrub() -> None:
    for text in naughty_texts():
        assert scrubbed(first_name=text, last_name=text, email=text, phone=text, address=text, city=text).findings
    for each in addresses():
        assert scrubbed(email=each.text).findings
