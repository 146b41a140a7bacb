"""What happened to somebody's way in, as events; and how each is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from exchange.flows.jobs import NOTICE
from exchange.flows.market import Market
from exchange.ids import Ids
from exchange.model.sign_in import Way
from exchange.model.work import JobRow
from exchange.storage.users import UserRow

SECURITY = "security"
NEW_PLACE, NEW_USER, NEW_KEY = "new_place", "new_user", "new_key"
PASSWORD_SET, SECOND_OFF, PASSKEY_ADDED = "password_set", "second_off", "passkey_added"

_SUBJECTS: Mapping[str, str] = MappingProxyType(
    {
        NEW_PLACE: "{person} signed in from a new place",
        NEW_USER: "{person} was let in",
        NEW_KEY: "a new key, {name}",
        PASSWORD_SET: "the password of {person} was changed",
        SECOND_OFF: "two-factor of {person} was turned off",
        PASSKEY_ADDED: "{person} has a new passkey",
    }
)
_SENTENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        NEW_PLACE: (
            "{person} signed in by {way} with {browser} from {ip}, which this account was not used with before.",
            "Was it not you? Sign out everywhere else and choose a new password",
        ),
        NEW_USER: ("{by} let {person} in as {role_told}.", "Is that not right? Shut them out"),
        NEW_KEY: ("{by} made a key, {name}, that ends in {last4}.", "Is that not right? Revoke it"),
        PASSWORD_SET: (
            "The password of {person} was changed from {ip}. Every other session of the account has ended.",
            "Was it not you? Ask whoever runs the exchange to shut the account out. Else there is nothing to do",
        ),
        SECOND_OFF: (
            "{by} turned off two-factor of {person}: a password alone lets them in.",
            "Is that not right? Turn it on again, or shut them out",
        ),
        PASSKEY_ADDED: ("{person} added a passkey, {name}, from {ip}.", "Was it not you? Remove it"),
    }
)


def security_event(
    ids: Ids, now: int, event: str, role: str, party_id: str | None, path: str, facts: Mapping[str, str]
) -> JobRow:
    """An event about somebody of this role and party (`facts['person']`, their address, where it is about one).

    It is told to the owners of the exchange, or to the admins of the party, and to whom it is about.
    """
    told = {"event": event, "role": role, "party_id": party_id, "path": path, "facts": dict(facts)}
    payload = orjson.dumps({SECURITY: told, "at": now}).decode()
    return JobRow(ids.new("job", now), f"security:{role}:{party_id or ''}", NOTICE, payload, now, now, None)


def about(market: Market, event: str, user: UserRow, path: str, **facts: str) -> tuple[JobRow, ...]:
    told = {"person": user.email, **facts}
    return (security_event(market.ids, market.clock.now(), event, user.role, user.party_id, path, told),)


def new_place(market: Market, user: UserRow, browser: str, ip: str, way: Way) -> tuple[JobRow, ...]:
    return about(market, NEW_PLACE, user, "/account", browser=browser, ip=ip or "an unknown address", way=way.word)


def security_words(market: Market, told: Mapping[str, Any], at: int) -> tuple[str, tuple[str, ...]]:
    """How it is told: a title and paragraphs, of which the last leads to the page that follows."""
    moment = f"{datetime.fromtimestamp(at // 1000, ZoneInfo(market.zone)):%a %d %b %Y, %H:%M:%S %Z}"
    event, facts = str(told["event"]), told["facts"]
    what, next_step = (sentence.format(**facts) for sentence in _SENTENCES[event])
    return _SUBJECTS[event].format(**facts), (what, f"That was on {moment}.", f"{next_step}:")
