"""Settings of `exchange.toml` as pages show them: what holds, what holds without it, and what set it. No secret is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from exchange.settings import Settings, settings_file, settings_given, toml_value

GENERAL = (
    "name",
    "colour",
    "zone",
    "currency",
    "public_url",
    "host",
    "port",
    "trusted_proxies",
    "workers",
    "running_requests",
)
PAPERS = ("invoice_address", "invoice_note", "payout_two_above")
SIGN_IN = (
    "staff_two_factor", "session_hours", "console_networks", "sign_on_issuer", "sign_on_name", "sign_on_client_id",
    "sign_on_client_secret", "sign_on_role_claim", "sign_on_roles",
)  # fmt: skip
DATA = (
    "database_url", "postgres_connections", "config_dir", "key_file", "files_dir", "backup_dir", "retention_ping_days",
    "retention_raw_days", "retention_test_days", "release_file", "frozen",
)  # fmt: skip
MAIL = (
    "mail_host", "mail_port", "mail_security", "mail_user", "mail_password", "mail_domain", "dkim_key_file",
    "dkim_selector", "dkim_domain", "mx_ms",
)  # fmt: skip
TAKEN = (
    "inbox_port", "inbox_host", "inbox_certificate", "inbox_key_file", "sftp_port", "sftp_host", "sftp_key_file",
    "allowed_networks",
)  # fmt: skip
TEXTS = ("sms_sender", "sms_account", "sms_token", "sms_url")
PAYMENTS = ("payment_provider", "payment_url")
GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "general": GENERAL, "papers": PAPERS, "sign_in": SIGN_IN, "data": DATA, "mail": MAIL, "taken": TAKEN,
        "texts": TEXTS, "payments": PAYMENTS,
    }
)  # fmt: skip
"""Every setting stands in one group."""
_SECRET = re.compile(r"(password|token|secret)$")
_LOGIN = re.compile(r"(?<=://)[^/@]*@")


class Shown(NamedTuple):
    """One setting. `value` and `usual` are as the file would say them; `by` what set it, empty where nothing did."""

    name: str
    does: str
    value: str
    usual: str
    by: str

    def fields(self) -> dict[str, str | None]:
        return {"name": self.name, "value": self.value, "default": self.usual, "set_by": self.by or None}


def shown(settings: Settings, names: Iterable[str]) -> list[Shown]:
    given, file = settings_given(settings, os.environ), settings_file(settings)
    found = []
    for name in names:
        field, by = Settings.model_fields[name], given.get(name, "")
        if file is not None and by == file.name:
            by = str(file)
        told = _told(name, getattr(settings, name))
        found.append(Shown(name, field.description or "", told, _told(name, field.default), by))
    return found


def _told(name: str, value: object) -> str:
    if _SECRET.search(name):
        return "set" if value else "not set"
    if value is None or value == "":
        return "not set"
    return _LOGIN.sub("•••••@", toml_value(value)) if name == "database_url" else toml_value(value)
