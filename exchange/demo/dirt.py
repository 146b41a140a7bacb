"""What goes wrong with leads, at declared rates: each kind is a function from clean values to dirty ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from exchange.demo.names import SCRIPT_AGENT
from exchange.demo.shapes import GeneratedLead, Homes
from exchange.model.vertical import Presence, Vertical

BASIS = 10_000
BURST_LEADS = (8, 14)
BURST_GAP_MS = (150, 2_500)
GIBBERISH = "asdfghjklqwertyuiop"

Values = dict[str, str]


class Spoiler:
    """Applies each kind of dirt independently at its rate in basis points. `junk_burst` is left to `burst`."""

    def __init__(self, vertical: Vertical, homes: Homes, rates_bp: Mapping[str, int]) -> None:
        unknown = sorted(set(rates_bp) - set(KINDS) - {"duplicate", "junk_burst"})
        if unknown:
            raise ValueError(f"unknown kinds of dirt: {', '.join(unknown)}")
        self._vertical, self._homes, self._rates = vertical, homes, rates_bp

    def __call__(self, rng: random.Random, lead: GeneratedLead, earlier: Sequence[GeneratedLead]) -> GeneratedLead:
        """The lead as it will be sent, with the kinds of dirt that really changed it."""
        values, found = dict(lead.values), []
        if earlier and rng.randrange(BASIS) < self._rates.get("duplicate", 0):
            values |= same_person(rng.choice(earlier).values)
            found.append("duplicate")
        for kind, spoil in KINDS.items():
            if rng.randrange(BASIS) < self._rates.get(kind, 0):
                before = dict(values)
                spoil(rng, values, self._vertical, self._homes)
                found += [kind] if values != before else []
        return replace(lead, values=values, dirt=tuple(found))


def burst(rng: random.Random, like: GeneratedLead, sub_id: str) -> Iterator[GeneratedLead]:
    """A script posting one form again and again within seconds: one address, no real names, no time to read."""
    at = like.arrived_at
    for _ in range(rng.randint(*BURST_LEADS)):
        at += rng.randint(*BURST_GAP_MS)
        word = "".join(rng.choices(GIBBERISH, k=7))
        values = dict(like.values) | {
            "sub_id1": sub_id,
            "seller_lead_id": f"{rng.getrandbits(40):010x}",
            "user_agent": SCRIPT_AGENT,
        }
        values |= {"form_ms": "900"} if "form_ms" in values else {}
        if "first_name" in values:
            values |= {"first_name": word, "last_name": word[::-1], "email": f"{word}@mail.example"}
            values["phone"] = f"{like.values['phone'][:3]}958{rng.randrange(10_000):04d}"
        yield replace(like, arrived_at=at, pause_ms=BURST_GAP_MS[0], values=values, dirt=("junk_burst",))


def same_person(values: Mapping[str, str]) -> Values:
    """Of the values those that say who it is."""
    names = ("first_name", "last_name", "email", "phone", "address", "city", "state", "zip")
    return {name: values[name] for name in names if name in values}


def _wrong_zip(rng: random.Random, values: Values, vertical: Vertical, homes: Homes) -> None:
    """A ZIP of another state: it exists, and disagrees."""
    others = [state for state in ("AZ", "CA", "TX", "FL", "NY", "OH") if state != values.get("state")]
    if "zip" in values and (found := homes.in_state(rng.choice(others))):
        values["zip"] = rng.choice(found).zip


def _short_zip(rng: random.Random, values: Values, vertical: Vertical, homes: Homes) -> None:
    """A leading zero lost in a spreadsheet, or a digit forgotten."""
    if "zip" in values:
        values["zip"] = values["zip"][1:] if values["zip"].startswith("0") else values["zip"][:4]


def _missing_field(rng: random.Random, values: Values, vertical: Vertical, homes: Homes) -> None:
    required = [s.name for s in vertical.fields if Presence.REQUIRED in (s.ping, s.post) and s.name in values]
    if required:
        del values[rng.choice(required)]


def _bad_choice(rng: random.Random, values: Values, vertical: Vertical, homes: Homes) -> None:
    choices = [spec for spec in vertical.fields if spec.allowed and spec.name in values]
    if choices:
        values[rng.choice(choices).name] = rng.choice(("$120", "n/a", "other?", "select one", "-"))


def _whitespace(rng: random.Random, values: Values, vertical: Vertical, homes: Homes) -> None:
    for name in rng.sample(sorted(values), k=min(3, len(values))):
        values[name] = rng.choice(
            (f" {values[name]}", f"{values[name]} ", f"\t{values[name]}", f"{values[name]}\u00a0")
        )


def _letter_case(rng: random.Random, values: Values, vertical: Vertical, homes: Homes) -> None:
    change = rng.choice((str.upper, str.lower))
    for name in ("first_name", "last_name", "city", "state", "email"):
        if name in values:
            values[name] = change(values[name])


def _phone_format(rng: random.Random, values: Values, vertical: Vertical, homes: Homes) -> None:
    if len(phone := values.get("phone", "")) == 10:
        area, exchange, line = phone[:3], phone[3:6], phone[6:]
        shapes = (
            f"({area}) {exchange}-{line}",
            f"+1{phone}",
            f"{area}.{exchange}.{line}",
            f"1-{area}-{exchange}-{line}",
        )
        values["phone"] = rng.choice(shapes)


def _no_leadid(rng: random.Random, values: Values, vertical: Vertical, homes: Homes) -> None:
    """The page had no LeadiD script."""
    values.pop("jornaya_leadid", None)


Spoil = Callable[[random.Random, Values, Vertical, Homes], None]
KINDS: Mapping[str, Spoil] = {
    "wrong_zip": _wrong_zip,
    "short_zip": _short_zip,
    "missing_field": _missing_field,
    "bad_choice": _bad_choice,
    "whitespace": _whitespace,
    "letter_case": _letter_case,
    "phone_format": _phone_format,
    "no_leadid": _no_leadid,
}
