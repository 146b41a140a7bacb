"""The keys that SFTP servers show where none is pinned: what `exchange check` asks to be compared."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exchange.courier.addresses import Network
    from exchange.flows.connection import Connection
    from exchange.model.wire import Place


async def unpinned(connections: Mapping[str, Connection], allowed: Sequence[Network]) -> list[str]:
    """A problem for each connection by SFTP that pins no key, with the one its server shows."""
    places = {name: each.files.place({}) for name, each in sorted(connections.items()) if each.files is not None}
    asked = {name: place for name, place in places.items() if place.protocol == "sftp" and not place.host_key}
    if not asked:
        return []
    told = await asyncio.gather(*(_shown(place, allowed) for place in asked.values()))
    return [f"connection {name}: host_key: is not set; {said}" for name, said in zip(asked, told, strict=True)]


async def _shown(place: Place, allowed: Sequence[Network]) -> str:
    from exchange.courier.host_keys import fingerprint
    from exchange.courier.outside import Outside
    from exchange.courier.remote import RemoteDown

    outside = Outside(allowed)
    try:
        seen = await fingerprint(place.host, place.port, outside.dial)
    except RemoteDown as down:
        return f"its server could not be asked: {down.lost.detail}"
    finally:
        await outside.close()
    return f"{place.host} shows {seen}: compare it with what its owner says, then write it down"
