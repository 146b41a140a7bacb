"""An answer for programs and spreadsheets: every row of it, whatever a page shows."""

from __future__ import annotations

from typing import Any

from exchange.model.analysis import Unit
from exchange.web.analytics.answer import Answer
from exchange.web.analytics.values import Figure
from exchange.web.words import utc


def as_fields(made: Answer) -> dict[str, Any]:
    """The question, each row with its figures, and the sum of all. Shares carry what they are made of."""
    asked = made.asked
    return {
        "report": asked.report or "explorer",
        "asked": asked.params(),
        "link": asked.exact_url(),
        "mode": asked.mode,
        "currency": asked.currency,
        "zone": made.market.zone,
        "begin": utc(asked.period.begin),
        "until": utc(asked.period.until),
        "compared_with": asked.period.compared,
        "complete": made.missing == 0,
        "groups": list(asked.groups),
        "measures": [each.name for each in made.measures],
        "count": len(made.keys),
        "rows": [_row(made, key) for key in made.keys],
        "total": _figures(made, None),
        **_rest(made),
    }


def _rest(made: Answer) -> dict[str, Any]:
    rest = made.rest()
    return {"of_no_single_sale": {"revenue": rest[0], "payout": rest[1]}} if rest is not None else {}


def _row(made: Answer, key: tuple[str, ...]) -> dict[str, Any]:
    values = dict(zip(made.asked.groups, key, strict=True))
    if "hour" in values:
        values["hour"] = utc(int(values["hour"]))
    names = {f"{name}_name": told for name, told in zip(made.asked.groups, made.names(key), strict=True)}
    return {**values, **names, **_figures(made, key)}


def _figures(made: Answer, key: tuple[str, ...] | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for measure in made.measures:
        now = made.figure(measure, key) if key is not None else made.total_figure(measure)
        found[measure.name] = now.program
        if measure.unit is Unit.SHARE:
            found |= {f"{measure.name}_hits": now.hits, f"{measure.name}_of": now.of}
        if made.old is not None:
            found[f"{measure.name}_before"] = _before(made, measure, key).program
    return found


def _before(made: Answer, measure: Any, key: tuple[str, ...] | None) -> Figure:
    return made.figure(measure, key, made.old) if key is not None else made.total_figure(measure, made.old)


def as_rows(made: Answer) -> list[dict[str, Any]]:
    """The same rows for a spreadsheet: one column for each group, its name, and each figure."""
    return [{**_row(made, key), "currency": made.asked.currency} for key in made.keys] or [
        {**dict.fromkeys(made.asked.groups, ""), **_figures(made, None), "currency": made.asked.currency}
    ]
