"""How often something may happen: one process, and the workers of a machine together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from exchange.limits import RATES_SHARED
from exchange.rates import Rates, SharedRates

NOW = 1_795_000_000_000


@pytest.fixture
def shared() -> Iterator[SharedRates]:
    """Between three workers."""
    with closing(SharedRates(3)) as made:
        yield made


def elsewhere(work: Callable[[], int]) -> int:
    """What a worker that parted from this process found; a number below 256."""
    process_id = os.fork()
    if process_id == 0:
        os._exit(work())
    return os.waitstatus_to_exitcode(os.waitpid(process_id, 0)[1])


def taken(rates: Rates, name: str, now: int = NOW) -> int:
    bucket = rates.bucket(name, 5, 20)
    return sum(bucket.take(now) for _ in range(30))


def test_what_one_worker_took_the_others_do_not_have(shared: SharedRates) -> None:
    assert 20 == elsewhere(lambda: taken(shared, "campaign:a:live"))
    assert 0 == taken(shared, "campaign:a:live")
    assert 5 == taken(shared, "campaign:a:live", NOW + 1_000)
    assert 20 == taken(shared, "campaign:b:live")


def test_a_bucket_says_what_is_left_for_all(shared: SharedRates) -> None:
    bucket = shared.bucket("a", 5, 20)
    assert bucket.take(NOW)
    elsewhere(lambda: sum(shared.bucket("a", 5, 20).take(NOW) for _ in range(18)))

    assert (1, True) == (bucket.left(NOW), bucket.has_room(NOW))
    assert bucket.take(NOW)
    assert (False, 1) == (bucket.has_room(NOW), bucket.wait_seconds(NOW))


def test_what_is_at_work_counts_over_all_workers_until_one_is_replaced(shared: SharedRates) -> None:
    here = shared.running("a")
    here.add(1)

    def killed() -> int:
        shared.part(2)
        mine = shared.running("a")
        for _ in range(4):
            mine.add(1)
        return mine.count

    def replaced() -> int:
        shared.part(2)
        return shared.running("a").count

    assert 5 == elsewhere(killed)
    assert 5 == here.count
    assert 1 == elsewhere(replaced)
    here.add(-1)
    assert 0 == here.count


def test_names_beyond_the_places_get_a_share_each(shared: SharedRates) -> None:
    for number in range(RATES_SHARED):
        shared.running(str(number))

    assert 6 == taken(shared, "one more")
    assert 20 == taken(shared, "7")
    running = shared.running("one more")
    running.add(1)
    assert 1 == running.count


def test_one_process_alone_shares_nothing() -> None:
    rates = Rates()

    assert 20 == taken(rates, "a")
    assert 20 == taken(rates, "a")
