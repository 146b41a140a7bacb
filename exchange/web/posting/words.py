"""What the posting page says beside the fields: answers, errors, test values, steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from exchange.flows.answers import write_answer
from exchange.flows.specs import PING, POST, POSTBACK, REJECTION
from exchange.intake.encode import encode
from exchange.model.answer import Answer
from exchange.model.endpoint import EVENTS, POSTBACK_EVENTS
from exchange.model.lead import Problem
from exchange.model.money import Money
from exchange.model.party import Campaign
from exchange.model.reason import Reason
from exchange.model.spec import Spec
from exchange.stages.macros import MACROS
from exchange.stages.magic import TEST_ZIPS
from exchange.stages.respond import Docs, respond
from exchange.stages.webhooks import WAITS_MS
from exchange.web.words import plural, roughly

CODES: Mapping[str, str] = MappingProxyType(
    {
        "missing": "A required field was not sent.",
        "blank": "It was sent, with nothing in it.",
        "type": "It cannot be read as what it should be.",
        "pattern": "It does not have the form it should.",
        "length": "Too long or too short.",
        "range": "Too large or too small.",
        "not_allowed": "None of the values allowed; allowed and closest help.",
        "too_old": "Too long ago.",
        "in_future": "Still to come.",
        "mismatch": "ZIP and state do not belong together.",
        "unknown_key": "The key is not known.",
        "expired": "The price of the ping is no longer held.",
        "conflict": "Two values for one field, or a test field with a live key.",
        "unknown_field": "Warning: kept, though it is no field of this campaign.",
        "alias_used": "Warning: read under another name.",
        "not_for_ping": "Warning: a personal value in a ping, thrown away.",
        "personal": "Warning: it says who the consumer is where others see it, thrown away.",
        "deprecated_value": "Warning: read until a date only.",
        "required_soon": "Warning: from a date on it is refused without.",
        "truncated": "Warning: cut to its length.",
    }
)
OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "sold": "Sold, exclusive, $25.00",
        "two_bids": "Two bids, $25.00 and $19.00",
        "no_bid": "No bid, unsold",
        "below_floor": "Bids below the floor, unsold",
        "post_rejected": "Bid on ping, every buyer rejects the post",
        "slow_buyer": "One buyer is too slow, the other buys at $19.00",
        "duplicate": "Duplicate",
        "fraud": "Rejected, fraud_score",
        "queued": "Queued, then a sold postback in 10 s",
        "returned": "Sold, returned after 20 s",
        "server_error": "503, safe to send again",
        "unclear": "Queued, outcome unclear; refused after 20 s",
    }
)
_STEPS: tuple[tuple[str, str, str], ...] = (
    (PING, "Test ping", "Send the sample"),
    (POST, "Test post", "Send the sample"),
    (REJECTION, "Handle a rejection", "Send ZIP 00003"),
    (POSTBACK, "Confirm a postback", "Send ZIP 00009, answer 200"),
)
_NO_ADDRESS = "Add your address first"
_EXPIRES_MS = 120_000
_WHOSE: Mapping[str, str] = MappingProxyType(
    {
        "seller": "you sent",
        "campaign": "you sent in this campaign",
        "vertical": "the exchange had",
        "exchange": "the exchange had, in whatever vertical,",
    }
)


class Step(NamedTuple):
    """`passed_at` None: still to do, and `todo` says how."""

    title: str
    todo: str
    passed_at: int | None


class Shown(NamedTuple):
    """An answer as it comes."""

    title: str
    body: str


def steps(hears: bool, passed: Mapping[str, int]) -> tuple[Step, ...]:
    """`hears`: the seller has an address that hears what a lead of this campaign was sold for."""
    return tuple(
        Step(title, _NO_ADDRESS if key == POSTBACK and not hears else todo, passed.get(key))
        for key, title, todo in _STEPS
    )


def test_values() -> tuple[tuple[str, str, str], ...]:
    """ZIP, the `test_outcome` that does the same, and what happens."""
    return tuple((code, outcome, OUTCOMES[outcome]) for code, outcome in TEST_ZIPS.items())


def reasons() -> tuple[Reason, ...]:
    """Those a seller may hear."""
    return tuple(reason for reason in Reason if reason is not Reason.CANNOT_SETTLE)


def answers(campaign: Campaign, docs: Docs, now: int) -> tuple[Shown, ...]:
    """Answers as this campaign gives them, made by what makes the real ones."""
    price = Money.parse("26.60", campaign.currency)
    ping = Answer("accepted", "req_01KAG2V7RM", ping_id="png_01KAG2V7RM", price=price, exclusive=True, test=True,
                  expires_at=now + (campaign.price_hold_ms or _EXPIRES_MS))  # fmt: skip
    post = Answer("accepted", "req_01KAG2X9QT", lead_id="ld_01KAG2V7RM", price=price, times_sold=1, test=True)
    unsold = Answer("unsold", "req_01KAG2Z4WN", lead_id="ld_01KAG2Z4WN", reason=Reason.NO_BID, test=True)
    wrong = (
        Problem("zip", "pattern", 'zip must be 5 digits. Got "8501".', "8501"),
        Problem("phone", "missing", "phone is required."),
    )
    invalid = Answer("invalid", "req_01KAG31B0X", 422, reason=Reason.INVALID, errors=wrong, test=True)
    status = 200 if campaign.always_200 else 422
    shown = (
        ("200, a ping accepted", ping, 182),
        (f"{status}, invalid, every error at once", invalid, 3),
        ("200, a post sold", post, 641),
        ("200, unsold", unsold, 204),
    )
    return tuple(
        Shown(title, _written(respond(answer, took_ms, docs, campaign.disclosure), campaign))
        for title, answer, took_ms in shown
    )


def postback(campaign: Campaign) -> str:
    """What a queued lead's end looks like."""
    return _written(
        {
            "campaign_id": campaign.id,
            "lead_id": "ld_01KAG2V7RM",
            "seller_lead_id": "A-771203",
            "status": "accepted",
            "price": "26.60",
            "currency": campaign.currency,
            "test": False,
        }
    )


