"""A line of the audit log as a row: who, from where, what, to what, and how each field changed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson

from exchange.model.audit import AuditLine
from exchange.web.words import utc

_SHORT = 60
PAGES: Mapping[str, str] = MappingProxyType(
    {
        "lead": "/console/leads/{}",
        "delivery": "/console/deliveries?delivery={}",
        "seller": "/console/sellers/{}",
        "buyer": "/console/buyers/{}",
        "contract": "/console/contracts/{}",
        "alert": "/console/alerts/{}",
        "alert_rule": "/console/alerts/rules",
        "campaign": "/console/campaigns/{}",
        "source": "/console/sources/{}",
        "connection": "/console/connectors/{}",
        "return": "/console/returns/{}",
        "user": "/console/users",
        "webhook": "/console/webhooks",
        "list": "/console/suppression",
        "setting": "/console/settings",
    }
)
"""Where a thing is shown, by its kind."""


class Change(NamedTuple):
    """One field: what it was and what it is, both empty where that is not told."""

    field: str
    before: str
    after: str

    @property
    def is_other(self) -> bool:
        return self.before != self.after


class AuditRow(NamedTuple):
    line: AuditLine
    changes: tuple[Change, ...]

    @property
    def what(self) -> str:
        """`contract.changed` as words."""
        return self.line.action.replace(".", " ").replace("_", " ")

    @property
    def who(self) -> str:
        actor = self.line.actor
        return actor.name if actor.party_id is None else f"{actor.name} ({actor.role.value} {actor.party_id})"

    @property
    def before(self) -> str:
        return _short([(each.field, each.before) for each in self.changes if each.before and each.is_other])

    @property
    def after(self) -> str:
        return _short([(each.field, each.after) for each in self.changes if each.after and each.is_other])

    def fields(self) -> dict[str, object]:
        """For programs: `before` and `after` whole, as JSON text in a CSV."""
        line = self.line
        return {
            "id": line.id,
            "at": utc(line.at),
            "who": line.actor.name,
            "role": line.actor.role.value,
            "party": line.actor.party_id,
            "ip": line.ip,
            "action": line.action,
            "subject": line.subject,
            "before": line.before,
            "after": line.after,
        }


COLUMNS = ("id", "at", "who", "role", "party", "ip", "action", "subject", "before", "after")


def row_of(line: AuditLine) -> AuditRow:
    before, after = _flat(line.before), _flat(line.after)
    names = dict.fromkeys([*before, *after])
    return AuditRow(line, tuple(Change(name, before.get(name, ""), after.get(name, "")) for name in names))


def page_of_subject(subject: str) -> str:
    """The page of the thing a line is about; empty where there is none."""
    kind, _, name = subject.partition(":")
    return PAGES.get(kind, "").format(quote(name, safe=""))


def _flat(text: str | None) -> dict[str, str]:
    """Fields as text; what is nested as JSON, and what is no object under one name."""
    if not text:
        return {}
    found = orjson.loads(text)
    return {name: _text(value) for name, value in found.items()} if isinstance(found, dict) else {"": _text(found)}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _short(pairs: list[tuple[str, str]]) -> str:
    told = ", ".join(f"{name.replace('_', ' ')} {value}".strip() for name, value in pairs)
    return told if len(told) <= _SHORT else told[: _SHORT - 1] + "…"
