"""Runs cases against a connector, and adds the checks no author writes.

Nothing personal in a ping; amounts whole units in the contract's currency; hostile replies end in no bid and no sale.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from exchange.cases.compare import answer_problems, message_problems
from exchange.cases.document import Case, Exchanged, award_of, contract_of, lead_of, offer_of, terms_of
from exchange.cases.hostile import broken_off, hostile_replies, spoiled
from exchange.connector import BadReply, Connector, Conversation
from exchange.model.auction import Accepted
from exchange.model.money import Money
from exchange.model.wire import HttpMessage, Reply

EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
PHONE = re.compile(r"(?<![\w.])(?:\+?1[-. ]?)?\(?[2-9][0-9]{2}\)?[-. ]?[2-9][0-9]{2}[-. ]?[0-9]{4}(?![\w.])")
PERSONAL_CHARACTERS = 4  # shorter values (a state, an age) prove nothing when they occur


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case, or one set of hostile replies: what went otherwise than it should. Empty `problems` means well."""

    name: str
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


def run_cases(connector: Connector, cases: Sequence[Case]) -> list[CaseResult]:
    """A result for each case, then one for each stage that a case speaks, fed with hostile replies."""
    results = [CaseResult(case.name, tuple(_run(connector, case))) for case in cases]
    for stage in ("ping", "post"):
        spoken = [case for case in cases if getattr(case, stage)]
        if spoken:
            problems = [problem for case in spoken for problem in _spoil(connector, stage, case)]
            problems += _assail(connector, stage, spoken[0], _waived(cases))
            results.append(CaseResult(f"hostile replies to the {stage}", tuple(problems)))
    return results


def _waived(cases: Sequence[Case]) -> frozenset[str]:
    return frozenset(name for case in cases for name in case.waives)


def _run(connector: Connector, case: Case) -> Iterator[str]:
    for stage in ("ping", "post", "ask"):
        exchanges: list[Exchanged] | None = getattr(case, stage)
        if exchanges is None:
            continue
        messages, answer = hold(_talk(connector, stage, case), [each.reply.reply() for each in exchanges])
        if len(messages) != len(exchanges):
            yield f"{stage}: {len(messages)} messages were sent, the case has {len(exchanges)}"
        for message, exchanged in zip(messages, exchanges, strict=False):
            yield from (f"{stage}: {problem}" for problem in message_problems(exchanged.expect, message))
        if stage == "ping":
            yield from (f"ping: {problem}" for message in messages for problem in _personal(message, case))
        yield from (f"{stage}: {problem}" for problem in answer_problems(case.then, stage, answer))
        yield from (f"{stage}: {problem}" for problem in _amounts(answer, case.contract.currency))


def _talk(connector: Connector, stage: str, case: Case) -> Conversation[Any]:
    contract, terms = contract_of(case), terms_of(case)
    if stage == "ping":
        return connector.ping(offer_of(case), contract, terms)
    if stage == "post":
        return connector.post(lead_of(case), award_of(case), contract, terms)
    ask: Callable[..., Conversation[Any]] | None = getattr(connector, "ask", None)
    return ask(case.our_reference, contract, terms) if ask is not None else _mute()


def _mute() -> Conversation[Any]:
    yield from ()
    return BadReply("this connection cannot be asked")


def hold(conversation: Conversation[Any], replies: Sequence[Reply]) -> tuple[list[HttpMessage], Any]:
    """All messages, as the record shows them, and the answer, the `BadReply`, or a sentence when it had none."""
    messages: list[HttpMessage] = []
    try:
        messages.append(next(conversation).shown())
        for reply in replies:
            messages.append(conversation.send(reply).shown())
    except StopIteration as end:
        return messages, end.value
    except BadReply as bad:
        return messages, bad
    except Exception as error:
        return messages, f"the connector broke: {type(error).__name__}"
    conversation.close()
    return messages, "it wanted another reply"


