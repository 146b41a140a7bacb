"""Verifiers made while the exchange runs: checked whole, told where they are needed, and in force at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exchange.flows.documents import remove_document, save_document
from exchange.flows.shapes import VERIFIER, VERTICAL, DocumentProblems
from exchange.model.actor import SYSTEM
from exchange.model.verification import VerifierRule
from tests.flows.vendors import document
from tests.market import Exchange, campaign, selling

ADDRESS = "https://lines.vendor.example"
MADE = document(ADDRESS)
VERTICAL_OF_LINES: dict[str, Any] = {
    "title": "Lines",
    "fields": [
        {"name": "zip", "type": "postal_code", "label": "ZIP code", "ping": "required", "post": "required"},
        {"name": "phone", "type": "phone", "label": "Phone", "ping": "absent", "post": "required", "personal": True},
    ],
    "verifiers": [{"verifier": "line_check", "stage": "after", "sample": 50}],
}


@pytest.mark.parametrize(
    ("name", "made", "problem"),
    [
        ("other", MADE, "the document's name is 'other'"),
        ("line_check", {**MADE, "colour": "red"}, "colour"),
        ("line_check", document("http://169.254.169.254"), "metadata"),
        ("line_check", document("http://10.0.0.1"), "private"),
        ("trustedform", {**MADE, "verifier": "trustedform"}, "a file has the name trustedform"),
    ],
)
async def test_what_cannot_be_used_is_not_kept(
    exchange: Exchange, name: str, made: dict[str, Any], problem: str
) -> None:
    with pytest.raises(DocumentProblems) as told:
        await save_document(exchange.market, VERIFIER, name, made, SYSTEM)

    assert problem in str(told.value)
    assert "line_check" not in exchange.market.deals.shapes.verifiers


async def test_a_vertical_names_only_verifiers_that_are_there(either: Exchange) -> None:
    with pytest.raises(DocumentProblems) as told:
        await save_document(either.market, VERTICAL, "lines", VERTICAL_OF_LINES, SYSTEM)
    await save_document(either.market, VERIFIER, "line_check", MADE, SYSTEM)
    await save_document(either.market, VERTICAL, "lines", VERTICAL_OF_LINES, SYSTEM)

    assert "there is no verifier line_check" in str(told.value)
    assert ["line_check"] == [rule.verifier for rule in either.market.verticals["lines"].verifiers]
    with pytest.raises(DocumentProblems) as needed:
        await remove_document(either.market, VERIFIER, "line_check", SYSTEM)
    assert "vertical lines uses it" in str(needed.value)


async def test_a_campaigns_own_list_goes_before_its_verticals(exchange: Exchange) -> None:
    await save_document(exchange.market, VERIFIER, "line_check", MADE, SYSTEM)
    await exchange.add(*selling("cedar"), replace(campaign("cedar"), verifiers=(VerifierRule("line_check"),)))

    with pytest.raises(DocumentProblems) as needed:
        await remove_document(exchange.market, VERIFIER, "line_check", SYSTEM)
    assert "campaign cedar-solar uses it" in str(needed.value)
    await exchange.add(replace(campaign("cedar"), verifiers=()))
    assert await remove_document(exchange.market, VERIFIER, "line_check", SYSTEM)
