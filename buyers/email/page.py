"""What a mail says where its document has no text of its own: every field with its name before it, then the links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape

from buyers.email.templates import tidy
from buyers.mapping.values import Facts
from exchange.model.lead import Lead

Row = tuple[str, str]
REPLY = "reply"  # among the links of a delivery: where its mail is answered

_FIRST = (
    *("first_name", "last_name", "full_name", "phone", "phone2", "email"),
    *("address", "address2", "city", "state", "zip", "country"),
)
_INITIALS = frozenset({"dob", "dui", "ip", "sr22", "tcpa", "vin", "zip"})
_ROW = "padding:6px 12px 6px 0;border-bottom:1px solid #d0d7de;text-align:left;vertical-align:top"
_HEAD = f'style="{_ROW}"'
_CELL = f'style="{_ROW};overflow-wrap:anywhere"'
_BUTTON = (
    'style="display:inline-block;padding:8px 14px;margin:0 8px 8px 0;border:1px solid #57606a;border-radius:6px;'
    'text-decoration:none"'
)
_BODY = "font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:15px;line-height:1.5;padding:16px"


def label_of(name: str) -> str:
    """`monthly_bill` → `Monthly bill`, `ip_address` → `IP address`."""
    first, *rest = (word.upper() if word in _INITIALS else word for word in name.split("_"))
    return " ".join((first if first.isupper() else first.capitalize(), *rest))


def rows_of(facts: Facts) -> list[Row]:
    """Every field of the lead, whom to call first, then the proof of its consent, and what it is to us."""
    lead = facts.lead
    assert lead is not None
    names = sorted(lead.values, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    rows = [(label_of(name), tidy(lead.values[name].clean)) for name in names]
    return [row for row in (*rows, *_consent(lead), *_terms(facts, lead)) if row[1]]


def _consent(lead: Lead) -> Sequence[Row]:
    consent = lead.consent
    agreed = consent.agreed_at if consent.agreed_at is not None else lead.received_at
    return (
        ("Consent given", moment(agreed) if consent.given else ""),
        ("TrustedForm certificate", tidy(consent.trustedform_url or "")),
        ("Jornaya LeadiD", tidy(consent.jornaya_leadid or "")),
    )


def _terms(facts: Facts, lead: Lead) -> Sequence[Row]:
    price = facts.award.bid.price if facts.award is not None else None
    return (
        ("Received", moment(lead.received_at)),
        ("Price", f"{price.text} {price.currency}" if price is not None else ""),
        ("Reference", facts.terms.reference),
    )


def moment(at: int) -> str:
    """Epoch milliseconds as people read them."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def text_of(facts: Facts) -> str:
    lines = [f"{label}: {value}" for label, value in rows_of(facts)]
    links = [f"{link_label(name)}: {url}" for name, url in facts.terms.links.items() if name != REPLY]
    told = [answer_told(facts)] if REPLY in facts.terms.links else []
    return "\n".join([*lines, *(["", *links] if links else []), *(["", *told] if told else [])]) + "\n"


def html_of(title: str, leads: Sequence[Facts], numbers: Sequence[int] = (), reply: str = "") -> str:
    """A page without pictures, scripts or anything from elsewhere, readable in light and dark.

    Several leads have `numbers`, and `reply` is where all of them are answered.
    """
    parts = [_one(facts, number or None) for number, facts in zip(numbers or [0] * len(leads), leads, strict=True)]
    if reply:
        parts.append(f"<p>{escape(answers_told(reply))}</p>\n")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>\n'
        f'<body style="{_BODY}"><h1 style="font-size:20px">{escape(title)}</h1>\n{"".join(parts)}</body></html>\n'
    )


def _one(facts: Facts, number: int | None) -> str:
    head = f'<h2 style="font-size:16px">Lead {number}</h2>\n' if number is not None else ""
    rows = "".join(
        f'<tr><th scope="row" {_HEAD}>{escape(label)}</th><td {_CELL}>{escape(value)}</td></tr>\n'
        for label, value in rows_of(facts)
    )
    links = links_html(facts.terms.links) + _answer_html(facts)
    return f'{head}<table style="border-collapse:collapse">\n{rows}</table>\n{links}'


def answer_told(facts: Facts) -> str:
    """How the mail is answered, for whoever reads it."""
    address = facts.terms.links[REPLY]
    to = f" to {address}" if "@" in address else ""
    return f"Or answer{to} with one word, such as contacted or sold 1250, to say what became of it."


def answers_told(address: str) -> str:
    """How a mail with several leads is answered."""
    to = f" to {address}" if "@" in address else ""
    return (
        f"Or answer{to} with a line for each lead, its number and one word, such as 1 contacted or 2 sold 1250, to say "
        "what became of it; all no answer says the same of every lead."
    )


def mark_of(address: str) -> str:
    """The mark of a delivery in the address that answers come to."""
    return address.partition("@")[0].partition("+")[2] or address


def _answer_html(facts: Facts) -> str:
    return f"<p>{escape(answer_told(facts))}</p>\n" if REPLY in facts.terms.links else ""


def links_html(links: Mapping[str, str]) -> str:
    links = {name: url for name, url in links.items() if name != REPLY}
    if not links:
        return ""
    shown = "".join(f'<a href="{escape(url)}" {_BUTTON}>{escape(link_label(name))}</a>' for name, url in links.items())
    return f"<p>What became of it?</p>\n<p>{shown}</p>\n"


def link_label(name: str) -> str:
    return "Ask to return it" if name == "return" else label_of(name)
