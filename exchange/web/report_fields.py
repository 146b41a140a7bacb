"""The report of attribution as programs read it."""

from __future__ import annotations

from typing import Any

from exchange.flows.attribution_report import Asked, Found
from exchange.model.money import Money


def report_fields(asked: Asked, found: Found) -> dict[str, Any]:
    """The report as programs read it: conversions as decimal text, value after returns."""
    report = found.report

    def told(units: int) -> str:
        return Money(units, asked.currency).text

    return {
        **asked.given(),
        "leads": report.leads,
        "conversions": report.conversions,
        "value": told(report.units),
        "cost": told(report.cost),
        "cut": found.cut,
        "channels": [
            {
                "name": line.name,
                "leads": line.leads,
                "clicks": line.clicks,
                "cost": told(line.cost),
                "models": {
                    model: {"conversions": conversions_text(conversions), "value": told(units)}
                    for model, (conversions, units) in line.by_model.items()
                },
            }
            for line in report.lines
        ],
        "weeks": [{"week": week.monday, "cohort": told(week.cohort), "cash": told(week.cash)} for week in report.weeks],
    }


def conversions_text(millionths: int) -> str:
    """Millionths as decimal text with four places."""
    whole, part = divmod(millionths, 1_000_000)
    return f"{whole}.{part // 100:04d}"
