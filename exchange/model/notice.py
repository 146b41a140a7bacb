"""What people are told of, whom it concerns, and by which way it comes unless they choose another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from exchange.model.rights import Right


class Channel(Enum):
    """`IN_APP` is the bell; Slack is the team's, not one person's."""

    IN_APP = "in_app"
    EMAIL = "email"
    SMS = "sms"
    SLACK = "slack"


class Choice(Enum):
    """DIGEST is for email: once a day."""

    NOW = "now"
    DIGEST = "digest"
    OFF = "off"


class Usual(NamedTuple):
    """By which ways an event comes to one audience at first."""

    in_app: Choice = Choice.OFF
    email: Choice = Choice.OFF
    sms: Choice = Choice.OFF
    slack: Choice = Choice.OFF

    def of(self, channel: Channel) -> Choice:
        found: Choice = getattr(self, channel.value)
        return found


class Event(NamedTuple):
    """`usual` by role: who is not in it is never told. `right` is what operators need; `duties` what a buyer's people
    are. `urgent`: it may come in quiet hours. `stops`: its mail has a way out.
    """

    title: str
    usual: Mapping[str, Usual]
    right: Right = Right.SEE
    duties: tuple[str, ...] = ("admin",)
    urgent: bool = False
    stops: bool = True


class Notice(NamedTuple):
    """Something to be told once under `once`. `group` is what it is about: one message an hour goes out about that.

    `only`: no others than those with these addresses.
    """

    event: str
    role: str
    party_id: str | None
    title: str
    paragraphs: tuple[str, ...]
    path: str
    once: str
    group: str = ""
    only: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """How somebody is reached. `quiet` are minutes of the day in `zone`; None: at any time."""

    user_id: str
    phone: str = ""
    quiet: tuple[int, int] | None = None
    zone: str = "UTC"
    urgent: bool = False
    digest_minute: int = 480
    digested_at: int = 0


_NOW, _DAILY, _OFF = Choice.NOW, Choice.DIGEST, Choice.OFF
_BELL = Usual(_NOW)
_BELL_MAIL = Usual(_NOW, _NOW)
_MAIL = Usual(_OFF, _NOW)
_MONEY = ("admin", "finance")


def _who(operator: Usual | None = None, seller: Usual | None = None, buyer: Usual | None = None) -> Mapping[str, Usual]:
    given = {"operator": operator, "seller": seller, "buyer": buyer}
    return MappingProxyType({role: usual for role, usual in given.items() if usual is not None})


EVENTS: Mapping[str, Event] = MappingProxyType(
    {
        "alert.money": Event("Alert: money at risk", _who(Usual(_NOW, _NOW, _NOW, _NOW)), urgent=True),
        "buyer.failing": Event("Buyer does not answer", _who(Usual(_NOW, slack=_NOW), buyer=_BELL_MAIL)),
        "cap.near": Event("Cap or budget nearly used, or full", _who(_BELL, buyer=_BELL_MAIL)),
        "balance.low": Event(
            "Balance low, top-up failed, paused for funds",
            _who(_BELL_MAIL, buyer=Usual(_NOW, _NOW, _NOW)), duties=_MONEY,
        ),
        "supply.bad": Event("Reject rate high, or fraud", _who(Usual(_NOW, _NOW, slack=_NOW), _BELL_MAIL)),
        "alert.other": Event("Other alerts", _who(_BELL_MAIL)),
        "backup.old": Event("Backup failed or old", _who(_BELL_MAIL)),
        "return.asked": Event("Return asked", _who(Usual(_NOW, _DAILY), _BELL, _BELL), Right.RETURNS),
        "return.decided": Event("Return decided", _who(None, Usual(_NOW, _DAILY), _BELL_MAIL)),
        "payout": Event("Payout to approve, issued, paid", _who(_BELL_MAIL, _BELL_MAIL), Right.PAYOUTS),
        "invoice": Event("Invoice issued or overdue", _who(_BELL_MAIL, None, _BELL_MAIL), Right.BOOKS_SEE, _MONEY),
        "campaign": Event("Campaign live, paused, posting instructions changed", _who(_BELL, _BELL_MAIL)),
        "lead.delivered": Event("New lead delivered", _who(None, None, Usual())),
        "store.match": Event("Store match for a saved search", _who(None, None, _BELL)),
        "import": Event("Import finished or stopped", _who(_BELL, _BELL_MAIL)),
        "webhook.disabled": Event("Webhook or postback disabled", _who(_BELL_MAIL, _BELL_MAIL, _BELL_MAIL)),
        "security": Event(
            "New user, new key, new place, two-factor off", _who(_MAIL, _MAIL, _MAIL), Right.SEE,
            ("admin", "agent", "finance"), stops=False,
        ),
        "letter": Event("Other letters about money and terms", _who(_BELL_MAIL, _BELL_MAIL, _BELL_MAIL), duties=_MONEY),
    }
)  # fmt: skip
"""Everything that anybody may be told of, and how it comes at first."""
