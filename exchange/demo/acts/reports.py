"""Buyers say what became of leads, each in its own way: an answered mail, a CRM that is read, one that calls, a file.

Now and then one uses a word that nobody knows yet: it waits in the console.
"""

from __future__ import annotations

import asyncio
import csv
import email
import hmac
import io
import random
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from typing import Any

import aiosmtplib
import orjson

from exchange.demo.acts import Act, Scene
from exchange.demo.acts.mails import INBOX
from exchange.demo.peers import HOST
from exchange.demo.peers import crm as system
from exchange.demo.peers import letterbox as house

AGENT = "leads@cobalt.example"
_ANSWERS = ("Contacted", "No answer", "Appointment set", "Sold {worth}", "Wrong number - a bakery", "Call back later")
_STAGES = ("contacted", "No Answer", "Site Visit Booked", "quoted", "Closed Won", "Not interested", "Nurturing")
_STATUSES = ("contacted", "appointment_kept", "quoted", "sold", "not_interested")
_WORTH_LEAST, _WORTH_MOST = 9_000, 31_000
_OF_A_FILE = 12


def replies() -> Act:
    """An agent at Cobalt Solar answers a mail with a word."""
    done: set[str] = set()

    async def play(scene: Scene) -> None:
        mail = await asyncio.to_thread(_oldest_unanswered, scene, done)
        if mail is None:
            return
        done.add(str(mail["Message-ID"]))
        draws = random.Random(str(mail["Message-ID"]))
        answer = EmailMessage()
        answer["From"], answer["To"] = f"Cobalt agents <{AGENT}>", str(mail["Reply-To"])
        answer["Subject"], answer["In-Reply-To"] = f"Re: {mail['Subject']}", str(mail["Message-ID"])
        answer["Message-ID"] = f"<re.{str(mail['Message-ID']).strip('<>').partition('@')[0]}@cobalt.example>"
        answer.set_content(
            f"{draws.choice(_ANSWERS).format(worth=_worth(draws))}\n\nOn Friday Harbor wrote:\n> A lead\n"
        )
        await aiosmtplib.send(answer, hostname=HOST, port=scene.port(INBOX), start_tls=False)

    return Act("replies", 50.0, 50.0, play)


def stages() -> Act:
    """Brightroof's agents move leads on in their own system, which the exchange reads."""

    async def play(scene: Scene) -> None:
        folder = scene.place(system.NAME)
        known = {lead["external_id"]: lead for lead in await asyncio.to_thread(system.read_leads, folder)}
        now = datetime.fromtimestamp(scene.running.clock.now() // 1000, UTC)
        for sale in await _bought(scene, "brightroof"):
            known.setdefault(sale["reference"], {"external_id": sale["reference"], "stage": ""})
        for lead in [lead for lead in known.values() if not lead["stage"]][-5:]:
            draws = random.Random(lead["external_id"])
            stage = draws.choice(_STAGES)
            deal = {"amount": str(_worth(draws))} if stage == "Closed Won" else {}
            lead |= {"stage": stage, "deal": deal, "stage_changed_at": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
        told = [lead for lead in known.values() if lead["stage"]]
        await asyncio.to_thread(system.write_leads, folder, told)

    return Act("stages", 45.0, 40.0, play)


def calls() -> Act:
    """NorthSun's system calls about one lead at a time."""
    done: set[str] = set()

    async def play(scene: Scene) -> None:
        sale = next((sale for sale in await _bought(scene, "northsun") if sale["reference"] not in done), None)
        if sale is None:
            return
        done.add(sale["reference"])
        draws = random.Random(sale["reference"])
        status = draws.choice(_STATUSES)
        lead: dict[str, Any] = {"Sub2Id": sale["reference"], "Status": status}
        if status == "sold":
            lead["ContractValue"] = _worth(draws)
        body = orjson.dumps({"Lead": lead, "Timestamp": scene.running.clock.now() // 1000})
        secrets = scene.running.market.connections["northsun"].secrets
        sign = hmac.digest(secrets["northsun_sign"].encode(), body, "sha256").hex()
        headers = {"X-NorthSun-Signature": f"sha256={sign}", "Content-Type": "application/json"}
        url = f"{scene.url}/told/northsun/{secrets['northsun_told']}"
        async with scene.session.post(url, data=body, headers=headers) as answer:
            answer.raise_for_status()

    return Act("calls", 40.0, 45.0, play)


def words() -> Act:
    """Sunpath sends what became of its leads as a file; some rows of it are of other exchanges."""

    async def play(scene: Scene) -> None:
        sales = (await _bought(scene, "sunpath"))[:_OF_A_FILE]
        if not sales:
            return
        text = io.StringIO()
        rows = csv.writer(text)
        rows.writerow(["Lead ID", "Status", "Sale amount"])
        for sale in sales:
            draws = random.Random(sale["reference"])
            word = draws.choice(_STATUSES)
            rows.writerow([sale["lead_id"], word, _worth(draws) if word == "sold" else ""])
        rows.writerow(["ld_of_another_exchange", "sold", "100"])
        headers = {"Authorization": f"Bearer {scene.running.secrets['buyer:sunpath:live']}", "Content-Type": "text/csv"}
        url = f"{scene.url}/api/v1/dispositions/files?name=sunpath-week.csv"
        async with scene.session.post(url, data=text.getvalue().encode(), headers=headers) as answer:
            answer.raise_for_status()

    return Act("words", 60.0, 150.0, play)


async def _bought(scene: Scene, buyer: str) -> list[dict[str, Any]]:
    """What a buyer bought in the last hour, as its own system knows it, the newest first."""
    since = (scene.running.clock.now() - 3_600_000) // 1000
    headers = {"Authorization": f"Bearer {scene.running.secrets[f'buyer:{buyer}:live']}"}
    url = f"{scene.url}/api/v1/sales?since={since}&limit=1000"
    async with scene.session.get(url, headers=headers) as answer:
        answer.raise_for_status()
        found: list[dict[str, Any]] = (await answer.json())["sales"]
    return found[::-1]


def _oldest_unanswered(scene: Scene, done: set[str]) -> EmailMessage | None:
    """Links are tapped in the newest mails; this agent begins with the oldest."""
    for path in house.mails(scene.place(house.NAME)):
        message = email.message_from_bytes(path.read_bytes(), policy=default)
        assert isinstance(message, EmailMessage)
        if message["Reply-To"] is not None and AGENT in str(message["To"]) and str(message["Message-ID"]) not in done:
            return message
    return None


def _worth(draws: random.Random) -> int:
    return draws.randrange(_WORTH_LEAST, _WORTH_MOST, 50)
