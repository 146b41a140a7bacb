"""The demo's folder: a whole exchange of its own, with settings, files, keys and a note that says it may be deleted."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from exchange.catalog import default_config
from exchange.demo.peers import HOST
from exchange.demo.peers.letterbox import OWN_PORT
from exchange.demo.peers.till import PORT as TILL
from exchange.settings import Settings, load_settings

ZONE = "America/New_York"
FROZEN_AT = int(datetime(2026, 11, 20, 14, 32, tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)
NOTE = "demo.json"
LOG = "demo.log"
LOCKED = "demo"  # its lock lies beside it, and is held as long as the demo runs
OURS = (
    NOTE,
    LOG,
    "exchange.toml",
    "exchange.key",
    "config",
    "files",
    "peers",
    "sftp.key",
    "tries.json",
    "exchange.url",
)
DATABASE = "exchange.db"
BESIDE = ("", "-wal", "-shm", ".lock")
PEERS = "/PEERS/"  # how a document names a file that a peer makes: /PEERS/mailroom/ca.pem
LOOPBACK = "127.0.0.0/8"
INVOICE_ADDRESS = "12 Dock Road\nBoston, MA 02110"
INVOICE_NOTE = "Pay to Bank of Nowhere, account 4400117723, and name the invoice."
MONEY = ("payment_provider", "payment_url", "invoice_address", "invoice_note")
"""Settings about money that other commands need too."""
MAILS = ("mail_host", "mail_port", "mail_security")
"""And about the mail server."""
LISTENERS = MappingProxyType({"inbox_port": 8144, "sftp_port": 8163})
"""Where the demo takes leads beside HTTP: the setting, and its port in the documents."""
MAIL_DOMAIN = "leads.harbor.example"
SHAPES = ("verticals", "connections", "presets", "sources", "forms", "verifiers")
OF_THE_DEMO = {
    "connections": "{name}/connection.yaml",
    "sources": "{name}.yaml",
    "forms": "{name}.yaml",
    "verifiers": "{name}/verifier.yaml",
}
"""Where the files of the demo go among the shapes, by their folder."""


class NotADemo(Exception):
    """The folder holds something that no demo made."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a demo remembers of itself: how it was made, and the secrets of its keys by what they open."""

    seed: int
    market: str
    public: bool = False
    frozen: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)


def read_note(folder: Path) -> Note | None:
    """None when there is no demo in the folder. Raises `NotADemo` when there is something else."""
    try:
        return Note(**json.loads((folder / NOTE).read_text("utf-8")))
    except FileNotFoundError:
        if folder.is_dir() and any(path.name not in (LOG, f"{LOCKED}.lock") for path in folder.iterdir()):
            raise NotADemo(f"{folder} is not empty and no demo made it") from None
        return None
    except (ValueError, TypeError) as error:
        raise NotADemo(f"{folder / NOTE} cannot be read") from error


def write_note(folder: Path, note: Note) -> None:
    """Only its owner may read it: it holds secrets."""
    descriptor = os.open(folder / NOTE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(note), file)


def delete(folder: Path) -> None:
    """Delete what a demo made there, and nothing else."""
    if read_note(folder) is None:
        return
    for name in (*OURS, *(DATABASE + suffix for suffix in BESIDE)):
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def write_shapes(folder: Path, moved: Mapping[int, int]) -> None:
    """The files of the exchange with the demo's own among them, at the ports its buyers and peers really have."""
    source, target = default_config(), folder / "config"
    if target.exists():
        shutil.rmtree(target)
    for shape in (each for each in SHAPES if (source / each).is_dir()):
        shutil.copytree(source / shape, target / shape)
    for shape, place in OF_THE_DEMO.items():
        for file in sorted((source / "demo" / shape).glob("*.yaml")):
            path = target / shape / place.format(name=file.stem)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = _moved(file.read_text(encoding="utf-8"), moved)
            path.write_text(text.replace(PEERS, f"{folder / 'peers'}/"), encoding="utf-8")


def _moved(text: str, moved: Mapping[int, int]) -> str:
    """The file with its addresses on this machine at their new ports."""

    def port(found: re.Match[str]) -> str:
        return f"127.0.0.1:{moved.get(int(found[1]), int(found[1]))}"

    return re.sub(r"127\.0\.0\.1:([0-9]+)", port, text)


def settings_for(
    folder: Path, name: str, zone: str, host: str, port: int, ports: Mapping[int, int], *, frozen: bool
) -> Settings:
    """The demo's settings. Buyers are on this machine, so loopback is allowed. `ports` are the real ones."""
    return load_settings(
        None,
        name=name,
        zone=zone,
        database_url=str(folder / DATABASE),
        config_dir=folder / "config",
        key_file=folder / "exchange.key",
        files_dir=folder / "files",
        backup_dir=folder / "backups",
        sftp_key_file=folder / "sftp.key",
        host=host,
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        allowed_networks=(LOOPBACK,),
        mail_domain=MAIL_DOMAIN,
        invoice_address=INVOICE_ADDRESS,
        invoice_note=INVOICE_NOTE,
        **_provider(ports),
        **{setting: ports[named] for setting, named in LISTENERS.items() if named in ports},
        frozen=frozen,
    )


def _provider(ports: Mapping[int, int]) -> dict[str, Any]:
    """Who takes cards and who takes mail, where there are peers: one speaks as Stripe does, one as any mail server."""
    if TILL not in ports:
        return {}
    till = {"payment_provider": "stripe", "payment_url": f"http://127.0.0.1:{ports[TILL]}"}
    return {**till, "mail_host": HOST, "mail_port": ports[OWN_PORT], "mail_security": "plain"}


def database(settings: Settings) -> Path:
    return Path(settings.database_url)
