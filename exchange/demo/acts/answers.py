"""What becomes of leads that went out by mail: an agent taps a link in one, and now and then one comes back."""

from __future__ import annotations

import asyncio
import email
import random
import re
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import aiosmtplib

from exchange.demo.acts import Act, Scene
from exchange.demo.acts.mails import INBOX
from exchange.demo.peers import HOST
from exchange.demo.peers.letterbox import NAME, mails

_LINK = re.compile(r"^([A-Z][A-Za-z ]+): (?:https?://[^/\s]+)(/l/\S+)$", re.MULTILINE)
_RETURN = "Ask to return it"
_RETURNS_IN = 12  # of so many taps one asks the money back
_REASONS = ("wrong_number", "disconnected_phone", "out_of_area")


def answers() -> Act:
    """An agent at Cobalt Solar says what became of a lead, by a link of its mail."""
    done: set[str] = set()

    async def play(scene: Scene) -> None:
        told = await asyncio.to_thread(_newest, scene.place(NAME), "leads@cobalt.example", done)
        if told is None:
            return
        done.add(told["Message-ID"])
        links = _links(told)
        draws = random.Random(told["Message-ID"])
        if draws.randrange(_RETURNS_IN) == 0:
            await _press(scene, links[_RETURN], {"reason": draws.choice(_REASONS)})
        else:
            await _press(scene, links[draws.choice(sorted(links.keys() - {_RETURN}))], {})

    return Act("answers", 35.0, 45.0, play)


def bounces() -> Act:
    """A mail to Dune Auto comes back, after its server had taken it."""
    done: set[str] = set()

    async def play(scene: Scene) -> None:
        told = await asyncio.to_thread(_newest, scene.place(NAME), "leads@dune.example", done)
        if told is None:
            return
        done.add(told["Message-ID"])
        back_to = str(told["Return-Path"]).strip("<>")
        notice = _notice(back_to, str(told["Message-ID"]), scene.running.clock.now())
        async with aiosmtplib.SMTP(hostname=HOST, port=scene.port(INBOX), start_tls=False) as client:
            await client.sendmail("", [back_to], notice)

    return Act("bounces", 300.0, 1_800.0, play)


def _newest(folder: Path, to: str, but: set[str]) -> EmailMessage | None:
    """The newest mail to an address that was not looked at before."""
    for path in reversed(mails(folder)):
        message = email.message_from_bytes(path.read_bytes(), policy=default)
        assert isinstance(message, EmailMessage)
        if to in str(message["To"]) and message["Message-ID"] not in but:
            return message
    return None


def _links(message: EmailMessage) -> dict[str, str]:
    """The paths of the pages that the mail links to, by what they do."""
    body = message.get_body(("plain",))
    return dict(_LINK.findall(str(body.get_content()).replace("\r\n", "\n"))) if body is not None else {}


async def _press(scene: Scene, path: str, form: dict[str, str]) -> None:
    """Open the page as people do, then press its button."""
    async with scene.session.get(scene.url + path) as opened:
        await opened.read()
    async with scene.session.post(scene.url + path, data=form) as answer:
        answer.raise_for_status()


def _notice(to: str, message_id: str, now: int) -> bytes:
    """A delivery report as mail servers write it."""
    return f"""\
From: MAILER-DAEMON@letterbox.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{now}.bounce@letterbox.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="report"

--report

This is the mail system at host letterbox.example. The mailbox is over its quota.
--report
Content-Type: message/delivery-status

Reporting-MTA: dns; letterbox.example

Final-Recipient: rfc822; leads@dune.example
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 Mailbox is over its quota

--report
Content-Type: text/rfc822-headers

Message-ID: {message_id}

--report--
""".replace("\n", "\r\n").encode()