def _personal(message: HttpMessage, case: Case) -> Iterator[str]:
    """What a stranger may not see: the lead's own values, and anything that looks like an address or a number."""
    parts = [message.url, *message.headers.values(), message.body.decode("utf-8", "replace")]
    text = unquote_plus(" ".join(parts))
    allowed = [*case.offer.values(), *case.secrets.values(), *case.tracking.values()]
    allowed += [*case.contract.settings.values(), case.our_reference, str(case.now)]
    for name, value in case.lead.items():
        if len(value) >= PERSONAL_CHARACTERS and value not in allowed and value.casefold() in text.casefold():
            yield f"{name} of the lead is in the message"
    for pattern, what in ((EMAIL, "an email address"), (PHONE, "a phone number")):
        for found in pattern.findall(text):
            if not any(found in value for value in allowed):
                yield f"something that looks like {what} is in the message"


def _amounts(answer: Any, currency: str) -> Iterator[str]:
    prices = [bid.price for bid in answer] if isinstance(answer, list) else []
    if isinstance(answer, Accepted) and answer.price is not None:
        prices.append(answer.price)
    for price in prices:
        if not isinstance(price, Money) or type(price.units) is not int or price.currency != currency:
            yield f"an amount is not whole units of {currency}"


def _last(connector: Connector, stage: str, case: Case, reply: Reply) -> Any:
    """The answer when the case's last reply is this one instead."""
    exchanges: list[Exchanged] = getattr(case, stage)
    replies = [*(each.reply.reply() for each in exchanges[:-1]), reply]
    return hold(_talk(connector, stage, case), replies)[1]


def _assail(connector: Connector, stage: str, case: Case, waived: frozenset[str]) -> Iterator[str]:
    for name, reply in hostile_replies():
        answer = _last(connector, stage, case, reply)
        if isinstance(answer, str):
            yield f"{name}: {answer}"
        elif name not in waived and (isinstance(answer, Accepted) or (isinstance(answer, list) and answer)):
            yield f"{name}: was taken for a yes"


def _spoil(connector: Connector, stage: str, case: Case) -> Iterator[str]:
    """The case's own acceptance with its price, its status or its second half spoiled."""
    exchanges: list[Exchanged] = getattr(case, stage)
    reply = exchanges[-1].reply.reply()
    answer = _last(connector, stage, case, reply)
    known = _prices(answer)
    if known is None:
        return
    above = None
    if stage == "ping":
        above = f"{int(case.contract.max_bid.partition('.')[0]) + 1}.00"
    for written in dict.fromkeys(_written(known, reply)):
        for name, bad in spoiled(reply, written, above):
            got = _prices(_last(connector, stage, case, bad))
            if got is not None and not got <= known:
                yield f"{case.name}: {name} became an amount"
    half = broken_off(reply)
    if half is not None and _prices(_last(connector, stage, case, half)) is not None:
        yield f"{case.name}: half of the reply was taken for a yes"
    failing = Reply(500, reply.headers, reply.body)
    if reply.status != 500 and _prices(_last(connector, stage, case, failing)) is not None:
        yield f"{case.name}: the same reply with HTTP 500 was taken for a yes"


def _prices(answer: Any) -> frozenset[Money | None] | None:
    """The amounts of a yes; None for every other answer."""
    if isinstance(answer, Accepted):
        return frozenset({answer.price})
    if isinstance(answer, list) and answer:
        return frozenset(bid.price for bid in answer)
    return None


def _written(prices: frozenset[Money | None], reply: Reply) -> Iterator[str]:
    """The ways in which the amounts stand in the reply: `12.50`, `12.5`, `12.5000`, `12`."""
    text = reply.body.decode("utf-8", "replace")
    for price in prices:
        if price is None or price.units == 0:
            continue
        whole, part = divmod(price.units, 10_000)
        digits = f"{part:04d}"
        for kept in (digits, digits[:3], digits[:2], digits[:1]):
            if f"{whole}.{kept}" in text:
                yield f"{whole}.{kept}"
                break
        else:
            if re.search(rf"(?<![\w.]){whole}(?![\w.])", text):
                yield str(whole)
