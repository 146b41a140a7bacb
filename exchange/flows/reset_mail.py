"""The mail that lets somebody choose another password: its link is made when it is sent, and stands nowhere else."""

from __future__ import annotations

from urllib.parse import urlsplit

from exchange.flows.market import Market
from exchange.flows.sign_in import PASSWORD, NoSuchUser, make_login_link
from exchange.model.wire import EmailMessage

RESET = "reset"
RESET_MINUTES = 30


async def reset_mail(market: Market, email: str, at: int) -> EmailMessage | None:
    """None when nobody has this address."""
    try:
        secret = await make_login_link(market, email, RESET_MINUTES, PASSWORD)
    except NoSuchUser:
        return None
    host = urlsplit(market.public_url).hostname or "localhost"
    text = (
        f"Somebody asked for a new password of {email} at {market.name}.\n\n"
        f"Choose one within {RESET_MINUTES} minutes: {market.public_url}/login/password/{secret}\n\n"
        "Was it not you? Then do nothing: your password stays as it is.\n"
    )
    return EmailMessage(
        f"{market.name} <exchange@{host}>",
        (email,),
        f"{market.name}: choose a new password",
        text,
        f"<reset.{at}.{market.ids.token(9)}@{host}>",
        delivers=True,
        secrets=(secret,),
    )
