"""Mail that comes back: news of its delivery, however it was sent, once, and by the contract's rule."""

from __future__ import annotations

from pathlib import Path

import aiosmtplib
import pytest

from exchange.intake.dsn import hear_bounce
from exchange.intake.mail.listener import Listening, listening
from tests.channels.mailed import mailing, settle_down, states, takes_mail, work_for
from tests.flows.lab import later, lead_of, owed, person, post, spent
from tests.intake.bounced import FAILED, NO_BOUNCE, delayed, postfix
from tests.mail_server import mail_server
from tests.market import Exchange


async def reference_of(exchange: Exchange) -> str:
    return str((await exchange.rows("SELECT reference FROM attempts"))[0]["reference"])


async def heard(exchange: Exchange) -> list[tuple[str, str]]:
    return [(row["kind"], row["detail"]) for row in await exchange.rows("SELECT kind, detail FROM receipts")]


@pytest.mark.parametrize("server_kind", FAILED)
async def test_a_bounce_after_delivery_is_a_dispute_not_silence(tmp_path: Path, server_kind: str) -> None:
    async with mail_server() as server, mailing(tmp_path) as exchange:
        await takes_mail(exchange, server)
        answer = await post(exchange)
        await settle_down(exchange)
        content = FAILED[server_kind](await reference_of(exchange))

        for _ in range(2):
            assert await hear_bounce(exchange.market, content)
        await settle_down(exchange)

        told = await heard(exchange)
        assert (1, "bounced", True) == (len(told), told[0][0], "5." in told[0][1])
        assert [("bounced", "accepted")] == await states(exchange)
        assert ("30.00", "sold") == (await spent(exchange, "cobalt"), (await lead_of(exchange, answer))["state"])


async def test_where_the_contract_says_so_a_bounce_undoes_the_sale_and_the_next_buyer_gets_it(tmp_path: Path) -> None:
    async with mail_server() as server, mailing(tmp_path) as exchange:
        await takes_mail(exchange, server, on_bounce="reverse")
        await takes_mail(exchange, server, "dune", "20")
        answer = await post(exchange)
        await settle_down(exchange)

        await hear_bounce(exchange.market, postfix(server.taken[0].message_id.strip("<>").partition("@")[0]))
        await work_for(exchange, 30)

        assert ("0.00", "20.00") == (await spent(exchange, "cobalt"), await spent(exchange, "dune"))
        assert ["leads@cobalt.example", "leads@dune.example"] == [mail.to[0] for mail in server.taken]
        assert ("sold", "16.00") == ((await lead_of(exchange, answer))["state"], await owed(exchange))


async def test_a_bounce_of_a_mail_whose_answer_was_lost_says_that_it_failed(tmp_path: Path) -> None:
    async with mail_server() as server, mailing(tmp_path) as exchange:
        await takes_mail(exchange, server, document={"seconds": 1}, on_failure="unsold")
        server.silent_after_data = 1
        await post(exchange)
        await settle_down(exchange)

        await hear_bounce(exchange.market, postfix(await reference_of(exchange)))
        await work_for(exchange, 120)

        assert [("failed", "failed")] == await states(exchange)
        assert (1, "0.00") == (len(server.taken), await spent(exchange, "cobalt"))


async def test_a_warning_or_an_answer_changes_nothing(tmp_path: Path) -> None:
    async with mail_server() as server, mailing(tmp_path) as exchange:
        await takes_mail(exchange, server)
        await post(exchange)
        await settle_down(exchange)
        reference = await reference_of(exchange)

        assert await hear_bounce(exchange.market, delayed(reference))
        for make in NO_BOUNCE.values():
            assert not await hear_bounce(exchange.market, make(reference))
        assert await hear_bounce(exchange.market, postfix("dlv_unknown"))

        assert ([], [("delivered", "accepted")]) == (await heard(exchange), await states(exchange))


async def test_a_mail_of_many_that_comes_back_is_news_of_each(tmp_path: Path) -> None:
    async with mail_server() as server, mailing(tmp_path) as exchange:
        await takes_mail(exchange, server, schedule="every 15m")
        for number in range(3):
            await post(exchange, person(number))
        later(exchange, 900)
        await settle_down(exchange)

        for _ in range(2):
            await hear_bounce(exchange.market, postfix("whoever"), [server.taken[0].sender])

        assert [("bounced", "accepted")] * 3 == await states(exchange)
        assert 3 == len(await heard(exchange))


async def test_our_own_mail_server_takes_what_comes_back_and_nothing_else(tmp_path: Path) -> None:
    place = Listening("127.0.0.1", 0, "in.harbor.example")
    async with (
        mail_server() as server,
        mailing(tmp_path) as exchange,
        listening(exchange.market, place) as (host, port),
        aiosmtplib.SMTP(hostname=host, port=port) as client,
    ):
        await takes_mail(exchange, server)
        await post(exchange)
        await settle_down(exchange)
        back_to = server.taken[0].sender
        content = postfix(await reference_of(exchange))

        await client.sendmail("", [back_to.lower()], content)
        for nobody in ("b+dlv_unknown@in.harbor.example", "leads@in.harbor.example"):
            with pytest.raises(aiosmtplib.SMTPRecipientsRefused, match=r"5\.1\.1"):
                await client.sendmail("", [nobody], content)

        assert [("bounced", "accepted")] == await states(exchange)
        assert 1 == len(await heard(exchange))


@pytest.mark.parametrize("number", ["9" * 19, "9" * 60])
async def test_a_number_beyond_all_batches_is_nobodys_mail(tmp_path: Path, number: str) -> None:
    place = Listening("127.0.0.1", 0, "in.harbor.example")
    async with (
        mailing(tmp_path) as exchange,
        listening(exchange.market, place) as (host, port),
        aiosmtplib.SMTP(hostname=host, port=port) as client,
    ):
        assert await hear_bounce(exchange.market, postfix(f"cobalt-{number}"))
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused, match=r"5\.1\.1"):
            await client.sendmail("", [f"b+cobalt-{number}@in.harbor.example"], postfix("dlv_unknown"))
