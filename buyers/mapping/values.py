"""Draws one value for a message: from the lead or offer, the terms, the contract's settings, a secret, a constant."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Final, NamedTuple

from buyers.mapping.document import Hmac, Value, inner_of
from buyers.mapping.formats import (
    CASES,
    PHONES,
    Format,
    clean,
    date_format,
    hash_format,
    lookup_format,
    number_format,
)
from exchange.connector import BadReply, Terms
from exchange.model.auction import Award
from exchange.model.lead import Consent, FieldValue, Lead, Offer
from exchange.model.party import Contract

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Signed(NamedTuple):
    """What of a message a signature may be over. `path` is with its query."""

    method: str
    path: str
    body: str
    body_sha256: str


@dataclass(slots=True, init=False)  # one for every message: a frozen one costs as much as drawing all its values
class Facts:
    """All that a message may be made of. A ping has an offer, a post a lead and its award, a question neither."""

    contract: Contract
    terms: Terms
    offer: Offer | None
    lead: Lead | None
    award: Award | None
    kept: Mapping[str, str]
    signed: Signed = field(init=False)  # there only while the headers of a message that is signed are drawn
    values: Mapping[str, FieldValue] = field(init=False)
    tracking: Mapping[str, str] = field(init=False)

    def __init__(
        self,
        contract: Contract,
        terms: Terms,
        offer: Offer | None = None,
        lead: Lead | None = None,
        award: Award | None = None,
        kept: Mapping[str, str] = _NOTHING,
    ) -> None:
        self.contract, self.terms, self.offer, self.lead, self.award, self.kept = (
            contract,
            terms,
            offer,
            lead,
            award,
            kept,
        )
        source = lead or offer
        self.values = source.values if source is not None else {}
        self.tracking = source.tracking if source is not None else {}


Draw = Callable[[Facts], str]


def compile_value(value: Value) -> Draw:
    """Raises `ValueError` where a format cannot be built."""
    source = _source(value)
    formats = _formats(value)
    default = value.default
    if default is None and not formats:
        return source

    def draw(facts: Facts) -> str:
        text = source(facts) or default or ""
        if text:
            for form in formats:
                text = form(text)
        return text

    return draw


def bare_field(value: Value) -> str | None:
    """The field that a value is, whole and as it stands; None when it is anything else."""
    if not isinstance(value.field, str) or value.part is not None or value.default is not None or _formats(value):
        return None
    return value.field


def secrets_of(value: Value) -> set[str]:
    """The names of all secrets a value draws on."""
    names = {value.secret} if value.secret is not None else set()
    if value.hmac is not None:
        names.add(value.hmac.secret)
    inner = inner_of(value)
    return names.union(*(secrets_of(part) for part in inner)) if inner else names


def fields_of(value: Value) -> set[str]:
    """The names of all our fields a value draws on."""
    own = value.field
    names = set() if own is None else {own} if isinstance(own, str) else set(own)
    inner = inner_of(value)
    return names.union(*(fields_of(part) for part in inner)) if inner else names


def _formats(value: Value) -> list[Format]:
    formats: list[Format] = []
    if value.phone is not None:
        formats.append(PHONES[value.phone])
    if value.date is not None:
        formats.append(date_format(value.date, value.zone))
    if value.number is not None:
        number = value.number
        formats.append(number_format(number.decimals, number.sign, number.thousands, number.decimal_comma))
    if value.lookup is not None:
        formats.append(lookup_format(value.lookup, value.otherwise))
    if value.case is not None:
        formats.append(CASES[value.case])
    if value.hash is not None:
        formats.append(hash_format(value.hash))
    if value.most is not None:
        most = value.most
        formats.append(lambda text: text[:most])
    return formats


def _source(value: Value) -> Draw:
    if value.field is not None:
        return _field([value.field] if isinstance(value.field, str) else value.field, value.part)
    if value.constant is not None:
        constant = clean(value.constant)
        return lambda facts: constant
    if value.secret is not None:
        return _secret(value.secret)
    if value.term is not None:
        return TERM_DRAWS[value.term]
    if value.tracking is not None:
        tracking = value.tracking
        return lambda facts: clean(facts.tracking.get(tracking, ""))
    if value.setting is not None:
        setting = value.setting
        return lambda facts: clean(next((text for name, text in facts.contract.settings if name == setting), ""))
    if value.consent is not None:
        return _consent(value.consent)
    if value.kept is not None:
        kept = value.kept
        return lambda facts: facts.kept.get(kept, "")
    if value.join is not None:
        return _join([compile_value(part) for part in value.join], value.glue)
    if value.basic is not None:
        return _basic(*(compile_value(part) for part in value.basic))
    if value.hmac is not None:
        return _hmac(value.hmac)
    if value.signed is not None:
        part = value.signed
        return lambda facts: str(getattr(facts.signed, part))
    raise ValueError("a list or an inner document cannot be used here")


def _field(names: list[str], part: str | None) -> Draw:
    if len(names) == 1 and part is None:
        name = names[0]

        def single(facts: Facts) -> str:
            value = facts.values.get(name)
            if value is None:
                return ""
            text = value.clean
            return text if text.isprintable() else clean(text)

        return single

    def draw(facts: Facts) -> str:
        for name in names:
            value = facts.values.get(name)
            if value is not None:
                text = value.clean if part is None else str(value.parts.get(part, "") or "")
                if text:
                    return clean(text)
        return ""

    return draw


def _secret(name: str) -> Draw:
    def draw(facts: Facts) -> str:
        secret = facts.terms.secrets.get(name)
        if not secret:
            raise BadReply(f"the secret {name} is not set")
        return secret

    return draw


def _consent(part: str) -> Draw:
    def draw(facts: Facts) -> str:
        if facts.lead is None:
            return ""
        return clean(_consent_text(facts.lead.consent, part))

    return draw


def _consent_text(consent: Consent, part: str) -> str:
    found = getattr(consent, part)
    if isinstance(found, bool):
        return "true" if found else "false"
    return "" if found is None else str(found)


def _join(parts: list[Draw], glue: str) -> Draw:
    return lambda facts: glue.join(text for part in parts if (text := part(facts)))


def _basic(user: Draw, password: Draw) -> Draw:
    def draw(facts: Facts) -> str:
        pair = f"{user(facts)}:{password(facts)}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    return draw


def _hmac(sign: Hmac) -> Draw:
    secret = _secret(sign.secret)
    parts = [compile_value(part) for part in sign.over]

    def draw(facts: Facts) -> str:
        try:
            key = _KEYS[sign.secret_as](secret(facts))
        except ValueError:
            raise BadReply(f"the secret {sign.secret} is not {sign.secret_as}") from None
        digest = hmac.digest(key, sign.glue.join(part(facts) for part in parts).encode(), sign.algorithm)
        return digest.hex() if sign.written == "hex" else base64.b64encode(digest).decode()

    return draw


_KEYS: Final[Mapping[str, Callable[[str], bytes]]] = MappingProxyType(
    {"text": str.encode, "hex": bytes.fromhex, "base64": partial(base64.b64decode, validate=True)}
)


def _bid(name: str) -> Draw:
    def draw(facts: Facts) -> str:
        found = getattr(facts.award.bid, name) if facts.award is not None else None
        return clean(found) if found else ""

    return draw


def _lead_id(facts: Facts) -> str:
    source = facts.lead or facts.offer
    return source.id if source is not None else ""


def _vertical(facts: Facts) -> str:
    source = facts.lead or facts.offer
    return source.vertical if source is not None else facts.contract.vertical


def _mode(facts: Facts) -> str:
    source = facts.lead or facts.offer
    return (source.mode if source is not None else facts.contract.mode).value


def _grade(facts: Facts) -> str:
    source = facts.lead or facts.offer
    return (source.grade if source is not None else None) or ""


def _of_offer(read: Callable[[Offer], str]) -> Draw:
    return lambda facts: read(facts.offer) if facts.offer is not None else ""


def _of_lead(read: Callable[[Lead], str | None]) -> Draw:
    return lambda facts: clean(read(facts.lead) or "") if facts.lead is not None else ""


TERM_DRAWS: Final[Mapping[str, Draw]] = MappingProxyType(
    {
        "reference": lambda facts: facts.terms.reference,
        "now": lambda facts: str(facts.terms.now),
        "lead_id": _lead_id,
        "vertical": _vertical,
        "mode": _mode,
        "contract": lambda facts: facts.contract.id,
        "currency": lambda facts: facts.contract.max_bid.currency,
        "bid_price": lambda facts: facts.award.bid.price.text if facts.award is not None else "",
        "ping_reference": _bid("buyer_reference"),
        "leg_reference": _bid("leg_reference"),
        "leg": _bid("leg"),
        "brand": _bid("brand"),
        "reserve": _of_offer(lambda offer: offer.reserve.text),
        "slots": _of_offer(lambda offer: str(offer.slots)),
        "seller_alias": _of_offer(lambda offer: clean(offer.seller_alias)),
        "seller_lead_id": _of_lead(lambda lead: lead.seller_lead_id),
        "grade": _grade,
        "received_at": _of_lead(lambda lead: str(lead.received_at)),
    }
)
