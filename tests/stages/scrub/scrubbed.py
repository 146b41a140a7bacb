"""A solar lead, read and scrubbed as the exchange does it, for tests of what becomes of one value."""

from __future__ import annotations

from dataclasses import replace

from exchange.model.finding import Outcome
from exchange.model.lead import Kind, Mode
from exchange.model.scrub import Action
from exchange.stages.normalize import normalize
from exchange.stages.scrub.lead import Scrubbed, compile_terms, scrub, tools_of
from exchange.stages.tables import packaged_tables
from tests.stages.submissions import NOW, POST, SOLAR, SOLAR_NAMES, VERTICALS, submission

TABLES = packaged_tables()


def scrubbed(mode: Mode = Mode.LIVE, actions: tuple[tuple[str, Action], ...] = (), **changes: str) -> Scrubbed:
    vertical = VERTICALS["solar"]
    terms = compile_terms(vertical, replace(SOLAR, scrub=actions))
    fields = {**POST, "phone": "6029584101", **changes}
    read = normalize(submission(fields, Kind.POST, mode), SOLAR, vertical, SOLAR_NAMES, "ld_1", NOW)
    return scrub(read.lead, read.mended, read.problems, terms, tools_of(TABLES))


def told(found: Scrubbed) -> list[tuple[str, str]]:
    """Check and outcome of each finding but a plain pass."""
    return [(each.check, each.outcome.value) for each in found.findings if each.outcome is not Outcome.PASSED]


def refused(found: Scrubbed) -> str | None:
    """The slug of the reason that refuses the lead."""
    reasons = (each.reason for each in found.findings if each.outcome is Outcome.REFUSED)
    return next((reason.slug for reason in reasons if reason is not None), None)


def doubted(found: Scrubbed) -> list[str]:
    return [problem.code for problem in found.doubted]
