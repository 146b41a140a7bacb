"""A buyer answers the mail of a lead with a word: by our own mail server or a mailbox, once, and nobody else for it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest

from exchange.flows.disposition_words import CannotMap, map_word
from exchange.intake.mail.answers import hear_answer
from exchange.intake.mail.listener import Listening, listening
from exchange.storage.disposition_words import Word, unknown_words
from tests.channels.imap_server import imap_server
from tests.channels.mailed import DOMAIN, mailing, settle_down, takes_mail, work_for
from tests.channels.test_mailbox import counts, with_mailbox
from tests.flows.arrived import worked
from tests.flows.lab import OPERATOR, later, person, post
from tests.intake.bounced import postfix
from tests.mail_server import MailServer, Taken, mail_server
from tests.market import Exchange
from tests.web.served import serve_exchange
from tests.web.visitor import signed_in

DANA = "leads@cobalt.example"


@dataclass
class Desk:
    """The buyer's side: it got a mail, and answers."""

    exchange: Exchange
    mails: MailServer

    @property
    def mail(self) -> Taken:
        return self.mails.taken[-1]

    def answer(self, text: str, **over: str | None) -> EmailMessage:
        """As a mail program answers: to the address it was told, quoting what it answers."""
        ours, now = self.mail.message, self.exchange.market.clock.now()
        told: dict[str, str | None] = {
            "From": f"Dana <{DANA}>",
            "To": str(ours["Reply-To"] or ours["From"]),
            "Subject": f"Re: {ours['Subject']}",
            "Message-ID": f"<{hashlib.sha256(text.encode()).hexdigest()[:12]}@cobalt.example>",
            "In-Reply-To": str(ours["Message-ID"]),
            "References": f"<first@cobalt.example> {ours['Message-ID']}",
            "Date": format_datetime(datetime.fromtimestamp(now // 1000, UTC)),
            **{name.replace("_", "-"): value for name, value in over.items()},
        }
        answer = EmailMessage()
        for name, value in told.items():
            if value is not None:
                answer[name] = value
        answer.set_content(f"{text}\n\nOn Sat, 21 Nov 2026, Harbor wrote:\n> contacted\n> {self.mail.text[:40]}\n")
        return answer

    async def hear(self, text: str, **over: str | None) -> bool:
        return await hear_answer(self.exchange.market, bytes(self.answer(text, **over)))

    async def told(self) -> list[tuple[str, int | None, str]]:
        rows = await self.exchange.rows("SELECT * FROM dispositions ORDER BY at, told_at, id")
        return [(row["kind"], row["value_units"], row["told_by"]) for row in rows]


@asynccontextmanager
async def desk(tmp_path: Path, **document: Any) -> AsyncIterator[Desk]:
    async with mail_server() as server, mailing(tmp_path, **document.pop("settings", {})) as exchange:
        await takes_mail(exchange, server, document={"links": ["reply"], **document})
        await post(exchange)
        await settle_down(exchange)
        later(exchange, 3_600)
        yield Desk(exchange, server)


async def test_the_word_of_an_answer_is_taken_by_our_own_mail_server_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as buyer, listening(buyer.exchange.market, Listening("127.0.0.1", 0, DOMAIN)) as there:
        address = str(buyer.mail.message["Reply-To"])
        assert address.startswith("r+dlv_") and address.endswith(f"@{DOMAIN}")
        assert f"Or answer to {address}" in buyer.mail.text
        async with aiosmtplib.SMTP(hostname=there[0], port=there[1]) as client:
            for to in (address, address.lower()):  # some programs write addresses small; the mail is the same
                await client.sendmail(DANA, [to], bytes(buyer.answer("Sold 1250 - signed on Friday")))
            for wrong in (f"r+dlv_{'0' * 26}.{'0' * 16}@{DOMAIN}", address.replace("r+dlv", "r+dlx")):
                with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
                    await client.sendmail(DANA, [wrong], bytes(buyer.answer("sold")))
        async with serve_exchange(buyer.exchange) as served, signed_in(served) as operator:
            (sale,) = await buyer.exchange.rows("SELECT lead_id FROM sales")
            timeline = await operator.open(f"/console/leads/{sale['lead_id']}")

        assert [("sold", 12_500_000, f"buyer {DANA}")] == await buyer.told()
        assert "Told by reply to the mail, by buyer leads@cobalt.example" in timeline.text
        assert address not in timeline.source and "signed on Friday" in timeline.text


async def test_a_mail_with_several_leads_is_answered_by_their_numbers(tmp_path: Path) -> None:
    async with mail_server() as server, mailing(tmp_path) as exchange:
        await takes_mail(exchange, server, document={"links": ["reply"]}, schedule="every 15m")
        leads = []
        for number in range(4):
            leads.append(str((await post(exchange, person(number)))["lead_id"]))
            later(exchange, 1)
        await work_for(exchange, 960, 60)
        buyer = Desk(exchange, server)
        address = str(buyer.mail.message["Reply-To"])
        assert address.startswith("r+bat_") and f"Or answer to {address} with a line for each lead" in buyer.mail.text
        assert buyer.mail.text.index("Lead 1\n") < buyer.mail.text.index("Lead 4\n")
        assert 1 == buyer.mail.text.count("Or answer")

        later(exchange, 60)
        assert await buyer.hear("Hello,\n1 sold 1250\n#2: wrong number - a bakery\n\n3, 4 no answer\nThanks, Dana")
        assert {leads[0]: "sold", leads[1]: "wrong_number", leads[2]: "no_answer", leads[3]: "no_answer"} == (
            await said_last(exchange)
        )
        assert (4, 0) == (await exchange.count("dispositions"), await exchange.count("disposition_waits"))
        for unread in ("sold", "7 sold", "all my leads were bad"):  # which one, or what, nobody could say
            later(exchange, 60)
            assert await buyer.hear(unread)
        assert 3 == await exchange.count("disposition_waits WHERE word = 'a_sentence'")
        assert 4 == await exchange.count("dispositions")
        later(exchange, 60)
        assert await buyer.hear("all contacted", To="desk@elsewhere.example")  # known by the mail it answers
        assert not await buyer.hear("all sold", To="desk@elsewhere.example", From="eve@elsewhere.example")
        assert {"contacted"} == set((await said_last(exchange)).values())


async def said_last(exchange: Exchange) -> dict[str, str]:
    return {row["lead_id"]: row["kind"] for row in await exchange.rows("SELECT lead_id, kind FROM sale_dispositions")}


async def test_an_answer_is_known_by_its_mark_or_by_what_it_answers_and_who_writes_it(tmp_path: Path) -> None:
    async with desk(tmp_path, reply_to="desk@harbor.example") as buyer:
        subject = str(buyer.mail.message["Subject"])
        assert "desk@harbor.example" == buyer.mail.message["Reply-To"] and "[#dlv_" in subject
        alone: dict[str, str | None] = {"In_Reply_To": None, "References": None}

        assert await buyer.hear("contacted", From="colleague@cobalt.example", **alone)
        assert await buyer.hear("quoted", Subject="Re: your lead")
        assert await buyer.hear("sold", Subject="Re: your lead", In_Reply_To=None)
        assert not await buyer.hear("not interested", From="eve@elsewhere.example", Subject="Re: your lead")
        assert not await buyer.hear("not interested", Subject="Re: your lead", **alone)
        forged = subject[:-3] + ("0" if subject[-3] != "0" else "1") + subject[-2:]
        assert not await buyer.hear("not interested", Subject=forged, **alone)

        assert {"contacted", "quoted", "sold"} == {kind for kind, _, _ in await buyer.told()}


async def test_what_a_machine_answers_never_counts(tmp_path: Path) -> None:
    async with desk(tmp_path) as buyer:
        for over in (
            {"Auto_Submitted": "auto-replied"},
            {"Subject": "Automatic reply: Solar lead"},
            {"Subject": "Out of office: back on Monday"},
            {"Precedence": "auto_reply"},
            {"X_Autoreply": "yes"},
            {"Return_Path": "<>"},
        ):
            assert not await buyer.hear("contacted", **over)
        bounce = postfix(buyer.mail.message_id.strip("<>").partition("@")[0])
        assert not await hear_answer(buyer.exchange.market, bounce)
        assert not await hear_answer(buyer.exchange.market, b"\xff\x00 no mail")
        assert await buyer.hear("")  # an answer that says nothing but what it quotes

        assert [] == await buyer.told()


async def test_own_words_and_sentences_of_answers_wait_and_are_read_in_the_console(tmp_path: Path) -> None:
    async with desk(tmp_path) as buyer:
        market = buyer.exchange.market
        assert await buyer.hear("Closed won 900")
        later(buyer.exchange, 60)
        assert await buyer.hear("Maria told me that she will think about it until Monday")

        words = {row["word"]: row["said"] for row in await market.db.read(unknown_words, OPERATOR, 10)}
        assert {"closed_won": "Closed won", "a_sentence": "a sentence"} == words
        with pytest.raises(CannotMap):
            await map_word(market, Word("cobalt", "solar", "", "a sentence", "contacted"), OPERATOR)
        async with serve_exchange(buyer.exchange) as served, signed_in(served) as operator:
            shown = await operator.open("/console/words?buyer=cobalt&vertical=solar&word=a_sentence")
        assert "told me that she will think about it" in shown.part("examples")
        await map_word(market, Word("cobalt", "solar", "", "closed won", "sold"), OPERATOR)
        assert [("sold", 9_000_000, f"buyer {DANA}")] == await buyer.told()


async def test_an_answer_in_a_mailbox_is_taken_and_is_no_lead(tmp_path: Path) -> None:
    async with (
        imap_server(tmp_path) as server,
        desk(tmp_path, reply_to="desk@harbor.example", settings={"mail_domain": ""}) as buyer,
    ):
        await with_mailbox(buyer.exchange, server)
        await asyncio.to_thread(server.append, bytes(buyer.answer("Appointment set")))
        await worked(buyer.exchange, turns=60)

        assert [("appointment_set", None, f"buyer {DANA}")] == await buyer.told()
        assert [0, 1, 0] == await counts(server, "INBOX", "Done", "Failed")
        assert 0 == await buyer.exchange.count("source_items")


async def test_without_the_wish_a_mail_has_no_address_to_answer_to(tmp_path: Path) -> None:
    async with desk(tmp_path, links=["dispositions"]) as buyer:
        assert buyer.mail.message["Reply-To"] is None and "answer with one word" not in buyer.mail.text
        await post(buyer.exchange, person(2))
