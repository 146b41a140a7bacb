"""An exchange whose buyers take leads as files, on a real file server of this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from exchange.flows.documents import save_document, save_secret
from exchange.flows.shapes import CONNECTION
from exchange.model.actor import SYSTEM
from tests.channels.fileserver import PASSWORD, USER, FileServer
from tests.market import Exchange, buying, open_exchange, selling, usd

SECRET = "file_password"


@asynccontextmanager
async def filing(folder: Path, **settings: Any) -> AsyncIterator[Exchange]:
    """One seller, and a way out that is real."""
    nobody = {"nobody": "127.0.0.1:9"}
    async with open_exchange(folder, by_wire=nobody, **settings) as exchange:
        await exchange.add(*selling("cedar"))
        yield exchange


def by_files(name: str, server: FileServer, protocol: str, folder: str, **over: Any) -> dict[str, Any]:
    place = server.place(protocol, folder)
    pins = {"sftp": {"host_key": place.host_key}, "ftps": {"ca_file": place.ca_file}}
    return {
        "connection": name,
        "connector": "files",
        "protocol": protocol,
        "server": f"{place.host}:{place.port}",
        "folder": folder,
        "user": USER,
        "password": {"secret": SECRET},
        **pins.get(protocol, {}),
        **over,
    }


async def takes_files(
    exchange: Exchange, server: FileServer, protocol: str, folder: str, name: str = "marlow", **changes: Any
) -> None:
    """A buyer whose files go to this folder. `document` is laid over its connection; the rest is its contract."""
    document = changes.pop("document", {})
    await save_secret(exchange.market, SECRET, PASSWORD, SYSTEM)
    await save_document(exchange.market, CONNECTION, name, by_files(name, server, protocol, folder, **document), SYSTEM)
    await exchange.add(*buying(name, price=usd("30"), **changes))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
