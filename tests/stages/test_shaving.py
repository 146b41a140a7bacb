"""Signs that a buyer shaves: what each count says, and what too few say nothing about."""

from __future__ import annotations

import random
from typing import Any

import pytest

from exchange.stages.shaving import Case, Fall, Known, Share, fall_chance, falls, known, shaving

NOBODY = Share()


def row(buyer_id: str, seller_id: str, now: Share, before: Share) -> dict[str, Any]:
    return {
        "buyer_id": buyer_id,
        "seller_id": seller_id,
        "now_taken": now.hits,
        "now_posts": now.of,
        "before_taken": before.hits,
        "before_posts": before.of,
    }


@pytest.mark.parametrize(
    ("now", "before", "least", "most"),
    [
        (Share(50, 100), Share(320, 400), 0.99, 1.0),  # 80 % to 50 %
        (Share(80, 100), Share(320, 400), 0.0, 0.05),  # as before
        (Share(70, 100), Share(320, 400), 0.35, 0.65),  # just ten points: as likely as not
        (Share(95, 100), Share(320, 400), 0.0, 0.001),  # more than before
        (Share(15, 20), Share(20, 20), 0.8, 0.95),  # five of twenty: likely, not sure
        (Share(0, 20), Share(20, 20), 1.0, 1.0),
        (Share(20, 20), Share(0, 20), 0.0, 0.0),
        (Share(0, 5_000), Share(0, 20_000), 0.0, 0.0),
        (Share(4_000, 10_000), Share(28_000, 40_000), 1.0, 1.0),
    ],
)
def test_how_sure_a_fall_of_ten_points_is(now: Share, before: Share, least: float, most: float) -> None:
    assert least <= fall_chance(now, before) <= most


def test_the_chance_is_that_of_draws() -> None:
    draw = random.Random(5)
    for now, before in (
        (Share(12, 20), Share(30, 40)),
        (Share(1, 25), Share(9, 60)),
        (Share(300, 500), Share(150, 200)),
    ):
        drawn = [
            draw.betavariate(before.hits + 0.5, before.of - before.hits + 0.5)
            - draw.betavariate(now.hits + 0.5, now.of - now.hits + 0.5)
            for _ in range(40_000)
        ]
        assert sum(each > 0.1 for each in drawn) / len(drawn) == pytest.approx(fall_chance(now, before), abs=0.01)


@pytest.mark.parametrize("share", [Share(0, 20), Share(20, 20), Share(1, 3), Share(700, 1_000)])
def test_an_interval_holds_the_share_and_narrows_with_what_is_known(share: Share) -> None:
    low, high = share.bounds
    more_low, more_high = Share(share.hits * 10, share.of * 10).bounds
    assert 0.0 <= low <= share.value <= high <= 1.0 and more_high - more_low < high - low
    assert (0.0, 1.0) == NOBODY.bounds and 0.0 == NOBODY.value


@pytest.mark.parametrize(
    ("now", "before", "judged"),
    [
        (Share(0, 19), Share(400, 400), False),
        (Share(0, 400), Share(19, 19), False),
        (Share(0, 20), Share(20, 20), True),
        (NOBODY, Share(400, 400), False),
        (Share(0, 400), NOBODY, False),
    ],
)
def test_fewer_than_twenty_posts_say_nothing(now: Share, before: Share, judged: bool) -> None:
    one = Fall("acme", "cedar", now, before, NOBODY, NOBODY)
    assert judged is one.judged is (one.chance is not None) is one.fell


