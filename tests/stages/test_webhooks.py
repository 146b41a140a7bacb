"""When a webhook is tried again, and how it is signed: checked by the scheme's own library."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from exchange.model.endpoint import EVENTS, covers, known_pattern
from exchange.stages.webhooks import FAILING_MS, TRIES, Event, after_try, new_secret, signature, signed_headers

NOW = 1_795_000_000_000
SECRET = new_secret(bytes(range(32)))


def test_the_schedule_is_the_documented_one() -> None:
    waits = [after_try(tries, 500, NOW, NOW, 0.0).next_at for tries in range(1, TRIES + 1)]

    seconds = [None if at is None else (at - NOW) / 1_000 for at in waits]
    assert [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000, None] == seconds
    assert "failed" == after_try(TRIES, 500, NOW, NOW, 0.0).state


@given(st.integers(1, TRIES - 1), st.floats(0, 1, exclude_max=True))
def test_it_is_never_tried_earlier_than_the_schedule_says(tries: int, draw: float) -> None:
    earliest, at = after_try(tries, None, NOW, None, 0.0).next_at, after_try(tries, None, NOW, None, draw).next_at

    assert earliest is not None and at is not None
    assert earliest <= at <= NOW + (earliest - NOW) * 1.2


@pytest.mark.parametrize(
    ("status", "state"), [(200, "delivered"), (204, "delivered"), (301, "waiting"), (404, "waiting"), (None, "waiting")]
)
def test_only_2xx_is_delivered(status: int | None, state: str) -> None:
    assert state == after_try(1, status, NOW, None, 0.0).state


def test_an_address_that_is_gone_or_failed_for_five_days_ends() -> None:
    gone, long = after_try(1, 410, NOW, None, 0.0), after_try(1, 503, NOW, NOW - FAILING_MS, 0.0)
    nearly, mended = after_try(1, 503, NOW, NOW - FAILING_MS + 1, 0.0), after_try(1, 200, NOW, NOW - FAILING_MS, 0.0)

    assert ("failed", "failed", "waiting", "delivered") == (gone.state, long.state, nearly.state, mended.state)
    assert "410" in (gone.disables or "") and "five days" in (long.disables or "")
    assert (None, None) == (nearly.disables, mended.disables)


@given(st.binary(min_size=24, max_size=64), st.text(max_size=80), st.integers(1, 4_000_000_000))
def test_the_schemes_own_library_signs_the_same(key: bytes, text: str, at_s: int) -> None:
    secret = new_secret(key)
    theirs = Webhook(secret).sign("evt_1", datetime.fromtimestamp(at_s, UTC), text)

    assert theirs == signature(secret, "evt_1", at_s, text.encode())


def test_two_secrets_sign_while_one_takes_the_place_of_the_other() -> None:
    other = new_secret(bytes(32))
    headers = signed_headers((SECRET, other), "evt_1", 1_795_000_000, b"{}")

    assert [signature(each, "evt_1", 1_795_000_000, b"{}") for each in (SECRET, other)] == headers[
        "webhook-signature"
    ].split(" ")


def test_an_event_is_the_same_bytes_each_time_and_leaves_out_what_nobody_knows() -> None:
    event = Event("evt_1", "lead.sold", NOW, "ld_1", 3, "seller", "acme", {"price": "26.60", "reason": None})

    wanted = b'{"type":"lead.sold","id":"evt_1","timestamp":"2026-11-18T11:06:40.000Z","object":"ld_1","sequence":3,'
    wanted += b'"party":{"role":"seller","id":"acme"},"data":{"price":"26.60"}}'
    assert wanted == event.body() == event.body()


@pytest.mark.parametrize(
    ("pattern", "event", "hears"),
    [
        ("*", "payout.paid", True),
        ("lead.*", "lead.sold", True),
        ("lead.*", "leads.sold", False),
        ("lead.sold", "lead.sold", True),
        ("lead.sold", "lead.unsold", False),
        ("lead", "lead.sold", False),
    ],
)
def test_wildcards_cover_a_family(pattern: str, event: str, hears: bool) -> None:
    assert hears is covers(pattern, event)


def test_a_pattern_that_covers_nothing_is_known() -> None:
    assert all(map(known_pattern, ["*", "lead.*", *EVENTS]))
    assert not any(map(known_pattern, ["", "lead", "sold.*", "lead.sold.now", ".*"]))
