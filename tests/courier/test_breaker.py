from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from exchange import limits
from exchange.courier.breaker import Breaker, BreakerState
from exchange.model.wire import Loss

NOW = int(datetime(2026, 11, 18, 14, 20, tzinfo=UTC).timestamp() * 1000)


def lose(breaker: Breaker, times: int, why: Loss = Loss.TIMEOUT, now: int = NOW) -> None:
    for _ in range(times):
        breaker.lost("acme", now, 1500, why)


def answer(breaker: Breaker, times: int, now: int = NOW) -> None:
    for _ in range(times):
        breaker.answered("acme", 100)


def test_an_unknown_buyer_is_healthy() -> None:
    breaker = Breaker()

    assert BreakerState(False, "") == breaker.state("acme", NOW)
    assert breaker.admit("acme", NOW, delivers=True) is None


def test_five_losses_in_a_row_open_it_and_four_do_not() -> None:
    breaker = Breaker()
    lose(breaker, 4)
    assert not breaker.state("acme", NOW).open

    lose(breaker, 1)

    assert BreakerState(True, "Breaker open since 14:20 UTC after 5 timeouts in a row.") == breaker.state("acme", NOW)
    assert "Breaker open since 14:20" in (breaker.admit("acme", NOW, delivers=True) or "")


def test_fifteen_of_the_last_twenty_open_it() -> None:
    breaker = Breaker()
    answer(breaker, 20)
    for _ in range(4):
        lose(breaker, 3)
        answer(breaker, 1)
    lose(breaker, 2)
    assert not breaker.state("acme", NOW).open

    lose(breaker, 1)

    assert BreakerState(True, "Breaker open since 14:20 UTC after 15 of 20 timeouts.") == breaker.state("acme", NOW)


def test_an_answer_ends_a_row_of_losses() -> None:
    breaker = Breaker()
    for _ in range(3):
        lose(breaker, 4)
        answer(breaker, 2)

    assert not breaker.state("acme", NOW).open


def test_it_tells_the_time_in_its_zone() -> None:
    breaker = Breaker(ZoneInfo("America/Chicago"))
    lose(breaker, 5, Loss.CONNECT)

    assert "Breaker open since 08:20 CST after 5 lost connections in a row." == breaker.state("acme", NOW).sentence


def test_mixed_losses_are_called_losses() -> None:
    breaker = Breaker()
    lose(breaker, 2)
    lose(breaker, 3, Loss.RESET)

    assert breaker.state("acme", NOW).sentence.endswith("after 5 losses in a row.")


@pytest.mark.parametrize("why", [Loss.BREAKER, Loss.POOL, Loss.DEADLINE_BEFORE, Loss.REFUSED_ADDRESS])
def test_losses_of_our_own_making_never_open_it(why: Loss) -> None:
    breaker = Breaker()
    lose(breaker, 100, why)

    assert not breaker.state("acme", NOW).open


def test_a_timeout_after_no_time_at_all_is_not_the_buyers_fault() -> None:
    breaker = Breaker()
    for _ in range(100):
        breaker.lost("acme", NOW, limits.BREAKER_FAIR_MS - 1, Loss.TIMEOUT)

    assert not breaker.state("acme", NOW).open


def test_after_the_pause_one_probe_goes_and_its_answer_closes_it() -> None:
    breaker = Breaker()
    lose(breaker, 5)
    later = NOW + limits.BREAKER_PAUSE_MS
    assert breaker.state("acme", later - 1).open
    assert not breaker.state("acme", later).open

    assert breaker.admit("acme", later, delivers=False) is None
    assert breaker.admit("acme", later, delivers=False) is not None
    assert breaker.state("acme", later).open
    answer(breaker, 1, later + 100)

    assert BreakerState(False, "") == breaker.state("acme", later + 100)
    lose(breaker, 4, now=later + 200)
    assert not breaker.state("acme", later + 200).open


def test_each_failed_probe_doubles_the_pause_up_to_its_most() -> None:
    breaker = Breaker()
    lose(breaker, 5)
    now, pause = NOW, limits.BREAKER_PAUSE_MS
    for _ in range(10):
        now += pause
        assert breaker.admit("acme", now - 1, delivers=False) is not None
        assert breaker.admit("acme", now, delivers=False) is None
        lose(breaker, 1, now=now)
        pause = min(pause * 2, limits.BREAKER_PAUSE_MOST_MS)

    assert limits.BREAKER_PAUSE_MOST_MS == pause
    assert "since 14:20" in breaker.state("acme", now).sentence


def test_late_losses_of_earlier_requests_do_not_prolong_the_pause() -> None:
    breaker = Breaker()
    lose(breaker, 50)

    assert not breaker.state("acme", NOW + limits.BREAKER_PAUSE_MS).open


def test_a_late_answer_of_an_earlier_request_does_not_close_it() -> None:
    breaker = Breaker()
    lose(breaker, 5)
    answer(breaker, 1)

    assert breaker.state("acme", NOW).open


def test_a_probe_that_told_nothing_may_be_tried_again() -> None:
    breaker = Breaker()
    lose(breaker, 5)
    later = NOW + limits.BREAKER_PAUSE_MS
    assert breaker.admit("acme", later, delivers=False) is None
    breaker.released("acme")

    assert breaker.admit("acme", later, delivers=False) is None


def test_a_forgotten_probe_blocks_for_a_minute_only() -> None:
    breaker = Breaker()
    lose(breaker, 5)
    later = NOW + limits.BREAKER_PAUSE_MS
    assert breaker.admit("acme", later, delivers=False) is None

    assert breaker.admit("acme", later + limits.BREAKER_PROBE_MS - 1, delivers=False) is not None
    assert breaker.admit("acme", later + limits.BREAKER_PROBE_MS, delivers=False) is None


def test_a_clock_set_back_does_not_keep_it_open_for_hours() -> None:
    breaker = Breaker()
    lose(breaker, 5)

    assert not breaker.state("acme", NOW - 3_600_000).open


def test_one_buyers_losses_are_no_others() -> None:
    breaker = Breaker()
    lose(breaker, 5)

    assert breaker.admit("zenith", NOW, delivers=False) is None


def test_a_buyer_that_answers_a_third_is_pinged_less_and_posted_to_as_before() -> None:
    breaker = Breaker()
    for _ in range(7):
        lose(breaker, 2)
        answer(breaker, 1)

    pinged = [breaker.admit("acme", NOW, delivers=False) is None for _ in range(100)]

    assert 60 <= sum(pinged) <= 75  # twice the answers it gives, of those it would have got
    assert all(breaker.admit("acme", NOW, delivers=True) is None for _ in range(100))
    said = {breaker.admit("acme", NOW, delivers=False) for _ in range(10)} - {None}
    assert said == {"Pinged less often: 13 of the last 20 requests were lost."}


def test_a_buyer_that_answers_half_is_pinged_as_before() -> None:
    breaker = Breaker()
    for _ in range(20):
        lose(breaker, 1)
        answer(breaker, 1)

    assert all(breaker.admit("acme", NOW, delivers=False) is None for _ in range(100))


def test_latency_is_kept_per_contract_and_forgets_the_old() -> None:
    breaker = Breaker()
    assert breaker.latency_ms("gold") is None
    for took_ms in (900, *range(1, limits.LATENCIES_KEPT + 1)):
        breaker.answered("acme", took_ms, "gold")

    assert (33, 61) == (breaker.latency_ms("gold"), breaker.latency_ms("gold", 95))
    assert breaker.latency_ms("acme") is None
