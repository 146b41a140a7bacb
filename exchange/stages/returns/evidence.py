"""What the exchange found about a request, told as facts, each for or against it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from exchange.model.actor import Role
from exchange.model.returns import Fact, Mark
from exchange.model.verdict import Check
from exchange.stages.returns.terms import DAY_MS, Allowance

SPOKEN = (
    "contacted", "qualified", "converted", "quoted", "bound", "sold", "won", "appointment", "appointment_set",
    "appointment_kept", "estimate_set", "estimate_given", "installed", "funded", "approved", "application",
    "application_started", "enrolled", "retained", "consultation_set", "not_interested", "already_customer",
    "lost_on_price", "lost",
)  # fmt: skip
"""Words of buyers that nobody can say of a consumer whom they did not reach."""
UNREACHED = (
    "wrong_number",
    "wrong_person",
    "invalid",
    "bogus",
    "fake",
    "never_requested",
    "disconnected",
    "bad_number",
)
_ABOUT_PHONE = ("disconnected_phone", "wrong_number", "wrong_person", "bogus_data")
DUPLICATE_DAYS = 30


class Earlier(NamedTuple):
    """Another lead of the same person. `ours`: this buyer bought it; `days` before the sale (negative: after)."""

    lead_id: str
    ours: bool
    days: float


class Contact(NamedTuple):
    """What checks said of a way to reach the consumer: `then` at the sale, `now` at the request. good, bad, unknown or
    None where nobody asked."""

    then: str | None = None
    now: str | None = None


class Said(NamedTuple):
    """A disposition of a buyer."""

    word: str
    at: str
    value: bool = False


class Evidence(NamedTuple):
    """All that was found. `failed` are filters of the contract version it was sold under that the lead does not meet;
    None: they could not be asked again."""

    reason: str
    asked_at: int
    sold_at: int
    until: int
    allowed: bool
    allowance: Allowance
    earlier: tuple[Earlier, ...] = ()
    searched: bool = True
    phone: Contact = Contact()
    email: Contact = Contact()
    failed: tuple[Check, ...] | None = ()
    consent: str = ""
    said: tuple[Said, ...] = ()
    others: tuple[str, ...] = ()  # words of the other buyers of a shared lead; "" for one that said nothing
    note: bool = False
    file: str = ""
    returned: bool = False

    @property
    def duplicates(self) -> tuple[Earlier, ...]:
        """Leads of this person that this buyer had bought within thirty days before."""
        return tuple(each for each in self.earlier if each.ours and 0 <= each.days <= DUPLICATE_DAYS)

    @property
    def outside_area(self) -> tuple[Check, ...]:
        return tuple(each for each in self.failed or () if each.name == "geo")


def facts(found: Evidence) -> tuple[Fact, ...]:
    """Every fact, in the order people weigh them."""
    return (
        _window(found),
        *_duplicates(found),
        *_contact(found, "phone", found.phone),
        *_contact(found, "email", found.email),
        _filters(found),
        _consent(found),
        *_said(found),
        *_others(found),
        _brought(found),
        _use(found),
    )


def _window(found: Evidence) -> Fact:
    spent = f"Asked {_spent(found.asked_at - found.sold_at)} after delivery"
    if found.asked_at >= found.until:
        return Fact(
            "window", f"{spent}, after the window of {(found.until - found.sold_at) // DAY_MS} days", Mark.AGAINST
        )
    return Fact("window", f"{spent}, inside the window", Mark.NEITHER)


def _spent(ms: int) -> str:
    """A time as people say it: minutes, then hours, from two days on days."""
    for unit, name in ((DAY_MS, "days"), (DAY_MS // 24, "hours")):
        if ms >= 2 * unit:
            return f"{ms / unit:.1f} {name}"
    minutes = ms // 60_000
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def _duplicates(found: Evidence) -> Iterator[Fact]:
    if not found.searched:
        yield Fact("duplicate", "Not searched: the consumer's values were erased", Mark.NEITHER)
        return
    if twice := found.duplicates:
        first = twice[0]
        told = f"This buyer had bought the same person {first.days:.1f} days before, as {first.lead_id}"
        yield Fact("duplicate", told, Mark.FOR)
    else:
        mark = Mark.AGAINST if found.reason == "duplicate_30d" else Mark.NEITHER
        yield Fact("duplicate", f"This buyer bought no lead of this person in {DUPLICATE_DAYS} days before", mark)
    if elsewhere := [each for each in found.earlier if not each.ours]:
        many = f"{len(elsewhere)} other lead{'s' if len(elsewhere) > 1 else ''}"
        yield Fact("elsewhere", f"The same person sent {many}, which this buyer did not buy", Mark.NEITHER)


def _contact(found: Evidence, name: str, contact: Contact) -> Iterator[Fact]:
    about = found.reason in _ABOUT_PHONE if name == "phone" else found.reason == "bogus_data"
    for when, verdict in (("at the sale", contact.then), ("now", contact.now)):
        if verdict is None:
            continue
        mark = Mark.NEITHER
        if about and verdict != "unknown":
            mark = Mark.FOR if verdict == "bad" else Mark.AGAINST
        yield Fact(name, f"{name.capitalize()} {when}: {verdict}", mark)
    if contact.then is None and contact.now is None:
        yield Fact(name, f"No check was asked about the {name}", Mark.NEITHER)


def _filters(found: Evidence) -> Fact:
    if found.failed is None:
        return Fact(
            "filters", "The filters cannot be asked again: the lead was erased, or its terms are gone", Mark.NEITHER
        )
    if not found.failed:
        about = found.reason in ("out_of_area", "outside_filters")
        mark = Mark.AGAINST if about else Mark.NEITHER
        return Fact("filters", "It meets every filter of the contract it was sold under", mark)
    told = "; ".join(
        f"{each.name.replace(':', ' ')}: got {each.got}, wanted {each.required}" for each in found.failed[:5]
    )
    return Fact("filters", f"Outside the contract it was sold under ({told})", Mark.FOR)


def _consent(found: Evidence) -> Fact:
    if found.reason not in ("never_requested", "consent_problem"):
        return Fact("consent", found.consent or "No consent record is kept", Mark.NEITHER)
    return Fact("consent", found.consent or "No consent record is kept", Mark.AGAINST if found.consent else Mark.FOR)


def _said(found: Evidence) -> Iterator[Fact]:
    for each in found.said[:10]:
        word = each.word.replace("_", " ")
        mark = Mark.NEITHER
        if each.word in SPOKEN or each.value:
            mark = Mark.AGAINST
        elif each.word in UNREACHED:
            mark = Mark.FOR
        yield Fact("disposition", f"This buyer reported “{word}” on {each.at}", mark)
    if not found.said:
        yield Fact("disposition", "This buyer reported nothing about it before", Mark.NEITHER)


def _others(found: Evidence) -> Iterator[Fact]:
    if not found.others:
        return
    spoken = sum(word in SPOKEN for word in found.others)
    unreached = sum(word in UNREACHED for word in found.others)
    told = f"{len(found.others)} other buyer{'s' if len(found.others) > 1 else ''} of this shared lead"
    if spoken:
        yield Fact("others", f"{told}: {spoken} reached the consumer", Mark.AGAINST)
    elif unreached:
        yield Fact("others", f"{told}: {unreached} did not reach the right person either", Mark.FOR)
    else:
        yield Fact("others", f"{told}, who said nothing that tells", Mark.NEITHER)


def _brought(found: Evidence) -> Fact:
    if found.file:
        return Fact("attached", f"The buyer attached {found.file}{' and a note' if found.note else ''}", Mark.FOR)
    return Fact("attached", "The buyer wrote a note" if found.note else "The buyer sent nothing with it", Mark.NEITHER)


def _use(found: Evidence) -> Fact:
    use = found.allowance
    plural = "" if use.bought == 1 else "s"
    told = f"Return {use.used} of {use.most} allowed for the {use.bought} lead{plural} of that {use.period}"
    return Fact("allowance", told, Mark.AGAINST if use.used > use.most else Mark.NEITHER)


_NOT_FOR_BUYERS = ("elsewhere", "others")
_NOT_FOR_SELLERS = ("attached", "allowance", "elsewhere")
_OTHER_LEADS = re.compile(r", as ld_[0-9A-Za-z]+")


def facts_for(told: tuple[Fact, ...], role: Role) -> tuple[Fact, ...]:
    """What a party may read of them: a buyer nothing of other buyers, a seller nothing of other sellers' leads."""
    if role is Role.BUYER:
        return tuple(each for each in told if each.name not in _NOT_FOR_BUYERS)
    if role is Role.SELLER:
        kept = (each for each in told if each.name not in _NOT_FOR_SELLERS)
        return tuple(each._replace(sentence=_OTHER_LEADS.sub("", each.sentence)) for each in kept)
    return told
