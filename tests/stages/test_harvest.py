"""Sellers who only read prices, and who send refused leads again, are seen and held back. Others are not."""

from __future__ import annotations

from typing import Any

from exchange.model.reason import Reason
from exchange.stages.screen.harvest import Harvest, Limit, Spoken

AT = 1_795_271_648_000
HOUR = 3_600_000
LIMIT = Limit()


def ping(harvest: Harvest, n: int = 0, **given: Any) -> Spoken | None:
    told: dict[str, Any] = {
        "at": AT,
        "visitor": b"visitor %d" % n,
        "zip_code": f"{n:05d}",
        "said": n,
        "limit": LIMIT,
        **given,
    }
    return harvest.ping("cedar", **told)


def test_a_seller_that_pings_and_never_posts_gets_one_ping_in_ten() -> None:
    harvest = Harvest()
    answers = [ping(harvest, n) for n in range(1_100)]

    assert not any(answers[:999])
    later = [each for each in answers[999:] if each is not None]
    assert 101 == len(later) and {Reason.PING_HARVEST} == {each.reason for each in later}
    assert 90 <= sum(each.refuses for each in later) < 101


def test_one_post_in_two_hundred_is_enough() -> None:
    harvest = Harvest()
    for n in range(8):
        harvest.post("cedar", AT, f"{n:05d}", (), n)

    assert not any(ping(harvest, n) for n in range(1_500))


def test_pings_of_yesterday_do_not_count() -> None:
    harvest = Harvest()
    for n in range(999):
        ping(harvest, n)

    assert None is ping(harvest, 1_000, at=AT + 25 * HOUR)


def test_a_campaign_may_ask_for_no_share() -> None:
    harvest = Harvest()

    assert not any(ping(harvest, n, limit=None) for n in range(1_200))


def test_a_visitor_pinged_with_ever_other_answers_is_a_probe() -> None:
    harvest = Harvest()
    answers = [ping(harvest, visitor=b"same", said=n) for n in range(7)]

    assert [None] * 5 == answers[:5]
    assert all(each is not None and each.refuses and each.reason is Reason.PING_VARIED for each in answers[5:])
    assert None is ping(harvest, visitor=b"same", said=3)  # a price asked for again
    assert None is ping(harvest, visitor=b"same", said=99, at=AT + 2 * HOUR)


def test_a_zip_code_swept_without_a_post_is_seen() -> None:
    harvest = Harvest()
    answers = [ping(harvest, n, zip_code="60610") for n in range(70)]

    assert not any(answers[:60]) and all(answers[60:])


def test_a_busy_zip_code_that_is_posted_too_is_no_sweep() -> None:
    harvest = Harvest()
    harvest.post("cedar", AT, "60610", (), 1)

    assert not any(ping(harvest, n, zip_code="60610") for n in range(200))


def test_a_lead_refused_as_fraud_is_refused_again_with_other_values() -> None:
    harvest = Harvest()
    harvest.refused("cedar", AT, (b"phone", b"email"), Reason.ROBOT, 1)

    again = harvest.post("cedar", AT + HOUR, "60610", (b"phone", b"other"), 2)
    assert again is not None and (True, Reason.REPOST_CHANGED) == (again.refuses, again.reason)
    assert None is harvest.post("cedar", AT + HOUR, "60610", (b"phone",), 1)  # the same lead: a duplicate, nothing more
    assert None is harvest.post("dovetail", AT + HOUR, "60610", (b"phone",), 2)
    assert None is harvest.post("cedar", AT + 25 * HOUR, "60610", (b"phone",), 2)


def test_a_wrong_value_may_be_mended_once() -> None:
    harvest = Harvest()
    harvest.refused("cedar", AT, (b"phone",), Reason.CONSENT_INVALID, 1)
    first = harvest.post("cedar", AT + 1, "60610", (b"phone",), 2)
    harvest.refused("cedar", AT + 1, (b"phone",), Reason.CONSENT_INVALID, 2)
    second = harvest.post("cedar", AT + 2, "60610", (b"phone",), 3)

    assert first is not None and second is not None
    assert [False, True] == [first.refuses, second.refuses]


def test_what_one_node_saw_is_taken_up_by_another() -> None:
    one, other = Harvest(), Harvest()
    for n in range(3):
        ping(one, visitor=b"same", said=n)
    one.refused("cedar", AT, (b"phone",), Reason.ROBOT, 1)
    one.post("cedar", AT, "60610", (), 1)

    told = one.to_share()
    other.take_up(told.marks)
    other.take_up_counts(told.counts)

    assert (3, 1) == other.shares("cedar", AT)
    assert [None, None] == [ping(other, visitor=b"same", said=n) for n in (3, 4)]
    probe = ping(other, visitor=b"same", said=5)
    assert probe is not None and probe.reason is Reason.PING_VARIED
    again = other.post("cedar", AT, "60611", (b"phone",), 2)
    assert again is not None and again.reason is Reason.REPOST_CHANGED
    assert not any(ping(other, n, zip_code="60610") for n in range(100, 180))


def test_a_sweep_is_told_from_its_fifteenth_ping_on_and_nothing_of_other_pings() -> None:
    one, other = Harvest(), Harvest()
    for n in range(40):
        ping(one, n, zip_code="60610")
        ping(one, 100 + n)

    told = one.to_share()
    other.take_up(told.marks)

    assert 40 == len(told.marks)
    assert not any(ping(other, 200 + n, zip_code="60610") for n in range(20))
    assert ping(other, 300, zip_code="60610") is not None


def test_what_could_not_be_told_waits_and_is_counted_once() -> None:
    harvest = Harvest()
    for n in range(5):
        ping(harvest, n)
    harvest.refused("cedar", AT, (b"phone",), Reason.ROBOT, 1)

    waiting = harvest.to_share()
    ping(harvest, 6)
    harvest.put_back(waiting)
    again = harvest.to_share()

    assert {("cedar", AT // HOUR): (6, 0)} == again.counts and waiting.marks == again.marks
    harvest.take_up_counts(again.counts)
    assert (6, 0) == harvest.shares("cedar", AT)
    assert ({}, ()) == harvest.to_share()
