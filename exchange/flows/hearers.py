"""Who wants to be told: every address of every party, found by what happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from exchange.model.actor import Role
from exchange.model.endpoint import EVENTS, LATE_EVENTS, Endpoint, EndpointKind
from exchange.model.party import Campaign, State


@dataclass(frozen=True, slots=True)
class Hearers:
    """`wanted` are the events that anybody hears at all: looking one up is all that news nobody wants costs."""

    by_id: Mapping[str, Endpoint]
    given: frozenset[str]  # ids of those that stand in campaigns
    wanted: frozenset[str]

    def of(
        self, event: str, role: Role, party_id: str | None, campaign_id: str | None, *, late: bool
    ) -> tuple[Endpoint, ...]:
        """Who hears of this: the party itself, and the operators, who hear everything."""
        if event not in self.wanted:
            return ()
        return tuple(
            each
            for each in self.by_id.values()
            if each.wants(event)
            and (each.role is Role.OPERATOR or (each.role is role and each.party_id == party_id))
            and (each.campaign_id is None or each.campaign_id == campaign_id)
            and (late or not each.late_only)
        )


def given_id(campaign_id: str) -> str:
    return f"pbk_{campaign_id}"


def compile_hearers(stored: Iterable[Endpoint], campaigns: Iterable[Campaign]) -> Hearers:
    """Those of the table, and the address that each campaign may have; the table says whether that one is disabled.

    For a disabled one events are kept too: once it is enabled again they can be replayed.
    """
    rows = {each.id: each for each in stored if not each.late_only}
    kept = {each.id: each for each in stored if each.late_only}
    given = {}
    for campaign in campaigns:
        if campaign.postback_url is None or campaign.state is State.DELETED:
            continue
        made = Endpoint(
            given_id(campaign.id),
            EndpointKind.POSTBACK,
            Role.SELLER,
            campaign.seller_id,
            campaign.postback_url,
            LATE_EVENTS,
            campaign_id=campaign.id,
            late_only=True,
        )
        row = kept.get(made.id)
        given[made.id] = row if row is not None and row.url == made.url else made
    by_id = {**rows, **given}
    wanted = frozenset(event for event in EVENTS if any(each.wants(event) for each in by_id.values()))
    return Hearers(by_id, frozenset(given), wanted)