def postback_events() -> tuple[tuple[str, str], ...]:
    """What a postback hears unless somebody chooses, each with what it says."""
    return tuple((event, EVENTS[event]) for event in POSTBACK_EVENTS)


def tried_again() -> str:
    """When a send that failed is made again: `5 s, 5 min … and 10 h`."""
    *waits, last = (roughly(wait) for wait in WAITS_MS)
    return f"{', '.join(waits)} and {last}"


def postback_lines() -> tuple[str, ...]:
    """Postbacks in sentences, as paper has them."""
    return (
        "What becomes of a lead later is sent to an address of yours: a URL with values in it, or a signed webhook.",
        f"Values: {' '.join(f'{{{name}}}' for name in MACROS)}.",
        *(f"{event}: {what}" for event, what in postback_events()),
        f"Answer 2xx within 15 seconds. Anything else is tried again after {tried_again()}.",
    )


def _written(fields: Mapping[str, Any], campaign: Campaign | None = None) -> str:
    """In the campaign's form, laid out for reading."""
    body, content_type = write_answer(encode, fields, "json", campaign)
    if "json" in content_type:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    return body.decode().replace("><", ">\n<")


def shared(spec: Spec) -> Sequence[str]:
    """The campaign's own rules, in sentences."""
    sold = "exclusively" if spec.slots == 1 else f"to up to {spec.slots} buyers, or to one alone if that brings more"
    window = f"for {spec.duplicate_days} days" if spec.duplicate_days else "never"
    whose = _WHOSE[spec.duplicate_scope]
    again = f"{plural(spec.duplicate_unsold_days, 'day')} later" if spec.duplicate_unsold_days else "again"
    late = "is refused with ping_expired" if spec.expired == "reject" else "is priced anew"
    differs = "is refused with ping_mismatch" if spec.mismatch == "reject" else "is priced anew"
    return (
        f"A lead is sold {sold}.",
        f"A consumer whom {whose} before is a duplicate {window}; one that was not sold may be sent {again}.",
        "Who is the same consumer is told by all that a lead says: a slip in a name or a digit hides nobody.",
        f"A post after the price's {spec.hold_ms // 1000} seconds {late}; one that differs from its ping {differs}.",
        *spec.consent,
        *spec.gate,
        f"Up to {spec.per_second:g} requests a second, {spec.burst} at once; over that 429 with Retry-After.",
        "A buyer's own cap may be full: then the lead goes to the next one, or is unsold.",
    )
