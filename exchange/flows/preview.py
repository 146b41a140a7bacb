"""How a delivery looks to whoever gets it: as its connector shows it, else as the message of its kind is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from exchange.connector import Preview
from exchange.flows.market import Market
from exchange.flows.trial import Trial, trial_award, trial_terms
from exchange.model.wire import EmailMessage, FaxMessage, FileMessage, HttpMessage, Message, PhoneMessage
from exchange.stages.store import asking, card_of

PLAIN = "text/plain"
_FILE_CHARACTERS = 4_000


def previews(market: Market, trial: Trial, message: Message | None) -> tuple[Preview, ...]:
    """What the connector draws of a post, or the message itself. Nothing when nothing can be shown."""
    if trial.connection.in_store:
        return _of_store(market, trial)
    shows = trial.connection.previews
    if shows is not None and trial.stage == "post":
        return shows.preview(trial.lead, trial_award(trial), trial.contract, trial_terms(market, trial))
    return PREVIEWS[type(message)](message) if message is not None else ()


def _of_store(market: Market, trial: Trial) -> tuple[Preview, ...]:
    """The card as people of the buyer see it before they pay, and what they are shown then."""
    vertical, now = market.verticals[trial.contract.vertical], market.clock.now()
    card = card_of(trial.lead, vertical)
    place = f"{card.us_state or 'no state'}{f' {card.zip3}xx' if card.zip3 else ''}"
    head = f"{vertical.title}, {place}{f', grade {card.grade}' if card.grade else ''}"
    lines = [head, "", *(f"{label}: {value}" for label, value in card.facts), "", *_prices(market, trial, now)]
    shown = {spec.name: spec.label for spec in vertical.fields}
    hidden = [f"{shown.get(name, name)}: {value.clean}" for name, value in trial.lead.values.items()]
    return (
        Preview("The card in the store", PLAIN, "\n".join([*lines, "[Claim for 2 minutes]"])),
        Preview("What is shown once it is paid", PLAIN, "\n".join(hidden)),
    )


def _prices(market: Market, trial: Trial, now: int) -> list[str]:
    """As a campaign of the vertical lists its leads; each may do it otherwise."""
    campaigns = sorted(market.deals.campaigns.values(), key=lambda each: each.id)
    ours = [each for each in campaigns if each.vertical == trial.contract.vertical and each.store is not None]
    if not ours or ours[0].store is None:
        return [
            "No campaign of this vertical lists leads in the store yet: a card has the price that its campaign sets."
        ]
    rule = ours[0].store
    falls = [f"{asking(rule, now, now + after).text} after {after // 3_600_000} h" for after, _ in rule.falls]
    first = f"{rule.first.text} {rule.first.currency}"
    return [", ".join([first, *falls]) + f" (as {ours[0].name} lists them)"]


def _of_mail(message: EmailMessage) -> tuple[Preview, ...]:
    head = message.shown().headers
    text = "\n".join(f"{name}: {value}" for name, value in head.items()) + f"\n\n{message.text}"
    attached = tuple(
        Preview(each.name, PLAIN, each.content[:_FILE_CHARACTERS].decode("utf-8", "replace"))
        for each in message.attachments
        if each.content_type.startswith("text/") or each.content_type.endswith(("xml", "json"))
    )
    return Preview("The mail", PLAIN, text), *attached


def _of_fax(message: FaxMessage) -> tuple[Preview, ...]:
    return (Preview(f"The fax to {message.to}", PLAIN, message.shown().body.decode()),)


def _of_phone(message: PhoneMessage) -> tuple[Preview, ...]:
    what = "The text" if message.kind == "sms" else "The call"
    return (Preview(f"{what} to {message.to}", PLAIN, message.text),)


def _of_file(message: FileMessage) -> tuple[Preview, ...]:
    return (Preview(message.name, PLAIN, message.content[:_FILE_CHARACTERS].decode("utf-8", "replace")),)


def _of_request(message: HttpMessage) -> tuple[Preview, ...]:
    head = "\n".join(f"{name}: {value}" for name, value in message.headers.items())
    text = f"{message.method} {message.url}\n{head}\n\n{message.body.decode('utf-8', 'replace')}"
    return (Preview("The request", PLAIN, text),)


PREVIEWS: Mapping[type[Any], Callable[[Any], tuple[Preview, ...]]] = MappingProxyType(
    {
        EmailMessage: _of_mail,
        FaxMessage: _of_fax,
        FileMessage: _of_file,
        HttpMessage: _of_request,
        PhoneMessage: _of_phone,
    }
)
"""How each kind of message is shown where its connector has no preview of its own."""
