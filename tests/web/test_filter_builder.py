"""The builder of filters: a form becomes a filter, every step is a button, every slip is told beside its rule."""

from __future__ import annotations

import pytest

from exchange.model.party import Clause, Group
from exchange.stages.filters import BadFilter
from exchange.web.filters import apply_step, build, filter_of, read_tree, tree_of
from exchange.web.filters.tree import RuleGroup, walk
from exchange.web.filters.view import RuleLine
from tests.market import read_once

SOLAR = read_once()[0].verticals["solar"]
FORM = {
    "f.0.need": "all",
    "f.0.1.field": "state",
    "f.0.1.op": "one_of",
    "f.0.1.v": "az; Nevada",
    "f.0.2.need": "any",
    "f.0.2.1.field": "monthly_bill",
    "f.0.2.1.op": "at_least",
    "f.0.2.1.v": "$150",
    "f.0.2.2.field": "homeowner",
    "f.0.2.2.op": "equals",
    "f.0.2.2.v": "yes",
    "csrf": "no part of it",
}
MADE = Group(
    "all",
    (
        Clause("state", "one_of", ("AZ", "NV")),
        Group("any", (Clause("monthly_bill", "at_least", ("150",)), Clause("homeowner", "equals", ("yes",)))),
    ),
)


def test_a_form_becomes_the_filter_it_tells_and_back() -> None:
    assert MADE == filter_of(read_tree(FORM), SOLAR)
    assert MADE == filter_of(tree_of(MADE), SOLAR)


def test_a_filter_is_told_in_sentences() -> None:
    told = build(tree_of(MADE), SOLAR).sentences

    assert told == ("State is one of AZ, NV.", "Monthly electric bill is $150 or more, or Owns the home is yes.")


def test_no_rule_is_no_filter() -> None:
    assert filter_of(RuleGroup(), SOLAR) is None


@pytest.mark.parametrize(
    "step, paths",
    [
        ("add 0", ["0", "0.1", "0.2", "0.2.1", "0.2.2", "0.3"]),
        ("add 0.2", ["0", "0.1", "0.2", "0.2.1", "0.2.2", "0.2.3"]),
        ("group 0.2", ["0", "0.1", "0.2", "0.2.1", "0.2.2", "0.2.3", "0.2.3.1"]),
        ("remove 0.1", ["0", "0.1", "0.1.1", "0.1.2"]),
        ("remove 0.2.1", ["0", "0.1", "0.2", "0.2.1"]),
        ("remove 0", ["0"]),
        ("remove 0.9", ["0", "0.1", "0.2", "0.2.1", "0.2.2"]),
        ("add 0.1", ["0", "0.1", "0.2", "0.2.1", "0.2.2"]),
        ("nonsense", ["0", "0.1", "0.2", "0.2.1", "0.2.2"]),
    ],
)
def test_each_button_changes_the_tree_and_paths_count_anew(step: str, paths: list[str]) -> None:
    assert paths == [path for path, _ in walk(apply_step(read_tree(FORM), step))]


def test_every_slip_is_told_beside_its_rule_and_nothing_is_made_of_the_rest() -> None:
    form = {**FORM, "f.0.1.v": "Arizonia", "f.0.2.1.v": "much", "f.0.3.field": "", "f.0.4.field": "shoe_size"}

    built = build(read_tree(form), SOLAR)

    wrong = {line.path: line.wrong for line in built.lines if isinstance(line, RuleLine) and line.wrong}
    assert list(wrong) == ["0.1", "0.2.1", "0.3", "0.4"]
    assert "must be a 2-letter US state" in wrong["0.1"]
    assert "shoe_size" in wrong["0.4"]
    assert built.group is None
    with pytest.raises(BadFilter):
        filter_of(read_tree(form), SOLAR)


def test_a_pasted_list_of_zips_is_read_however_it_is_parted() -> None:
    form = {"f.0.1.field": "zip", "f.0.1.op": "one_of", "f.0.1.v": "85016 85018\n85020,85016;85022-1234"}

    assert Group("all", (Clause("zip", "one_of", ("85016", "85018", "85020", "85022")),)) == filter_of(
        read_tree(form), SOLAR
    )


def test_a_list_of_choices_is_ticked_and_a_value_of_no_choice_is_left() -> None:
    form = {"f.0.1.field": "roof_shade", "f.0.1.op": "one_of", "f.0.1.is.none": "yes", "f.0.1.is.purple": "yes"}

    assert Group("all", (Clause("roof_shade", "one_of", ("none",)),)) == filter_of(read_tree(form), SOLAR)


def test_a_field_that_was_just_chosen_has_the_operator_it_is_mostly_asked_by() -> None:
    lines = build(read_tree({"f.0.1.field": "roof_age_years", "f.0.1.op": ""}), SOLAR).lines

    assert isinstance(lines[1], RuleLine)
    assert ["is at least"] == [each.word for each in lines[1].operators if each.chosen]
    assert lines[1].wrong == "Age of the roof in years: give a value."


def test_a_field_that_the_law_keeps_out_is_not_offered() -> None:
    found = [vertical for vertical in read_once()[0].verticals.values() if vertical.no_filters]
    assert found
    name, law = found[0].no_filters[0]

    built = build(read_tree({"f.0.1.field": ""}), found[0])

    assert (name, law) in built.forbidden
    assert isinstance(built.lines[1], RuleLine)
    assert name not in [each.value for each in built.lines[1].fields]
