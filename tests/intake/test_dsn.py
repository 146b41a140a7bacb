"""Bounces of every usual server are read, and nothing that is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.flows.bounces import Bounce
from exchange.intake.dsn import read_bounce
from tests.intake.bounced import FAILED, NO_BOUNCE, delayed, postfix, qmail

REFERENCE = "dlv_01KAG2V7RN6M4T8XJ5Q0PB3WZ9"
SAID = {
    "postfix": "leads@cobalt.example: 550 5.1.1 User unknown",
    "exim": "leads@cobalt.example: 550 5.2.1 This mailbox is disabled",
    "qmail": "5.1.1)",
    "exchange": "leads@cobalt.example: 550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized",
}


def read(content: bytes, *recipients: str) -> Bounce:
    found = read_bounce(content, recipients)
    assert found is not None
    return found


@pytest.mark.parametrize("server", FAILED)
def test_a_bounce_tells_whose_it_is_and_why(server: str) -> None:
    found = read(FAILED[server](REFERENCE))

    assert (REFERENCE, "failed", SAID[server]) == found[:3]


def test_a_warning_that_it_is_still_tried_is_no_failure() -> None:
    assert (REFERENCE, "delayed") == read(delayed(REFERENCE))[:2]
    relayed = read(postfix(REFERENCE, "delivered", "2.1.5"))
    assert "delivered" == relayed.kind


@pytest.mark.parametrize("kind", NO_BOUNCE)
def test_what_answers_by_itself_or_by_hand_is_no_bounce(kind: str) -> None:
    assert read_bounce(NO_BOUNCE[kind](REFERENCE)) is None


def test_the_address_it_came_back_to_goes_before_what_it_quotes() -> None:
    forged = postfix(REFERENCE).replace(b"Message-ID: <dlv_", b"Message-ID: <dlv_other_")

    assert REFERENCE == read(forged).reference
    assert "dlv_2" == read(qmail(REFERENCE), "b+dlv_2@in.harbor.example").reference


@pytest.mark.parametrize("quote", [True, False])
def test_without_an_address_of_its_own_the_quoted_mail_tells(quote: bool) -> None:
    content = postfix(REFERENCE, quote=quote).replace(f"b+{REFERENCE}@".encode(), b"leads@")

    assert REFERENCE == read(content).reference


def test_a_repeat_is_known_and_another_is_another() -> None:
    first, again = read(postfix(REFERENCE)), read(postfix(REFERENCE))
    other = read(postfix(REFERENCE).replace(b"144000.4F@", b"150000.5A@"))

    assert first.event_id == again.event_id != other.event_id
    assert read(qmail(REFERENCE)).event_id == read(qmail(REFERENCE)).event_id  # it has no Message-ID


def test_a_bounce_of_nobody_knows_what_is_none_of_ours() -> None:
    content = postfix(REFERENCE).replace(REFERENCE.encode(), b"")

    assert read_bounce(content) is None


@given(st.binary(max_size=400), st.integers(0, 2_000))
def test_any_bytes_are_read_without_an_error(noise: bytes, at: int) -> None:
    whole = postfix(REFERENCE)
    spoiled = whole[:at] + noise + whole[at:]

    for content in (noise, spoiled, whole[:at]):
        found = read_bounce(content)
        assert found is None or (len(found.detail) <= 200 and found.kind in ("failed", "delayed", "delivered"))


def test_a_mail_nested_without_end_is_no_trouble() -> None:
    nested = b"Content-Type: message/rfc822\r\n\r\n" * 3_000 + b"x"

    assert read_bounce(nested) is None
