"""What the exchange asks of its own people: a second factor, how long a session lasts, from where they may come."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

import orjson

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.limits import NETWORKS, SESSION_HOURS_MOST
from exchange.model.actor import Actor
from exchange.model.rights import Right, may, needed
from exchange.model.sign_in import Network, SecurityRules
from exchange.storage.security_rules import read_rules, write_rules

_PARTS = re.compile(r"[\s,;]+")


class WrongRules(Exception):
    """The sentence names the field and says what is wrong with it."""


async def rules_of(market: Market) -> SecurityRules:
    """As they hold: what the settings file says goes before what was set by a page."""
    return rules_in(market, (await market.db.read(read_rules)).document)


def rules_in(market: Market, document: str) -> SecurityRules:
    return market.fixed_rules.over(_read(orjson.loads(document)) if document else SecurityRules())


async def change_rules(market: Market, form: Mapping[str, str], actor: Actor, ip: str) -> None:
    """Set them by a form: `staff_second` (yes), `session_hours`, `networks`. Raises `WrongRules`."""
    if not may(actor, Right.SETTINGS):
        raise WrongRules(f"To {Right.SETTINGS.value} needs the role {needed(Right.SETTINGS)}.")
    before, fixed = await rules_of(market), market.fixed_rules
    wanted = fixed.over(
        SecurityRules(form.get("staff_second") == "yes", _hours(form.get("session_hours", "12")), _networks(form))
    )
    if not wanted.lets_in(ip):
        raise WrongRules(f"networks: your own address, {ip or 'unknown'}, is in none of them: you would be shut out.")
    if wanted == before:
        return
    now, after = market.clock.now(), _document(wanted)
    line = audit_line(
        market.ids, now, actor, "security.changed", "security:rules", before=_document(before), after=after, ip=ip
    )
    await market.db.write(write_rules, orjson.dumps(after).decode(), line)


def _hours(text: str) -> int:
    if not text.strip().isdecimal() or not 1 <= int(text) <= SESSION_HOURS_MOST:
        raise WrongRules(f"session_hours: a whole number from 1 to {SESSION_HOURS_MOST}. Got {text[:20]!r}.")
    return int(text)


def _networks(form: Mapping[str, str]) -> tuple[Network, ...]:
    words = [word for word in _PARTS.split(form.get("networks", "")) if word]
    if len(words) > NETWORKS:
        raise WrongRules(f"networks: at most {NETWORKS}.")
    return tuple(dict.fromkeys(_network(word) for word in words))


def _network(word: str) -> Network:
    try:
        return ip_network(word, strict=False)
    except ValueError:
        raise WrongRules(f"networks: an address or a network such as 203.0.113.0/24. Got {word[:45]!r}.") from None


def _document(rules: SecurityRules) -> dict[str, object]:
    return {
        "staff_second": rules.staff_second,
        "session_hours": rules.session_hours,
        "networks": [str(each) for each in rules.networks],
    }


def _read(document: Mapping[str, Any]) -> SecurityRules:
    return SecurityRules(
        bool(document["staff_second"]),
        int(document["session_hours"]),
        tuple(ip_network(each) for each in document["networks"]),
    )
