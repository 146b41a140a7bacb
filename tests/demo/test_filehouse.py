"""The demo's house of files, looked at as its documents say: by SFTP with the pinned key, and by FTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange.catalog import default_config
from exchange.clock import SystemClock
from exchange.courier.outside import Outside
from exchange.courier.remote import open_folder
from exchange.demo.acts.files import SHEET
from exchange.demo.folder import OURS, write_shapes
from exchange.demo.peers import filehouse as house
from exchange.demo.peers import neighbours
from exchange.sources.drop import DropDocument
from exchange.sources.read import read_source
from exchange.yaml_files import read_yaml
from tests.courier.rawbuyer import LOOPBACK


@pytest.mark.parametrize("name", ["bluefin_drop", "evergreen_drop"])
async def test_what_a_program_leaves_there_is_found_by_the_exchange(tmp_path: Path, name: str) -> None:
    outside = Outside(LOOPBACK)
    async with neighbours([house.filehouse()], tmp_path, SystemClock()) as found:
        write_shapes(tmp_path, found.ports)
        document = document_of(tmp_path / "config" / "sources" / f"{name}.yaml")
        folder = house.home(tmp_path / "peers" / house.NAME) / document.folder
        (folder / "leads.csv").write_text("zip\n85016\n")
        async with open_folder(document.place(found.secrets), outside.dial) as opened:
            listed = [file.name for file in await opened.files()]
    await outside.close()

    assert ["leads.csv"] == listed


def document_of(file: Path) -> DropDocument:
    problems: list[str] = []
    read = read_yaml(file.read_bytes(), file.name, problems)
    assert isinstance(read, dict) and not problems
    document = read_source(read, {})
    assert isinstance(document, DropDocument)
    return document


def test_what_the_demo_keeps_of_files_is_deleted_with_it() -> None:
    assert {"files", "sftp.key"} <= set(OURS)
    assert SHEET.endswith(".xlsx") and (default_config() / "demo" / "sources" / "cedar_inbox.yaml").is_file()
