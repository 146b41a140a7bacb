"""What stands around a lead beside its own rows: how lists call it, its tags, and whether its sales may come back."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.flows.market import Market
from exchange.flows.returns import Returnable, Window, find_returnable
from exchange.model.actor import Actor
from exchange.model.delivery import spoken
from exchange.storage.hours import usual_margin
from exchange.storage.lead_extras import extras_of
from exchange.web import words
from exchange.web.listed.deliveries import can_go_again
from exchange.web.listed.lead_rows import standing_of
from exchange.web.story.records import Story
from exchange.web.words import utc

_USUAL_DAYS, _USUAL_LEAST = 30, 30  # a share of fewer leads says little


@dataclass(frozen=True, slots=True)
class Resend:
    """A delivery that can be sent once more."""

    attempt_id: str
    buyer: str
    channel: str


@dataclass(frozen=True, slots=True)
class Around:
    """`standing` is what it is beside its state, as in lists: returned, in_store, or nothing. `sales` are those that
    may be given back or were, `again` what can be sent once more."""

    standing: str = ""
    tags: tuple[str, ...] = ()
    sales: tuple[Returnable, ...] = ()
    again: tuple[Resend, ...] = ()
    usual: tuple[int, int] = (0, 0)  # margin and revenue (money units) of what its seller sold in the month before

    @property
    def returns(self) -> list[str]:
        """The ids of what was asked back."""
        return [sale.request["id"] for sale in self.sales if sale.request is not None]

    @property
    def open(self) -> bool:
        """Whether something can still be asked back."""
        return any(sale.window is Window.OPEN for sale in self.sales)

    def window(self, now: int) -> tuple[str, str]:
        """The time left to give it back, and when that ends."""
        last = max(self.sales, key=lambda sale: (sale.window is Window.OPEN, sale.until))
        asked = [sale.request["state"] for sale in self.sales if sale.request is not None]
        if last.window is Window.OPEN:
            told = f"to {utc(last.until)}" + (f"; {words.plural(len(asked), 'sale')} asked back" if asked else "")
            return f"Open, {words.roughly(last.until - now)}", told
        if asked:
            return words.status(asked[-1]).word, "asked back"
        return "Closed", f"since {utc(last.until)}"


async def around(market: Market, actor: Actor, story: Story) -> Around:
    lead = story.lead
    extras = await market.db.read(extras_of, [lead["id"]])
    sales = [await find_returnable(market, actor, sale["attempt_id"]) for sale in story.standing]
    return Around(
        standing_of(lead["id"], extras, erased=story.erased),
        tuple(extras.tags.get(lead["id"], ())),
        tuple(sale for sale in sales if sale is not None),
        _again(market, story),
        await market.db.read(usual_margin, lead, _USUAL_DAYS, _USUAL_LEAST) if story.standing else (0, 0),
    )


def _again(market: Market, story: Story) -> tuple[Resend, ...]:
    """What failed, or waits, or of which nobody knows: never what was accepted."""
    if story.erased:
        return ()
    deliveries = {row["attempt_id"]: row for row in story.rows.deliveries}
    found = []
    for row in story.rows.attempts:
        delivery = deliveries.get(row["id"])
        able = row["state"] == "failed" if delivery is None else can_go_again(delivery["state"], row["state"])
        if able:
            channel = spoken(delivery["channel"]) if delivery is not None else ""
            found.append(Resend(row["id"], market.deals.buyer_name(row["contract_id"]), channel))
    return tuple(found)
