"""Sellers whose leads come by mail: one sends to an address of the exchange, the other's form fills a mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from html import escape
from itertools import count

import aiosmtplib

from exchange.demo.acts import Act, Scene
from exchange.demo.homes import CityHomes
from exchange.demo.peers import HOST
from exchange.demo.peers import mailroom as room
from exchange.demo.people import EVEN, generate
from exchange.demo.shapes import GeneratedLead

INBOX = 8125
ADDRESS = "evergreen@leads.harbor.example"
SENDER = "forms@evergreen.example"
_PER_MINUTE = 1.0


def mails() -> Act:
    """Evergreen's portal mails a lead as labels and values."""
    numbers, leads = count(1), dict[str, Iterator[GeneratedLead]]()

    async def play(scene: Scene) -> None:
        lead = _next(scene, leads, "evergreen-solar")
        message = _message(f"<{scene.running.clock.now()}.{next(numbers)}@evergreen.example>", SENDER, ADDRESS)
        message.set_content("\n".join(f"{name}: {value}" for name, value in lead.values.items()))
        await aiosmtplib.send(message, hostname=HOST, port=scene.port(INBOX), start_tls=False)

    return Act("mail", 20.0, 60.0, play)


def mailbox() -> Act:
    """Fernway's form puts a lead into a mailbox, as a table."""
    numbers, leads = count(1), dict[str, Iterator[GeneratedLead]]()

    async def play(scene: Scene) -> None:
        lead = _next(scene, leads, "fernway-solar")
        key = f"<{scene.running.clock.now()}.{next(numbers)}@fernway.example>"
        message = _message(key, "form@fernway.example", "leads@fernway.example")
        rows = "".join(f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in lead.values.items())
        message.set_content(f"<h1>New lead</h1><table>{rows}</table>", subtype="html")
        await room.put(scene.port(room.PORT), scene.place(room.NAME), bytes(message))

    return Act("mailbox", 40.0, 60.0, play)


def _message(key: str, sender: str, to: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"], message["Message-ID"] = sender, to, "New lead", key
    return message


def _next(scene: Scene, leads: dict[str, Iterator[GeneratedLead]], campaign: str) -> GeneratedLead:
    """The campaign's next person; another start sends other people."""
    if campaign not in leads:
        running = scene.running
        habits = next(who for who in running.cast.sellers if who.campaign == campaign)
        vertical = running.market.verticals[running.market.deals.campaigns[campaign].vertical]
        now, homes = running.clock.now(), CityHomes(running.market.places)
        leads[campaign] = generate(
            now & 0xFFFF_FFFF, vertical, homes, habits.source, starts_at=now, per_minute=_PER_MINUTE, hourly=EVEN
        )
    return next(leads[campaign])
