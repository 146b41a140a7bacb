"""Every alert rule: who looks for it, how often, and what it finds. `exchange/flows/alerts.py` does the rest."""

from __future__ import annotations

from exchange.flows.alarms import buyers, caps, house, sellers
from exchange.flows.alarms.look import Alarm, Turn

ALARMS: tuple[Alarm, ...] = (
    Alarm(("unanswered",), Turn.OWN, buyers.unanswered),
    Alarm(("disk",), Turn.OWN, house.disks),
    Alarm(("clock",), Turn.OWN, house.clocks),
    Alarm(("cap",), Turn.SOON, caps.caps),
    Alarm(("balance",), Turn.SOON, buyers.balances),
    Alarm(("unclear",), Turn.SOON, buyers.unclear),
    Alarm(("fraud", "proof"), Turn.SOON, sellers.screened),
    Alarm(("queue",), Turn.SOON, house.jobs),
    Alarm(("ledger",), Turn.SOON, house.books),
    Alarm(("postback",), Turn.SOON, house.postbacks),
    Alarm(("accepts",), Turn.SOON, buyers.accepts),
    Alarm(("unmapped",), Turn.LATER, buyers.unmapped),
    Alarm(("rejects",), Turn.LATER, sellers.rejects),
    Alarm(("silent",), Turn.LATER, sellers.silent),
    Alarm(("sold_rate",), Turn.LATER, house.sold_rate),
    Alarm(("margin",), Turn.LATER, house.margin),
    Alarm(("returns",), Turn.LATER, buyers.returned),
    Alarm(("backup",), Turn.LATER, house.backups),
    Alarm(("expiry",), Turn.LATER, house.expiry),
)
