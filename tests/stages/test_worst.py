"""The source that does worst is named by how much worse it is and how sure that is, not by how few it sends."""

from __future__ import annotations

from exchange.stages.quality.worst import Part, worst

Sources = dict[str, dict[str, Part]]


def sources(**sold: tuple[int, int]) -> Sources:
    """By name, so many sold of how many."""
    return {name: {"unsold": Part(of - hits, of), "fraud": Part(0, of)} for name, (hits, of) in sold.items()}


def named(given: Sources) -> tuple[str, bool] | None:
    found = worst(given, list(given))
    return (found[0], found[1].sure) if found is not None else None


def test_a_small_source_that_hardly_sells_stands_out_over_a_large_one_that_sells_less() -> None:
    assert ("pop", True) == named(sources(search=(66, 68), native=(26, 35), pop=(5, 18), seo=(46, 47)))


def test_what_may_be_luck_is_told_as_so_far() -> None:
    assert ("native", False) == named(sources(search=(18, 18), native=(16, 19), local=(28, 30)))


def test_of_many_leads_a_great_difference_counts_for_more_than_a_sure_one() -> None:
    assert ("small", True) == named(sources(a=(90_000, 100_000), b=(88_500, 100_000), small=(60, 100)))


def test_nobody_does_worse_where_all_do_alike_or_there_is_but_one() -> None:
    assert named(sources(a=(9, 10), b=(9, 10), c=(18, 20))) is None
    assert named(sources(a=(0, 50))) is None
    assert worst({}, []) is None


def test_only_those_that_can_be_named_are() -> None:
    given = sources(search=(160, 160), pop=(2, 30), native=(20, 30))
    found = worst(given, ["search", "native"])
    assert found is not None and found[0] == "native" and found[1].parts["unsold"] == (Part(10, 30), Part(28, 190))
