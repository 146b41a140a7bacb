"""A buyer asks its money back by a link: within its window, once, with a reason, and nothing else happens by it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from aiohttp import FormData

from exchange.flows.links import RETURN
from exchange.flows.returns import NOTE, key_of_lead, words_in
from exchange.flows.undo import reverse_sale
from exchange.model.actor import SYSTEM
from exchange.model.return_terms import RETURN_REASONS, ReturnTerms
from tests.flows.lab import later
from tests.market import Exchange, open_exchange
from tests.web.served import serve_exchange
from tests.web.test_links import DAY_MS, path_of, sold
from tests.web.visitor import stranger


async def asked(exchange: Exchange) -> list[tuple[str, str, str, str]]:
    rows = await exchange.rows("SELECT * FROM return_requests ORDER BY asked_at")
    market = exchange.market
    notes = [words_in(market, row, NOTE, await key_of_lead(market, row["lead_id"])) for row in rows]
    return [(row["reason"], note, row["told_by"], row["state"]) for row, note in zip(rows, notes, strict=True)]


async def test_opening_asks_nothing_and_the_button_asks_once(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, stranger(served) as visitor:
        path = path_of(exchange, await sold(exchange), "", RETURN)

        opened = await visitor.open(path)
        assert (200, True) == (opened.http_status, "It can be returned until" in opened.text)
        assert list(RETURN_REASONS) == re.findall(r'<option value="([a-z0-9_]+)"', opened.source)
        assert [] == await asked(exchange)

        for _ in range(2):
            later(exchange, 60)
            answer = await visitor.send(path, reason="wrong_number", note="a <b>fax</b>")
        again = await visitor.open(path)
        events = await exchange.rows("SELECT kind, sentence, actor FROM lead_events WHERE kind = 'return_asked'")

        assert 200 == answer.http_status == again.http_status
        assert "You asked to return this lead on Sat 21 Nov 2026" in answer.text and "nothing more" in again.text
        assert [("wrong_number", "a <b>fax</b>", "buyer acme (link)", "asked")] == await asked(exchange)
        assert [("Acme asks to return it: wrong number", "buyer acme (link)")] == [
            (row["sentence"], row["actor"]) for row in events
        ]


@pytest.mark.parametrize(
    ("reason", "note", "told"),
    [
        ("", "", "Choose why you give it back."),
        ("gave_up", "kept", "Choose why you give it back."),
        ("wrong_number", "x" * 501, "Note must have at most 500 characters."),
    ],
)
async def test_what_is_missing_is_said_and_what_was_written_is_kept(
    tmp_path: Path, reason: str, note: str, told: str
) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, stranger(served) as visitor:
        answer = await visitor.send(path_of(exchange, await sold(exchange), "", RETURN), reason=reason, note=note)

        assert (422, True) == (answer.http_status, told in answer.text)
        assert note in answer.source and 'aria-describedby="told"' in answer.source
        assert [] == await asked(exchange)


async def test_what_must_come_with_a_file_can_be_asked_by_its_link_too(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, stranger(served) as visitor:
        attempt_id = await sold(exchange, returns=ReturnTerms(evidence=(("wrong_number", "file"),)))
        path = path_of(exchange, attempt_id, "", RETURN)
        told = []
        for content, media in ((b"", "application/octet-stream"), (b"MZ", "application/exe"), (b"RIFF", "audio/wav")):
            form = FormData({"reason": "wrong_number", "note": "a fax"}, default_to_multipart=True)
            form.add_field("file", content, filename="call.wav" if content else "", content_type=media)
            async with visitor.session.post(served.address + path, data=form) as response:
                told.append((response.status, await response.text()))

        assert [422, 422, 200] == [status for status, _ in told]
        assert "The contract wants a file with this reason." in told[0][1] and "a fax" in told[1][1]
        (row,) = await exchange.rows("SELECT file_name, reason FROM return_requests")
        assert {"file_name": "call.wav", "reason": "wrong_number"} == row


async def test_outside_its_window_the_page_says_when_that_ended(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, stranger(served) as visitor:
        attempt_id = await sold(exchange)
        later(exchange, 7 * DAY_MS / 1000 + 1)
        path = path_of(exchange, attempt_id, "", RETURN)

        for answer in (await visitor.open(path), await visitor.send(path, reason="wrong_number")):
            assert (410, True) == (answer.http_status, "It could be returned until Sat 28 Nov 2026" in answer.text)
        assert [] == await asked(exchange)


async def test_what_was_not_sold_or_was_undone_cannot_be_given_back(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, stranger(served) as visitor:
        attempt_id = await sold(exchange)
        await reverse_sale(exchange.market, attempt_id, "it came back", SYSTEM)

        for each in (path_of(exchange, attempt_id, "", RETURN), path_of(exchange, "dlv_other", "", RETURN)):
            assert 409 == (await visitor.open(each)).http_status == (await visitor.send(each)).http_status
        assert [] == await asked(exchange)
