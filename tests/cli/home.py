"""An exchange in a folder of its own, worked by its commands; and a buyer that answers over real HTTP."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from exchange.cli import main
from exchange.model.actor import SYSTEM
from exchange.model.audit import AuditLine
from exchange.storage.database import Row, Tx
from exchange.storage.documents import add_document
from exchange.storage.engine import open_database
from tests.market import Party, store
from tests.processes import Child

NOW = 1_795_271_648_000
ROOT = Path(__file__).parents[2]

CONNECTION = """\
connection: {name}
title: A buyer of the tests
connector: json_http
post:
  url: http://127.0.0.1:{port}/post
  body:
    id: {{term: reference}}
    phone: phone
    zip: zip
  reading:
    outcomes:
      - {{means: accepted, when: {{where: "json:status", equals: sold}}}}
      - {{means: rejected, when: {{where: "json:status", equals: rejected}}}}
    carries: {{reference: "json:id", reason: "json:reason"}}
"""


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def exchange(*arguments: str | Path) -> Ran:
    """Run a command in this process, with no terminal. What serves would part it into several: it serves alone."""
    os.environ["EXCHANGE_WORKERS"] = "1"
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    return Ran(code, out.getvalue(), err.getvalue())


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "exchange", *map(str, arguments)]


def environment() -> dict[str, str]:
    """What a process of its own is given: nothing of an exchange elsewhere. It serves alone unless told otherwise."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGE_")}
    return {**kept, "EXCHANGE_WORKERS": "1", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def start(*arguments: str | Path) -> Child:
    """A command as a process of its own."""
    return Child(command(*arguments), environment())


@dataclass(frozen=True)
class Home:
    """The folder of an exchange."""

    folder: Path

    def run(self, *arguments: str | Path) -> Ran:
        return exchange("--data", self.folder, *arguments)

    def start(self, *arguments: str | Path) -> Child:
        return start("--data", self.folder, *arguments)

    def store(self, *parties: Party | tuple[Party, ...]) -> None:
        """Put parties into the database."""
        flat = [one for each in parties for one in (each if isinstance(each, tuple) else (each,))]
        asyncio.run(self._store(flat))

    async def _store(self, parties: list[Party]) -> None:
        db = await open_database(str(self.database), process=False)
        await db.write(store, parties, NOW)
        await db.close()

    def keep(self, kind: str, name: str, document: Mapping[str, Any]) -> None:
        """Put a document into the database, as it stands, whatever it says."""
        asyncio.run(self._keep(kind, name, document))

    async def _keep(self, kind: str, name: str, document: Mapping[str, Any]) -> None:
        db = await open_database(str(self.database), process=False)
        line = AuditLine(f"aud_{name}", NOW, "2026-11", SYSTEM, "", "document.saved", f"{kind}:{name}")
        await db.write(add_document, kind, name, document, line)
        await db.close()

    def connect(self, name: str, port: int) -> None:
        """A connection to a buyer on this machine."""
        place = self.folder / "config" / "connections" / name
        place.mkdir(exist_ok=True)
        (place / "connection.yaml").write_text(CONNECTION.format(name=name, port=port), "utf-8")

    @property
    def database(self) -> Path:
        return self.folder / "exchange.db"

    def rows(self, sql: str) -> list[Row]:
        return asyncio.run(self._rows(sql))

    async def _rows(self, sql: str) -> list[Row]:
        db = await open_database(str(self.database), process=False)
        rows = await db.read(fetch, sql)
        await db.close()
        return rows


async def fetch(tx: Tx, sql: str) -> list[Row]:
    return await tx.fetch(sql)


@dataclass
class LeadBuyer:
    """Takes every lead it is sent, and remembers it. `gate` shut: answers wait; `hangs_up`: none comes."""

    posts: list[dict[str, str]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    hangs_up: bool = False
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self.gate.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._asked())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def close(self) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def wait_for(self, posts: int) -> None:
        """Until so many leads have come in all."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.posts) >= posts, timeout=60), len(self.posts)

    def phones(self) -> list[str]:
        return [post["phone"] for post in self.posts]

    def _asked(self) -> type[BaseHTTPRequestHandler]:
        buyer = self

        class Asked(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                post = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with buyer.arrived:
                    buyer.posts.append(post)
                    buyer.arrived.notify_all()
                if buyer.hangs_up:
                    self.close_connection = True
                    return
                buyer.gate.wait(60)
                body = json.dumps({"status": "sold", "id": f"b-{post['id']}"}).encode()
                try:
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except ConnectionError:  # whoever asked was killed
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                return

        return Asked


def until(line: Callable[[str], bool], stream: Any) -> str:
    """A process's lines up to the first that fits, with it."""
    heard: list[str] = []
    for text in stream:
        heard.append(text)
        if line(text):
            return "".join(heard)
    raise AssertionError("".join(heard))
