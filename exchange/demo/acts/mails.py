"""Sellers whose leads come by mail: one sends to an address of the exchange, the other's form fills a mailbox."""

from __future__ import annotations

from email.message import EmailMessage
from html import escape
from itertools import count

import aiosmtplib

from exchange.demo.acts import Act, Scene
from exchange.demo.acts.consumers import Consumers
from exchange.demo.peers import HOST
from exchange.demo.peers import mailroom as room

INBOX = 8144
ADDRESS = "evergreen@leads.harbor.example"
SENDER = "forms@evergreen.example"


def mails() -> Act:
    """Evergreen's portal mails a lead as labels and values."""
    numbers, people = count(1), Consumers("evergreen-solar")

    async def play(scene: Scene) -> None:
        lead = people.next(scene)
        message = _message(f"<{scene.running.clock.now()}.{next(numbers)}@evergreen.example>", SENDER, ADDRESS)
        message.set_content("\n".join(f"{name}: {value}" for name, value in lead.values.items()))
        await aiosmtplib.send(message, hostname=HOST, port=scene.port(INBOX), start_tls=False)

    return Act("mail", 20.0, 60.0, play)


def mailbox() -> Act:
    """Fernway's form puts a lead into a mailbox, as a table."""
    numbers, people = count(1), Consumers("fernway-solar")

    async def play(scene: Scene) -> None:
        lead = people.next(scene)
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
