"""The exchange's logo: checked, kept by what it holds, and in force as any setting of a page."""

from __future__ import annotations

from hashlib import sha256

from exchange.flows.house import WrongSetting, change_setting
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.rights import Right, may, needed
from exchange.stages.pictures import BadPicture, read_picture
from exchange.storage.logos import keep_logo


async def set_logo(market: Market, body: bytes, actor: Actor) -> None:
    """Show this picture on every page from now on. Raises `WrongSetting`."""
    if not may(actor, Right.SETTINGS):
        raise WrongSetting(f"To {Right.SETTINGS.value} needs the role {needed(Right.SETTINGS)}.")
    try:
        picture = read_picture(body)
    except BadPicture as error:
        raise WrongSetting(str(error)) from None
    name = f"{sha256(body).hexdigest()}.{picture.kind}"
    size = (picture.width, picture.height)
    await market.db.write(keep_logo, name, size, body, market.clock.now(), actor.name)
    await change_setting(market, "logo", name, actor)
