"""What became of a lead's deliveries beside its requests: every try, what was heard of it, and what is planned next."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exchange.flows.market import Market
from exchange.model.delivery import spoken
from exchange.storage.database import Row
from exchange.storage.delivery_views import next_at
from exchange.web.story.line import Line
from exchange.web.story.records import Story
from exchange.web.story.wire import Exchange, buyer_exchange
from exchange.web.words import duration, utc

_TRIES: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {  # outcome → icon, tone, what is told
        "sending": ("pulse", "info", "goes out"),
        "delivered": ("check", "good", "arrived"),
        "sent": ("out", "info", "was taken to be brought on"),
        "destination down": ("warning", "warn", "nobody is there"),
        "not now": ("clock", "warn", "was not taken now"),
        "answer lost": ("question", "warn", "may have arrived: the answer was lost"),
        "unclear": ("question", "warn", "may have arrived"),
        "refused": ("cross", "bad", "was refused"),
        "failed": ("cross", "bad", "could not be made"),
    }
)
_RECEIPTS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "sent": ("out", "info", "is on its way"),
        "delivered": ("check", "good", "arrived"),
        "accepted": ("check", "good", "accepted by a person"),
        "refused": ("cross", "bad", "refused by a person"),
        "failed": ("cross", "bad", "could not be delivered"),
        "bounced": ("return", "bad", "came back"),
        "bridged": ("link", "good", "connected to the consumer"),
        "answered": ("pulse", "info", "answered"),
        "machine": ("dash", "warn", "a machine answered"),
        "silent": ("dash", "warn", "nobody answered"),
    }
)
_OPEN = ("waiting", "shelved")
_WIRES_FROM = 900_000  # numbers of exchanges that no request of the timeline gives out


def told_deliveries(market: Market, story: Story) -> list[Line]:
    """One line for each try and each receipt, and one for what a delivery waits for."""
    names = {row["attempt_id"]: market.deals.buyer_name(row["contract_id"]) for row in story.rows.deliveries}
    channels = {row["attempt_id"]: row["channel"] for row in story.rows.deliveries}
    lines = []
    for place, row in enumerate(story.rows.tries):
        if row["attempt_id"] in names:
            name, channel = names[row["attempt_id"]], channels[row["attempt_id"]]
            lines.append(_try(market, story, row, name, channel, place))
    for row in story.rows.receipts:
        icon, tone, told = _RECEIPTS.get(row["kind"], ("dash", "", row["kind"]))
        title = f"{names[row['attempt_id']]}, {_by(channels[row['attempt_id']])}: {told}"
        lines.append(Line(row["at"], None, icon, tone, title, story.mask.text(row["detail"])))
    lines += [_planned(story, row, names[row["attempt_id"]]) for row in story.rows.deliveries if row["state"] in _OPEN]
    return lines


def _try(market: Market, story: Story, row: Row, name: str, channel: str, place: int) -> Line:
    icon, tone, told = _TRIES.get(row["outcome"], ("dash", "", row["outcome"]))
    facts = [story.mask.text(row["detail"])] if row["detail"] else []
    if row["next_at"] is not None:
        facts.append(f"next try {utc(row['next_at'])}")
    return Line(
        row["at"],
        None,
        icon,
        tone,
        f"{name}, try {row['number']} {_by(channel)}: {told}",
        ". ".join(facts),
        duration(row["took_ms"]) if row["took_ms"] is not None else "",
        exchanges=_exchanges(market, story, row, name, tone, place),
    )


def _exchanges(market: Market, story: Story, row: Row, name: str, tone: str, place: int) -> tuple[Exchange, ...]:
    """What was said in this try, where it is still kept."""
    wires = [
        wire
        for request in story.requests
        for wire in request.wires
        if wire["attempt"] == row["attempt_id"] and wire.get("try") == row["number"]
    ]
    return tuple(
        buyer_exchange(market, wire, story.mask, _WIRES_FROM + place * 100 + index, f"To {name}", tone, row["outcome"])
        for index, wire in enumerate(wires)
    )


def _planned(story: Story, row: Row, name: str) -> Line:
    """What a delivery that is not over waits for. It stands at the end: it is still to come."""
    if row["state"] == "shelved":
        title = f"{name} has not fetched it yet"
        return Line(row["give_up_at"], None, "clock", "", title, f"Until {utc(row['give_up_at'])}")
    then = next_at(row)
    if then is None:
        aside = "Put aside after too many tries" if row["dead"] else "Waits for its turn"
        return Line(row["give_up_at"], None, "warning", "warn", f"{name}: {aside.lower()}", row["last_error"] or "")
    why = story.mask.text(row["last_error"] or "")
    tries = f"try {row['tries'] + 1}"
    return Line(then, None, "clock", "", f"{name}, {tries} {_by(row['channel'])}: {utc(then)}", why)


def _by(channel: str) -> str:
    return f"by {spoken(channel)}"
