"""Whatever comes back, it never becomes a sale by accident, and never an exception but `BadReply`."""

from __future__ import annotations

from functools import lru_cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from buyers.connection import Connection
from exchange.cases.hostile import hostile_replies
from exchange.connector import BadReply
from exchange.model.wire import Reply
from tests.buyers.shelf import of_preset, presets

HOSTILE = dict(hostile_replies())
# what a machine that guesses might send: pieces of real replies in any order
WORDS = (
    *("{", "}", "[", "]", '"', ":", ",", "<", ">", "</", "&lt;", "<!DOCTYPE", "<![CDATA[", "]]>", "=", "&", "-"),
    *("status", "Matched", "Unmatched", "un", "ACCEPTE", "accep", "true", "false", "price", "response"),
    *("1", "0", "10", "12.50", "NaN"),
)
PIECES = st.lists(st.sampled_from([*(word.encode() for word in WORDS), b" ", b"\n", b"\x00", b"\xff"]), max_size=30)
SAFE = frozenset({None, "no_bid", "rejected", "error", "duplicate", "queued"})


@lru_cache(maxsize=1)
def everyone() -> tuple[Connection, ...]:
    shelf = presets()
    return tuple(
        of_preset(name, variant, shelf)
        for name, document in shelf.items()
        for variant in (None, *(document.get("variants") or {}))
    )


def outcomes(reply: Reply) -> dict[tuple[str, str], str | None]:
    found: dict[tuple[str, str], str | None] = {}
    for connection in everyone():
        for stage, reader in connection.readers.items():
            try:
                found[connection.name, stage] = reader.read(reply).outcome
            except BadReply:
                found[connection.name, stage] = None
            assert reader.explain(reply)
    return found


@pytest.mark.parametrize("name", HOSTILE)
def test_no_preset_takes_a_hostile_reply_for_a_yes(name: str) -> None:
    yes = [where for where, outcome in outcomes(HOSTILE[name]).items() if outcome not in SAFE]

    assert [] == yes


@given(st.binary(max_size=200))
@example(b"Unmatched")
@example(b"100")
@example(b'"accepted')
def test_random_bytes_are_never_a_yes(body: bytes) -> None:
    yes = [where for where, outcome in outcomes(Reply(200, {}, body)).items() if outcome == "accepted"]

    assert [] == [where for where in yes if body.strip().lower() not in (b"1", b"true", b'"true"')]


@given(PIECES.map(b"".join), st.sampled_from([200, 201, 302, 400, 404, 500]))
def test_pieces_of_real_replies_in_any_order_never_raise_and_never_pass_a_failing_status(
    body: bytes, status: int
) -> None:
    found = outcomes(Reply(status, {"content-type": "text/html"}, body))

    assert status < 300 or "accepted" not in found.values()


@pytest.mark.parametrize(
    ("word", "never"),
    [("Matched", "Unmatched"), ("accepted", "unaccepted"), ("1", "10"), ("0", "00"), ("success", "unsuccessful")],
)
def test_a_longer_word_is_never_the_shorter_one(word: str, never: str) -> None:
    for template in (
        '{{"response":{{"status":"{0}"}},"status":"{0}","result":"{0}","code":{0},"success":"{0}"}}',
        "<result><status>{0}</status><result>{0}</result><code>{0}</code></result>",
        "status={0}",
        "{0}",
    ):
        said = outcomes(Reply(200, {}, template.format(never).encode()))

        assert "accepted" not in said.values(), (word, template)
