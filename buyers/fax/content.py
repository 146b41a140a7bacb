"""What a fax says of a lead: whom to call, then every other field, then what it is to us."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

import phonenumbers

from buyers.fax.fonts import printable
from buyers.fax.page import Content, Labelled
from exchange.connector import Terms
from exchange.model.auction import Award
from exchange.model.lead import Lead
from exchange.model.party import Contract

_LETTERS = frozenset({"dob", "dui", "hoa", "hvac", "id", "ip", "tcpa", "url", "vin"})
_WORDS = re.compile(r"[a-z0-9]+(_[a-z0-9]+)+")
_PERSON = ("first_name", "last_name", "full_name")
_CONTACT = ("phone", "phone2", "email", "address", "address2", "city", "state", "zip")
_CHARACTERS = 8_000  # more than a page holds of the narrowest letters
_ELSEWHERE = frozenset({*_PERSON, *_CONTACT, "tcpa_consent"})  # the head of the page, or the consent, has them
_UNPRINTED = "A character that a fax cannot print is shown as ?."


def content_of(
    lead: Lead, award: Award, contract: Contract, terms: Terms, heading: str = "", fields: Sequence[str] = ()
) -> Content:
    """`fields` are those of the table, in order; empty is all that the head of the page has not."""
    wanted = fields or [name for name in lead.values if name not in _ELSEWHERE]
    rows = [(_label(name), _said(lead.text(name) or "")) for name in wanted]
    said = Content(
        heading or f"New {contract.vertical.replace('_', ' ')} lead",
        f"Received {_moment(lead.received_at)}",
        _name(lead),
        _contact(lead),
        tuple((label, value) for label, value in (*rows, *_consent(lead)) if value),
        (_what_it_is(award, terms),),
    )
    return _on_paper(said)


def _on_paper(said: Content) -> Content:
    """In characters that can be printed; where one was not, the foot says so."""
    clean = Content(
        _tidy(said.heading),
        said.received,
        _tidy(said.name),
        tuple(_tidy(line) for line in said.contact),
        tuple((_tidy(label), _tidy(value)) for label, value in said.rows),
        tuple(_tidy(line) for line in said.foot),
    )
    printed = Content(
        printable(clean.heading),
        clean.received,
        printable(clean.name),
        tuple(printable(line) for line in clean.contact),
        tuple((printable(label), printable(value)) for label, value in clean.rows),
        tuple(printable(line) for line in clean.foot),
    )
    return printed if printed == clean else printed._replace(foot=(*printed.foot, _UNPRINTED))


def _tidy(text: str) -> str:
    """One line: composed letters, single spaces, and no character that only steers others."""
    composed = unicodedata.normalize("NFC", text[:_CHARACTERS])
    seen = (" " if each.isspace() else each for each in composed if each.isspace() or each.isprintable())
    return " ".join("".join(seen).split())


def _label(name: str) -> str:
    """`monthly_bill` → `Monthly bill`, `ip_address` → `IP address`."""
    first, *rest = name.split("_")
    return " ".join((first.upper() if first in _LETTERS else first.capitalize(), *rest))


def _said(value: str) -> str:
    """A word of a list as people write it: `single_family` → `single family`."""
    return value.replace("_", " ") if _WORDS.fullmatch(value) else value


def _name(lead: Lead) -> str:
    parts = (lead.text("first_name"), lead.text("last_name"))
    return " ".join(part for part in parts if part) or lead.text("full_name") or ""


def _contact(lead: Lead) -> tuple[str, ...]:
    phones = " or ".join(_phone(number) for name in ("phone", "phone2") if (number := lead.text(name)))
    street = ", ".join(part for name in ("address", "address2") if (part := lead.text(name)))
    region = " ".join(part for name in ("state", "zip") if (part := lead.text(name)))
    town = ", ".join(part for part in (lead.text("city"), region) if part)
    return tuple(line for line in (phones, lead.text("email"), street, town) if line)


def _phone(number: str) -> str:
    """As people dial it."""
    try:
        parsed = phonenumbers.parse(number, "US")
    except phonenumbers.NumberParseException:
        return number
    form = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(parsed, form.NATIONAL if parsed.country_code == 1 else form.INTERNATIONAL)


def _consent(lead: Lead) -> Sequence[Labelled]:
    consent = lead.consent
    agreed = consent.agreed_at if consent.agreed_at is not None else lead.received_at
    return (
        ("Consent given", _moment(agreed) if consent.given else ""),
        ("TrustedForm", consent.trustedform_url or ""),
        ("Jornaya LeadiD", consent.jornaya_leadid or ""),
    )


def _what_it_is(award: Award, terms: Terms) -> str:
    price = award.bid.price
    return f"Reference {terms.reference}, {price.text} {price.currency}"


def _moment(at: int) -> str:
    """Epoch milliseconds as people read them."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
