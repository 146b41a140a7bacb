"""A connection ready for use: a connector, its secrets, and what it can do beyond ping and post, found once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange.connector import (
    DEFAULT_PROFILE,
    Addressed,
    AsksOutcome,
    ConfirmsReceipts,
    Connector,
    DeliversBatches,
    DeliversLater,
    GoesElsewhere,
    GoesToMailboxes,
    HandsOut,
    HasProfile,
    HearsTexts,
    HoldsCalls,
    InStore,
    OffersPage,
    Previews,
    Profile,
    ReadsDispositions,
    ReadsReceipts,
    ReadsReplies,
    RepeatsSafely,
    Revokes,
    RingsPeople,
    SendsSeveral,
    Shelved,
    SilenceDelivers,
    StoresFiles,
    Waits,
    WritesTable,
)
from exchange.model.party import Contract

SECONDS = 10.0
"""How long a conversation beside requests may take, unless its connector says otherwise."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A connector and the secrets its messages name. Each ability is the connector itself where it has it."""

    connector: Connector
    secrets: Mapping[str, str]
    profile: Profile = DEFAULT_PROFILE
    asks: AsksOutcome | None = None  # it can ask what became of a post
    revokes: Revokes | None = None  # it can be told of consent taken back
    repeats_safely: bool = False  # the same post twice is one lead to this buyer
    several_messages: bool = False  # a token or the like comes before the message that delivers
    simulated: bool = False  # it leads to the buyers of test mode, which are inside the exchange
    later: bool = False  # the worker delivers, not the request
    shelved: bool = False  # the buyer fetches
    in_store: bool = False  # it is never asked; its people take leads from the store
    seconds: float = SECONDS
    batches: DeliversBatches | None = None
    waits: Waits | None = None
    rings: RingsPeople | None = None
    calls: HoldsCalls | None = None
    texts: HearsTexts | None = None
    offers_page: bool = False  # a page of ours shows the lead to whoever takes it
    receipts: ReadsReceipts | None = None
    confirms: ConfirmsReceipts | None = None
    hands_out: HandsOut | None = None
    elsewhere: GoesElsewhere | None = None
    silence_delivers: bool = False  # no news in time is good news
    replies: ReadsReplies | None = None
    previews: Previews | None = None
    addressed: Addressed | None = None
    files: StoresFiles | None = None
    tables: WritesTable | None = None
    mailed: GoesToMailboxes | None = None
    reports: ReadsDispositions | None = None  # its buyer's system tells what became of leads
    urls: tuple[str, ...] = ()  # servers it names
    fields: frozenset[str] = frozenset()  # of leads, that its pings and posts draw on, as far as it tells them

    @property
    def can_reconcile(self) -> bool:
        """Whether the buyer itself can settle a post it never answered clearly."""
        return self.asks is not None or self.repeats_safely

    @property
    def on_the_spot(self) -> bool:
        """Whether a post is answered while the seller waits. Only such a buyer can be pinged."""
        return not self.later and not self.shelved

    @property
    def channel(self) -> str:
        """How its deliveries travel."""
        return self.addressed.channel if self.addressed is not None else "http"

    def destination(self, contract: Contract) -> str:
        """Where those of a contract go: what is down there delays them and no others."""
        return self.addressed.destination(contract) if self.addressed is not None else contract.buyer_id


def ready(
    connector: Connector,
    secrets: Mapping[str, str],
    *,
    simulated: bool = False,
    reports: ReadsDispositions | None = None,
    urls: tuple[str, ...] = (),
    fields: frozenset[str] = frozenset(),
) -> Connection:
    """The connection of a connector, with the abilities it has."""
    return Connection(
        connector,
        secrets,
        profile=connector.profile if isinstance(connector, HasProfile) else DEFAULT_PROFILE,
        asks=connector if isinstance(connector, AsksOutcome) else None,
        revokes=connector if isinstance(connector, Revokes) else None,
        repeats_safely=isinstance(connector, RepeatsSafely) and connector.repeats_safely,
        several_messages=isinstance(connector, SendsSeveral) and connector.several_messages,
        simulated=simulated,
        later=isinstance(connector, DeliversLater) and connector.later,
        shelved=isinstance(connector, Shelved) and connector.shelved,
        in_store=isinstance(connector, InStore) and connector.in_store,
        seconds=connector.seconds if isinstance(connector, DeliversLater) else SECONDS,
        batches=connector if isinstance(connector, DeliversBatches) else None,
        waits=connector if isinstance(connector, Waits) else None,
        rings=connector if isinstance(connector, RingsPeople) else None,
        calls=connector if isinstance(connector, HoldsCalls) else None,
        texts=connector if isinstance(connector, HearsTexts) else None,
        offers_page=isinstance(connector, OffersPage) and connector.offers_page,
        receipts=connector if isinstance(connector, ReadsReceipts) else None,
        confirms=connector if isinstance(connector, ConfirmsReceipts) else None,
        hands_out=connector if isinstance(connector, HandsOut) else None,
        elsewhere=connector if isinstance(connector, GoesElsewhere) else None,
        silence_delivers=isinstance(connector, SilenceDelivers) and connector.silence_delivers,
        replies=connector if isinstance(connector, ReadsReplies) else None,
        previews=connector if isinstance(connector, Previews) else None,
        addressed=connector if isinstance(connector, Addressed) else None,
        files=connector if isinstance(connector, StoresFiles) else None,
        tables=connector if isinstance(connector, WritesTable) else None,
        mailed=connector if isinstance(connector, GoesToMailboxes) else None,
        reports=reports,
        urls=urls,
        fields=fields,
    )
