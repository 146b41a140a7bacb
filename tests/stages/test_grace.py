"""A change that would break posts has a grace period: warnings until its date, refusals from then on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest

from exchange.catalog import read_vertical
from exchange.model.lead import Kind
from exchange.model.vertical import Vertical
from exchange.stages.field_names import compile_names
from exchange.stages.normalize import Normalized, normalize
from tests.stages.submissions import PLACES, SOLAR, codes, submission, warned

DAY = datetime(2026, 12, 1, tzinfo=UTC)
BEFORE, AFTER = int(DAY.timestamp() * 1000) - 1, int(DAY.timestamp() * 1000)
SHADE = {
    "name": "roof_shade",
    "type": "choice",
    "label": "Shade",
    "ping": "optional",
    "post": "required",
    "allowed": ["none", "partial", "unsure"],
    "required_from": date(2026, 12, 1),
    "until": {"unsure": "2026-12-01"},
}


def vertical(**changes: Any) -> Vertical | list[str]:
    problems: list[str] = []
    made = read_vertical("solar", orjson.dumps({"title": "Solar", "fields": [{**SHADE, **changes}]}), "here", problems)
    return problems if made is None else made


def posted(fields: Mapping[str, str], now: int, kind: Kind = Kind.POST) -> Normalized:
    made = vertical()
    assert isinstance(made, Vertical)
    return normalize(submission(dict(fields), kind), SOLAR, made, compile_names(made, SOLAR, PLACES), "ld_1", now)


@pytest.mark.parametrize(("fields", "code"), [({}, "missing"), ({"roof_shade": " "}, "blank")])
def test_a_new_required_field_warns_until_its_date_and_is_refused_without_from_then_on(
    fields: dict[str, str], code: str
) -> None:
    before, after = posted(fields, BEFORE), posted(fields, AFTER)

    assert ([], [("roof_shade", "required_soon")]) == (codes(before), warned(before))
    assert "roof_shade will be required from 2026-12-01 on." == before.warnings[0].message
    assert ([("roof_shade", code)], []) == (codes(after), warned(after))
    assert ([], []) == (codes(posted({}, AFTER, Kind.PING)), warned(posted({}, BEFORE, Kind.PING)))


def test_a_value_that_ends_is_read_with_a_warning_and_then_refused() -> None:
    before, after = posted({"roof_shade": "Unsure"}, BEFORE), posted({"roof_shade": "unsure"}, AFTER)

    assert ("unsure", []) == (before.lead.text("roof_shade"), codes(before))
    assert [("roof_shade", "deprecated_value")] == warned(before)
    assert ("none", "partial") == before.warnings[0].allowed
    assert [("roof_shade", "not_allowed")] == codes(after)
    assert ("none", "partial") == after.problems[0].allowed
    assert [] == warned(posted({"roof_shade": "none"}, BEFORE))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"until": {"never": "2026-12-01"}}, "until: never is not under allowed."),
        ({"allowed": ["a"], "until": {"a": "2026-12-01"}}, "until: one value at least must stay."),
        ({"type": "text", "allowed": [], "until": {"a": "2026-12-01"}}, "until: a text has no values that could end."),
        ({"post": "optional"}, "required_from: the field is required neither in a ping nor in a post."),
        ({"required_from": "soon"}, "required_from: Input should be a valid date or datetime"),
    ],
)
def test_a_date_that_means_nothing_is_told(changes: dict[str, Any], told: str) -> None:
    problems = vertical(**changes)

    assert isinstance(problems, list)
    assert any(told in problem for problem in problems), problems