def test_a_fall_of_one_buyer_is_told_from_a_seller_that_got_worse() -> None:
    found = falls(
        [
            row("acme", "cedar", Share(20, 60), Share(200, 240)),
            row("birch", "cedar", Share(50, 60), Share(200, 240)),
            row("acme", "elm", Share(20, 60), Share(200, 240)),
            row("birch", "elm", Share(18, 60), Share(200, 240)),
            row("delta", "oak", Share(10, 60), Share(220, 240)),
        ]
    )
    by_key = {(each.buyer_id, each.seller_id): each for each in found}
    told = {key: (each.fell, each.alone) for key, each in by_key.items() if key[1]}
    assert told == {
        ("acme", "cedar"): (True, True),
        ("birch", "cedar"): (False, False),
        ("acme", "elm"): (True, False),
        ("birch", "elm"): (True, False),
        ("delta", "oak"): (True, True),  # nobody to compare with
    }
    whole = by_key["acme", ""]
    assert (Share(40, 120), Share(400, 480)) == (whole.now, whole.before)
    assert (Share(78, 180), Share(620, 720)) == (whole.others_now, whole.others_before)
    chances = [each.chance or 0.0 for each in found]
    assert chances == sorted(chances, reverse=True)
    own = falls(
        [row("acme", "cedar", Share(1, 2), Share(3, 4)), row("birch", "cedar", Share(5, 6), Share(7, 8))], "acme"
    )
    assert {("acme", "cedar"), ("acme", "")} == {(each.buyer_id, each.seller_id) for each in own}
    assert {(Share(5, 6), Share(7, 8))} == {(each.others_now, each.others_before) for each in own}


def test_a_sub_id_has_a_line_of_its_own_only_where_it_says_more_than_its_seller() -> None:
    worse, same = Share(2, 40), Share(40, 40)
    sellers = [row("acme", "cedar", Share(42, 80), Share(80, 80)), row("acme", "elm", worse, same)]
    subs = [
        {**row("acme", "cedar", worse, same), "sub_id": "pop"},
        {**row("birch", "cedar", Share(35, 40), Share(35, 40)), "sub_id": "pop"},
        {**row("acme", "cedar", same, same), "sub_id": "mail"},
        {**row("acme", "cedar", Share(0, 19), same), "sub_id": "few"},
        {**row("acme", "cedar", worse, same), "sub_id": ""},
        {**row("acme", "elm", worse, same), "sub_id": "all"},
    ]
    found = {(each.buyer_id, each.seller_id, each.sub_id): each for each in falls(sellers, "acme", subs)}
    assert {("acme", "cedar", "pop"), ("acme", "cedar", "mail")} == {key for key in found if key[2] is not None}
    pop = found["acme", "cedar", "pop"]
    assert pop.fell and pop.alone and (Share(35, 40), Share(35, 40)) == (pop.others_now, pop.others_before)
    assert not found["acme", "cedar", "mail"].fell


@pytest.mark.parametrize(
    ("offered", "came_before", "named", "says"),
    [
        (1, 1, 1, Known.OFFERED),
        (1, 0, 0, Known.OFFERED),  # the same lead was posted to it twice
        (0, 1, 1, Known.ELSEWHERE),
        (0, 0, 1, Known.NOWHERE),
        (0, 0, 0, Known.NAMELESS),
    ],
)
def test_what_our_record_says_of_a_duplicate(offered: int, came_before: int, named: int, says: Known) -> None:
    assert says is known({"offered": offered, "came_before": came_before, "named": named})


def test_duplicates_and_returns_are_counted_by_buyer() -> None:
    said = [Case("acme", f"led_{each.value}", "cedar", 5, each) for each in Known] + [
        Case("birch", "led_b", "cedar", 6, Known.OFFERED)
    ]
    back = [
        Case("acme", "led_1", "cedar", 1, None, "led_9", "elm", 9, None),
        Case("acme", "led_2", "cedar", 2, None, "led_8", "elm", 9, "birch"),
        Case("acme", "led_3", "cedar", 3),
    ]
    found = shaving([], {"acme": Share(4, 40), "birch": Share(1, 0), "delta": Share(0, 7)}, said, back)
    assert ["acme", "delta", "birch"] == [each.buyer_id for each in found.buyers]
    acme, delta, birch = found.buyers
    assert (Share(4, 40), Share(2, 3), 1) == (acme.said, acme.unoffered, acme.nowhere)
    assert (Share(2, 3), 1, 1) == (acme.again, acme.came, acme.sold)
    assert (Share(1, 1), Share(0, 1), Share(0, 0)) == (birch.said, birch.unoffered, birch.again)
    assert (Share(0, 7), Share()) == (delta.said, delta.unoffered)
    assert (Share(5, 47), Share(2, 4)) == (found.everyone.said, found.everyone.unoffered)
    assert ["led_elsewhere", "led_nowhere"] == [each.lead_id for each in found.duplicates]
    assert ["led_1", "led_2"] == [each.lead_id for each in found.returns]
    assert () == shaving([], {}, [], []).buyers
