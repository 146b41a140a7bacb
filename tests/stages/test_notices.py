"""Whom something concerns, how it comes, and when somebody is left alone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from exchange.model.notice import EVENTS, Channel, Choice, Person
from exchange.stages.notices import choice_of, concerns, digest_due, quiet_until, sms_text

NEW_YORK = ZoneInfo("America/New_York")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).timestamp() * 1_000)


def test_everybody_is_told_what_concerns_them_and_nobody_else() -> None:
    assert concerns(EVENTS["payout"], "operator", "finance") and not concerns(EVENTS["payout"], "operator", "analyst")
    assert concerns(EVENTS["payout"], "seller", "") and not concerns(EVENTS["payout"], "buyer", "")
    assert concerns(EVENTS["balance.low"], "buyer", "finance") and not concerns(EVENTS["cap.near"], "buyer", "agent")
    assert not concerns(EVENTS["alert.money"], "seller", "")
    assert {"operator", "seller", "buyer"} >= {role for event in EVENTS.values() for role in event.usual}


def test_what_was_chosen_goes_before_what_is_usual() -> None:
    chosen = {("usr_1", "cap.near", "email"): "digest"}
    assert Choice.DIGEST is choice_of(chosen, "usr_1", "cap.near", "buyer", Channel.EMAIL)
    assert Choice.NOW is choice_of(chosen, "usr_2", "cap.near", "buyer", Channel.EMAIL)
    assert Choice.OFF is choice_of(chosen, "usr_2", "cap.near", "operator", Channel.EMAIL)
    assert Choice.NOW is choice_of({}, "team:operator:", "alert.money", "operator", Channel.SLACK)


def test_quiet_hours_end_in_the_zone_of_whoever_sleeps() -> None:
    night = Person("usr_1", quiet=(22 * 60, 7 * 60), zone="America/New_York")
    assert at("2026-11-21T07:00") == quiet_until(night, at("2026-11-20T23:30"))
    assert at("2026-11-21T07:00") == quiet_until(night, at("2026-11-21T06:59"))
    assert (
        quiet_until(night, at("2026-11-21T07:00")) is None
        and quiet_until(Person("usr_1"), at("2026-11-21T03:00")) is None
    )
    assert at("2026-11-01T07:00") == quiet_until(night, at("2026-10-31T23:30")), "the clocks are set back that night"
    noon = Person("usr_1", quiet=(12 * 60, 13 * 60), zone="America/New_York")
    assert at("2026-11-20T13:00") == quiet_until(noon, at("2026-11-20T12:10"))


def test_the_daily_mail_goes_once_a_day_after_its_hour() -> None:
    person = Person("usr_1", zone="America/New_York", digest_minute=480)
    assert not digest_due(person, at("2026-11-20T07:59")) and digest_due(person, at("2026-11-20T08:00"))
    went = Person("usr_1", zone="America/New_York", digest_minute=480, digested_at=at("2026-11-20T08:00"))
    assert not digest_due(went, at("2026-11-20T23:00")) and digest_due(went, at("2026-11-21T08:01"))


def test_a_text_is_short_and_says_where() -> None:
    text = sms_text("Harbor", "a" * 200, "https://x.example/console/alerts/alt_1")
    assert len(text) < 160 and text.endswith("https://x.example/console/alerts/alt_1")
