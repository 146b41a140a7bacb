"""Filters: what they want in words, and everything that is wrong with a bad one."""

from __future__ import annotations

import pytest

from exchange.fields import field_types
from exchange.model.lead import Kind, Mode
from exchange.model.party import Clause, Group
from exchange.stages.filters import BadFilter, Criterion, Shape, compile_filter
from tests.stages.solar import SOLAR, solar_lead

SHAPE = Shape(SOLAR, field_types())


def criteria(*clauses: Clause | Group, need: str = "all") -> tuple[Criterion, ...]:
    return tuple(compile_filter(Group(need, clauses), SHAPE).values())


def zips(count: int) -> tuple[str, ...]:
    return tuple(str(85_000 + number) for number in range(count))


@pytest.mark.parametrize(
    ("required", "got", "clause", "sent"),
    [
        ("$150 or more", "$101 to $150", Clause("monthly_bill", "at_least", ("150",)), {"monthly_bill": "$101-150"}),
        ("$100 or less", "$301 or more", Clause("monthly_bill", "at_most", ("100",)), {"monthly_bill": "$301+"}),
        ("one of tile, shingle", "flat", Clause("roof", "one_of", ("tile", "shingle")), {"roof": "flat"}),
        ("none of tile, flat", "flat", Clause("roof", "none_of", ("tile", "flat")), {"roof": "flat"}),
        ("other than flat", "flat", Clause("roof", "not_equals", ("flat",)), {"roof": "flat"}),
        ("one of its 212 ZIPs", "90210", Clause("zip", "one_of", zips(212)), {"zip": "90210"}),
        ("a value that starts with 850, 852", "90210", Clause("zip", "starts_with", ("850", "852")), {"zip": "90210"}),
        ("10 to 20", "21", Clause("panels", "between", ("10", "20")), {"panels": "21"}),
        ("$2,500 or more", "$1,200.50", Clause("budget", "at_least", ("2500",)), {"budget": "1200.50"}),
        ("sent", "no panels", Clause("panels", "is_set", ()), {}),
        ("left out", "12", Clause("panels", "is_not_set", ()), {"panels": "12"}),
        ("yes", "no", Clause("homeowner", "equals", ("yes",)), {"homeowner": "n"}),
        ("age 65 or more", "age 42", Clause("dob", "age_at_least", ("65",)), {"dob": "1984-02-29"}),
        ("2000-01-01 or later", "1984-••-••", Clause("dob", "on_or_after", ("2000-01-01",)), {"dob": "1984-02-29"}),
    ],
)
def test_a_clause_says_what_it_wants_and_what_the_lead_has(
    required: str, got: str, clause: Clause, sent: dict[str, str]
) -> None:
    (criterion,) = criteria(clause)
    values = solar_lead(Kind.DIRECT, Mode.LIVE, **sent).values

    assert not criterion.holds(values)
    assert (required, got) == (criterion.required, criterion.got(values))


def test_clauses_of_all_stand_alone_however_deep_and_alternatives_stand_together() -> None:
    roof, bill = Clause("roof", "equals", ("tile",)), Clause("monthly_bill", "at_least", ("150",))
    owner, panels = Clause("homeowner", "equals", ("yes",)), Clause("panels", "at_least", ("10",))
    inner = Group("all", (roof, Group("any", (bill, Group("all", (owner, panels))))))

    assert [
        ("filter:roof", "tile"),
        ("filter:monthly_bill|homeowner|panels", "monthly_bill $150 or more, or homeowner yes and panels 10 or more"),
    ] == [(each.name, each.required) for each in criteria(inner)]


def test_alternatives_on_one_field_name_it_once() -> None:
    (criterion,) = criteria(Clause("zip", "starts_with", ("850",)), Clause("zip", "equals", ("90210",)), need="any")

    assert ("filter:zip", "a value that starts with 850, or 90210") == (criterion.name, criterion.required)


def test_one_alternative_is_enough_and_all_of_them_are_told_when_none_holds() -> None:
    (criterion,) = criteria(
        Clause("monthly_bill", "at_least", ("150",)), Clause("homeowner", "equals", ("yes",)), need="any"
    )

    assert criterion.holds(solar_lead(homeowner="yes").values)
    assert "no monthly_bill; homeowner no" == criterion.got(solar_lead(homeowner="no").values)


def test_a_group_of_one_alternative_is_that_alternative() -> None:
    assert ["filter:roof"] == [each.name for each in criteria(Clause("roof", "equals", ("tile",)), need="any")]


def test_no_filter_and_an_empty_group_want_nothing() -> None:
    assert {} == compile_filter(None, SHAPE)
    assert () == criteria()


def test_amounts_carry_the_sign_of_the_contract_s_currency() -> None:
    group = Group("all", (Clause("budget", "at_least", ("2500",)),))
    (criterion,) = compile_filter(group, Shape(SOLAR, field_types(), "EUR")).values()

    assert "€2,500 or more" == criterion.required


def test_all_that_is_wrong_with_a_filter_is_told_at_once() -> None:
    bad = Group(
        "all",
        (
            Clause("colour", "equals", ("red",)),
            Clause("panels", "at_least", ("many",)),
            Clause("panels", "between", ("9", "1")),
            Clause("roof", "contains", ("tile",)),
            Group("any", (Clause("homeowner", "equals", ("perhaps",)), Clause("zip", "one_of", ()))),
        ),
    )
    with pytest.raises(BadFilter) as caught:
        compile_filter(bad, SHAPE)

    assert 6 == len(caught.value.problems)
    assert caught.value.problems[0] == "solar has no field 'colour'."


@pytest.mark.parametrize(
    ("part", "group"),
    [
        ("all or any", Group("most", (Clause("roof", "equals", ("tile",)),))),
        ("has none", Group("all", (Group("any", ()),))),
    ],
)
def test_a_group_that_makes_no_sense_is_told(part: str, group: Group) -> None:
    with pytest.raises(BadFilter, match=part):
        compile_filter(group, SHAPE)


def test_groups_nested_without_end_are_refused() -> None:
    group = Group("all", (Clause("roof", "equals", ("tile",)),))
    for _ in range(500):
        group = Group("all", (group,))

    with pytest.raises(BadFilter, match="nest at most 10 deep"):
        compile_filter(group, SHAPE)
