"""Submissions for the tests of normalize: one campaign, one vertical, any fields."""

from __future__ import annotations

from exchange.catalog import default_config, load_verticals
from exchange.fields.places import Places
from exchange.model.lead import Kind, Mode, Submission
from exchange.model.money import Money
from exchange.model.party import Campaign, Payout, State
from exchange.stages.normalize import Names, Normalized, compile_names, normalize

NOW = 1_795_183_462_573  # 20 November 2026, 14:04:22 UTC
PLACES = Places.load()
VERTICALS = load_verticals(default_config())
USD = "USD"

PING = {"zip": "85016", "state": "AZ", "monthly_bill": "151-200", "homeowner": "yes", "sub_id1": "g-search"}
POST = {
    **PING,
    "first_name": "Maria",
    "last_name": "Sandoval",
    "email": "maria@consumer.example",
    "phone": "(602) 958-0142",
    "address": "3196 Lake Ct",
    "city": "Phoenix",
    "ip_address": "198.51.100.77",
    "tcpa_consent": "yes",
}


def campaign(vertical: str = "solar", aliases: tuple[tuple[str, str], ...] = ()) -> Campaign:
    zero = Money.zero(USD)
    return Campaign(
        "cmp_1", 1, "s1", "Campaign", vertical, State.ACTIVE, USD, Payout(zero, 7_000), (), zero, zero, aliases=aliases
    )


def names_of(terms: Campaign) -> Names:
    return compile_names(VERTICALS[terms.vertical], terms, PLACES)


SOLAR = campaign()
SOLAR_NAMES = names_of(SOLAR)


def submission(fields: dict[str, str], kind: Kind = Kind.POST, mode: Mode = Mode.LIVE) -> Submission:
    return Submission(
        "req_1", "s1", "cmp_1", mode, kind, "http", fields, b"", "application/json", "json", "192.0.2.1", "key_1", None,
        NOW, "2026-11",
    )  # fmt: skip


def read(
    fields: dict[str, str],
    kind: Kind = Kind.POST,
    mode: Mode = Mode.LIVE,
    terms: Campaign = SOLAR,
    names: Names | None = None,
) -> Normalized:
    chosen = names or (SOLAR_NAMES if terms is SOLAR else names_of(terms))
    return normalize(submission(fields, kind, mode), terms, VERTICALS[terms.vertical], chosen, "ld_1", NOW)


def read_ping(fields: dict[str, str], mode: Mode = Mode.LIVE) -> Normalized:
    return read(fields, Kind.PING, mode)


def codes(found: Normalized) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in found.problems]


def warned(found: Normalized) -> list[tuple[str, str]]:
    return [(warning.field, warning.code) for warning in found.warnings]
