"""Presets and connections as the repository ships them, and short ways to make more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from buyers.connection import Connection
from buyers.conversation import speak
from buyers.reading import Reader, StageRules
from exchange.connector import Connector
from exchange.model.wire import Reply

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"


def yaml(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def presets() -> dict[str, Mapping[str, Any]]:
    return {path.stem: yaml(path.read_text("utf-8")) for path in sorted((CONFIG / "presets").glob("*.yaml"))}


def of_preset(name: str, variant: str | None, shelf: Mapping[str, Mapping[str, Any]], **more: Any) -> Connection:
    """A connection that adds nothing to a preset but addresses."""
    under, over = shelf[name], (shelf[name].get("variants") or {}).get(variant) or {}
    document: dict[str, Any] = {"connection": f"{name}-{variant}", "preset": name, **more}
    if variant is not None:
        document["variant"] = variant
    for stage in ("ping", "post", "ask", "return"):
        if stage in under or stage in over:
            document[stage] = {"url": f"https://buyer.example/{stage}"}
    return Connection.load(document, shelf)


def connector(connection: Connection) -> Connector:
    return speak(connection)


def reader(rules: str, stage: str = "post") -> Reader:
    return Reader.compile(StageRules.model_validate(yaml(rules)), stage)


def reply(body: str | bytes, status: int = 200, content_type: str = "text/plain", **headers: str) -> Reply:
    content = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"content-type": content_type, **named}, content)
