"""The mail that lets somebody in who was invited: its link is made when it is sent, and stands nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from exchange.flows.job_queues import MAIL_QUEUE
from exchange.flows.jobs import NOTICE, job
from exchange.flows.market import Market
from exchange.flows.sign_in import NoSuchUser, invitation
from exchange.model.wire import EmailMessage
from exchange.model.work import JobRow
from exchange.storage.jobs import add_job

INVITED = "invited"


def invite_jobs(market: Market, email: str, by: str) -> tuple[JobRow, ...]:
    """The job that mails an invitation, for the unit that lets somebody in; none without a mail server."""
    if not market.mails:
        return ()
    now = market.clock.now()
    payload: dict[str, object] = {INVITED: {"email": email, "by": by}, "at": now}
    return (job(market, MAIL_QUEUE, NOTICE, payload, now, now),)


async def mail_again(market: Market, email: str, by: str) -> None:
    """Another invitation to somebody who was let in, where there is a mail server."""
    for each in invite_jobs(market, email, by):
        await market.db.write(add_job, each)


async def invite_mail(market: Market, told: Mapping[str, Any], at: int) -> EmailMessage | None:
    """None when nobody has this address any more."""
    email = str(told["email"])
    try:
        link = await invitation(market, email)
    except NoSuchUser:
        return None
    host = urlsplit(market.public_url).hostname or "localhost"
    text = (
        f"{told['by']} let you in at {market.name}.\n\n"
        f"Sign in by this link, once, within a week: {link}\n\n"
        f"Then choose a password, or a passkey, at {market.public_url}/account: the link works no more.\n\n"
        "Did you not expect this? Then do nothing.\n"
    )
    return EmailMessage(
        f"{market.name} <exchange@{host}>",
        (email,),
        f"{market.name}: you are invited",
        text,
        f"<invited.{at}.{market.ids.token(9)}@{host}>",
        delivers=True,
        secrets=(link.rpartition("/")[2],),
    )
