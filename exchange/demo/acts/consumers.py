"""Who fills in forms that are no API: the next person of a campaign, made up as all of the demo are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from exchange.demo.acts import Scene
from exchange.demo.homes import CityHomes
from exchange.demo.people import EVEN, generate
from exchange.demo.shapes import GeneratedLead

_PER_MINUTE = 1.0
_FILLING_MS = 15_000


class Consumers:
    """The people of one campaign, one after another; another start sends other people."""

    def __init__(self, campaign: str) -> None:
        self._campaign = campaign
        self._leads: Iterator[GeneratedLead] | None = None

    def next(self, scene: Scene) -> GeneratedLead:
        if self._leads is None:
            running = scene.running
            habits = next(who for who in running.cast.sellers if who.campaign == self._campaign)
            vertical = running.market.verticals[running.market.deals.campaigns[self._campaign].vertical]
            now, homes = running.clock.now(), CityHomes(running.market.places)
            self._leads = generate(
                now & 0xFFFF_FFFF, vertical, homes, habits.source, starts_at=now, per_minute=_PER_MINUTE, hourly=EVEN
            )
        return agreed_now(next(self._leads), scene.running.clock.now())


def agreed_now(lead: GeneratedLead, now: int) -> GeneratedLead:
    """Made up for a rate of their own, people come when the act plays: they have agreed just then."""
    if "tcpa_consent_at" not in lead.values:
        return lead
    agreed = datetime.fromtimestamp((now - _FILLING_MS) / 1000, UTC)
    return replace(lead, arrived_at=now, values={**lead.values, "tcpa_consent_at": f"{agreed:%Y-%m-%dT%H:%M:%SZ}"})
