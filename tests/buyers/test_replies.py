"""Replies of lead systems, read through connections that are data alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from buyers.reading import Reading
from exchange.connector import BadReply
from exchange.model.wire import Reply
from tests.buyers.shelf import ROOT, of_preset, presets, reply, yaml

OWN = ROOT / "tests/buyers/replies.yaml"
CAPTURED = ROOT.parent / "shared/wire/replies.json"  # a larger set that need not be there
SYSTEMS: tuple[tuple[str, str, str | None], ...] = (
    ("alpine", "ping_response", "alpine"),
    ("crm-ringy", "ringy", None),
    ("datastream", "ping_response", None),
    ("detroit", "ping_response", "detroit_trading"),
    ("generic-", "openrtb", None),
    ("goace", "ping_response", None),
    ("html-thank", "thank_you_page", None),
    ("icwleads", "ping_response", None),
    ("kb-xml", "result_word", None),
    ("leadbyte-buyer", "leadbyte", "buyer_ping"),
    ("leadbyte-rest", "leadbyte", "rest"),
    ("mtgxfer", "numbered", None),
    ("nested-array", "result_word", "leads_list"),
    ("offerweb", "linktrust", None),
    ("price-in-attr", "ping_response", None),
    ("simple-json", "result_word", None),
    ("workload", "result_word", None),
    ("xml-", "boberdoo", None),
    ("yesno", "yes_no", None),
)
WORDS: tuple[tuple[str, frozenset[str | None]], ...] = (
    ("accept", frozenset({"accepted"})),
    ("reject", frozenset({"rejected", "no_bid"})),
    ("error", frozenset({"error"})),
    ("queued", frozenset({"queued"})),
    ("duplicate", frozenset({"duplicate"})),
)
# A gateway's page says nothing about the lead: on a post it must stay unclear, so no rule may match it.
UNREADABLE_ON_PURPOSE = frozenset({"workload-error-inside-200-html"})


def read(preset: str, variant: str | None, stage: str, heard: Reply, shelf: Mapping[str, Any]) -> Reading:
    return of_preset(preset, variant, shelf).readers[stage].read(heard)


def told(reading: Reading) -> dict[str, Any]:
    price = reading.price
    return {
        "price": price.amount.text if price is not None and price.amount is not None else None,
        "currency": reading.currency,
        "ref": reading.reference,
        "reason": reading.reason,
        "redirect": reading.redirect,
    }


def legs(reading: Reading) -> list[list[str | None]]:
    return [
        [leg.reference, leg.name, leg.price.amount.text if leg.price and leg.price.amount else None]
        for leg in reading.legs
    ]


def differences(means: Mapping[str, Any], reading: Reading, outcomes: frozenset[str | None]) -> list[str]:
    got = told(reading)
    found = [f"{name}: {means.get(name)!r} != {got[name]!r}" for name in got if means.get(name) != got[name]]
    if reading.outcome not in outcomes:
        found.append(f"outcome: {sorted(map(str, outcomes))} != {reading.outcome}")
    if means.get("legs") is not None and means["legs"] != legs(reading):
        found.append(f"legs: {means['legs']} != {legs(reading)}")
    return found


def test_the_shapes_of_lead_systems_are_read_as_they_are_meant() -> None:
    shelf, wrong = presets(), []
    for sample in yaml(OWN.read_text("utf-8")):
        heard = reply(sample["body"], sample.get("status", 200), sample.get("content_type", "text/xml"))
        reading = read(sample["preset"], sample.get("variant"), sample["stage"], heard, shelf)
        means = sample["means"]
        if found := differences(means, reading, frozenset({means["outcome"]})):
            wrong.append((sample["body"], found))
        expiry = reading.expires.at if reading.expires is not None else None
        if expiry != means.get("expires_at"):
            wrong.append((sample["body"], [f"expires_at {expiry}"]))

    assert [] == wrong


def test_every_captured_reply_at_hand_is_read_as_it_is_meant() -> None:
    samples = json.loads(CAPTURED.read_text("utf-8")) if CAPTURED.exists() else []
    shelf, wrong = presets(), []
    for sample in samples:
        preset, variant = system(sample["id"])
        stage = {"poll": "ask", "direct": "post"}.get(sample["stage"], sample["stage"])
        response, means = sample["response"], dict(sample["means"])
        heard = reply(response["body"], response["http_status"], response["content_type"])
        outcomes = dict(WORDS)[means["outcome"]]
        if sample["id"] in UNREADABLE_ON_PURPOSE:
            outcomes = frozenset({None})
        if means.get("legs"):
            means["legs"] = [[leg["ref"], leg.get("name"), leg["price"]] for leg in means["legs"]]
        if found := differences(means, read(preset, variant, stage, heard, shelf), outcomes):
            wrong.append((sample["id"], found))

    assert [] == wrong


def system(sample: str) -> tuple[str, str | None]:
    for start, preset, variant in SYSTEMS:
        if sample.startswith(start):
            return preset, variant
    return sample.split("-")[0], None


def test_every_preset_has_a_reply_of_our_own() -> None:
    shown = {sample["preset"] for sample in yaml(OWN.read_text("utf-8"))}

    assert set(presets()) == shown


def test_no_preset_takes_a_gateway_page_or_a_server_error_for_an_answer_to_a_post() -> None:
    shelf = presets()
    page = "<html><head><title>Thanks</title></head><body><h1>502 Bad Gateway</h1></body></html>"
    taken = []
    for name, document in shelf.items():
        for variant in (None, *(document.get("variants") or {})):
            connection = of_preset(name, variant, shelf)
            for status in (200, 500, 502, 503):
                try:
                    outcome = connection.readers["post"].read(reply(page, status, "text/html")).outcome
                except BadReply:
                    continue
                if outcome is not None:
                    taken.append((name, variant, status, outcome))

    assert [] == taken
