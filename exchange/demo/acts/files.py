"""Sellers whose leads come in files: one uploads a sheet, one pushes, two leave theirs where they are fetched."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from ipaddress import ip_network
from itertools import count

from aiohttp import FormData

from exchange.demo.acts import Act, Scene
from exchange.demo.acts.consumers import Consumers
from exchange.demo.folder import LOOPBACK
from exchange.demo.peers import HOST
from exchange.demo.peers import filehouse as house
from exchange.model.wire import Place

INBOX_PORT = 8163
SHEET = "acme-november.xlsx"
_SHEET_ROWS, _FILE_ROWS = 60, 3


def sheet() -> Act:
    """Acme uploads its list of November, once, to be sold no faster than a lead a second: enough for NorthSun's day."""
    people = Consumers("acme-solar")

    async def play(scene: Scene) -> None:
        rows = [people.next(scene).values for _ in range(_SHEET_ROWS)]
        form = FormData({"rate": "60/min"})
        form.add_field("file", io.BytesIO(_as_xlsx(rows)), filename=SHEET)
        key = scene.running.secrets["campaign:acme-solar:live"]
        headers = {"Authorization": f"Bearer {key}"}
        async with scene.session.post(f"{scene.url}/api/v1/imports", data=form, headers=headers) as answer:
            answer.raise_for_status()

    return Act("sheet", 72.0, 0.0, play)


def push() -> Act:
    """Cedar pushes a file to the exchange's own drop every other minute."""
    people, numbers = Consumers("cedar-solar"), count(1)

    async def play(scene: Scene) -> None:
        import asyncssh  # slow to import

        from exchange.courier.outside import Outside
        from exchange.courier.remote import open_folder

        ours = asyncssh.read_private_key(scene.running.settings.sftp_key_file).get_fingerprint()
        port = scene.port(INBOX_PORT)
        place = Place("sftp", HOST, port, "", "cedar", house.CEDAR_PASSWORD, host_key=ours)
        outside = Outside((ip_network(LOOPBACK),))
        name = f"cedar-{scene.running.clock.now()}-{next(numbers)}.csv"
        try:
            async with open_folder(place, outside.dial) as folder:
                await folder.write(name, _sent(_as_csv([people.next(scene).values for _ in range(_FILE_ROWS)])))
        finally:
            await outside.close()

    return Act("push", 35.0, 120.0, play)


def left() -> Act:
    """Evergreen's and BlueFin's programs leave files in the house where the exchange fetches them."""
    campaigns = ("evergreen-home", "bluefin-auto")
    people = {who: Consumers(campaign) for who, campaign in zip(house.SENDERS, campaigns, strict=True)}
    numbers = count(1)

    async def play(scene: Scene) -> None:
        for who, theirs in people.items():
            folder = house.home(scene.place(house.NAME)) / who
            name = f"{who}-{scene.running.clock.now()}-{next(numbers)}.csv"
            file = folder / f"{name}.part"
            file.write_bytes(_as_csv([theirs.next(scene).values for _ in range(_FILE_ROWS)]))
            file.rename(folder / name)

    return Act("left files", 10.0, 120.0, play)


def _as_csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _as_xlsx(rows: Sequence[Mapping[str, str]]) -> bytes:
    import xlsxwriter  # slow to import

    out = io.BytesIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        page = book.add_worksheet("Leads")
        page.write_row(0, 0, [name.replace("_", " ").title() for name in names])
        for number, row in enumerate(rows, start=1):
            page.write_row(number, 0, [row.get(name, "") for name in names])
    return out.getvalue()


async def _sent(content: bytes) -> AsyncIterator[bytes]:
    yield content
