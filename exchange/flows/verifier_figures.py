"""How verifiers did over some days: who asks for them, what they answered, what they cost and what they are worth."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.flows.market import Market
from exchange.flows.proofs import LATE_MS
from exchange.flows.verifier import ReadyVerifier
from exchange.flows.verifier_uses import rules_using
from exchange.model.money import Money
from exchange.model.verification import DAY_MS, VerifierRule
from exchange.storage.proofs import kept_proofs, waiting_proofs
from exchange.storage.verifiers import Figure, figures

DAYS = 30
BAD_KINDS = ("wrong_number", "wrong_person", "disconnected", "invalid_phone", "fake", "fraud", "bad_contact")
"""Dispositions that say the lead was not what it seemed; a returned sale says so too."""
_NOTHING = Figure("", 0, 0, 0, 0, 0, 0, (), 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class VerifierLine:
    """One verifier. `kept`, `refused`, `waiting` and `late` count proofs, for a vendor that keeps any."""

    ready: ReadyVerifier
    uses: tuple[tuple[str, VerifierRule], ...]
    figure: Figure
    kept: int = 0
    refused: int = 0
    waiting: int = 0
    late: int = 0

    @property
    def name(self) -> str:
        return self.ready.card.name

    @property
    def costs(self) -> tuple[Money, ...]:
        return tuple(Money(units, currency) for currency, units in self.figure.cost)

    @property
    def answers(self) -> int:
        return self.figure.asked + self.figure.cached


async def verifier_lines(market: Market, days: int = DAYS) -> list[VerifierLine]:
    """Those in use first, then the others, by name."""
    now = market.clock.now()
    since = now - days * DAY_MS
    found = {figure.verifier: figure for figure in await market.db.read(figures, since, BAD_KINDS)}
    kept = {row["verifier"]: row for row in await market.db.read(kept_proofs, since)}
    waiting = {row["verifier"]: row for row in await market.db.read(waiting_proofs, now - LATE_MS)}
    lines = []
    for name, ready in sorted(market.deals.shapes.verifiers.items()):
        ended, due = kept.get(name), waiting.get(name)
        lines.append(
            VerifierLine(
                ready,
                tuple(rules_using(market, name).items()),
                found.get(name, _NOTHING),
                ended["kept"] if ended is not None else 0,
                ended["refused"] if ended is not None else 0,
                due["waiting"] if due is not None else 0,
                due["late"] if due is not None else 0,
            )
        )
    return sorted(lines, key=lambda line: (not line.uses, line.name))


def verifier_fields(line: VerifierLine) -> dict[str, object]:
    """For programs: the API, the command, the page's JSON."""
    card, figure = line.ready.card, line.figure
    return {
        "verifier": line.name,
        "title": card.title,
        "vendor": card.vendor,
        "checks": card.checks.value,
        "cost_per_answer": card.cost.text,
        "currency": card.cost.currency,
        "used_by": [where for where, _ in line.uses],
        "secrets_not_set": list(line.ready.unset),
        "last_30_days": {
            "asked": figure.asked,
            "from_before": figure.cached,
            "away": figure.away,
            "good": figure.good,
            "bad": figure.bad,
            "unknown": figure.unknown,
            "cost": [{"amount": money.text, "currency": money.currency} for money in line.costs],
            "mean_ms": figure.took_ms,
            "passed": {"sold": figure.passed_sold, "came_back_bad": figure.passed_bad},
            "flagged": {"sold": figure.flagged_sold, "came_back_bad": figure.flagged_bad},
        },
        "proofs": {"kept": line.kept, "refused": line.refused, "waiting": line.waiting, "late": line.late},
    }
