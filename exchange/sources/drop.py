"""Files of leads on a file server that is looked at, and files that are pushed to our own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from exchange.model.hours import read_hours
from exchange.model.wire import Place
from exchange.sources.document import Part, PolledDocument, SecretName, SourceDocument

_SERVER = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?")
_HOST_KEY = re.compile(r"SHA256:[A-Za-z0-9+/]{43}|(?:ssh|ecdsa|sk)-[A-Za-z0-9@.-]{1,60} [A-Za-z0-9+/=]{16,1000}")
_PUBLIC_KEY = re.compile(r"(?:ssh|ecdsa|sk)-[A-Za-z0-9@.-]{1,60} [A-Za-z0-9+/=]{16,2000}(?: [^\x00-\x1f]{0,100})?")
_RATE = re.compile(r"\d{1,6}(?:\.\d{1,3})?(?:/(?:s|min|h))?")
_PORTS = {"ftp": 21, "ftps": 21, "sftp": 22}
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload", ".partial")


def _a_server(text: str) -> str:
    found = _SERVER.fullmatch(text)
    if found is None or (found[2] is not None and not 0 < int(found[2]) < 65_536):
        raise ValueError("write the server, and its port if it is not the usual one: files.dealer.example:2222")
    return text


def _as_hours(text: str) -> str:
    if not text:
        return ""
    found = read_hours(text)
    if found is None:
        raise ValueError(
            "write 09:00-17:30, with a zone behind it if it is not the exchange's: 09:00-17:30 America/Phoenix"
        )
    return found.text


def _a_host_key(text: str) -> str:
    if text and not _HOST_KEY.fullmatch(text) and not (text.startswith("/") and text.endswith(".pub")):
        raise ValueError("write the server's key as SHA256:…, as a line such as ssh-ed25519 AAAA…, or as its .pub file")
    return text


def _a_public_key(text: str) -> str:
    if not _PUBLIC_KEY.fullmatch(text):
        raise ValueError("write a public key as it stands in a .pub file: ssh-ed25519 AAAA… name")
    return text


def _a_rate(text: str) -> str:
    if text and (not _RATE.fullmatch(text) or not float(text.partition("/")[0])):
        raise ValueError("write rows in a time: 20/s, 600/min or 5000/h")
    return text


Server = Annotated[str, AfterValidator(_a_server)]
HostKey = Annotated[str, AfterValidator(_a_host_key)]
PublicKey = Annotated[str, AfterValidator(_a_public_key)]
Rate = Annotated[str, AfterValidator(_a_rate)]
Folder = Annotated[str, Field(max_length=250, pattern=r"^[^\x00-\x1f\x7f\\]*$")]
Below = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_][A-Za-z0-9._ -]*$")]
User = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._@-]+$")]
Path = Annotated[str, Field(max_length=500)]


class Selling(Part):
    """How a file's rows are sold: no faster than `rate`, no further once so many percent were refused, in the file's
    order or another, and at any hour or only between two.
    """

    rate: Rate = ""
    stop_percent: Annotated[int, Field(ge=1, le=100)] | None = None
    order: Literal["file", "best", "newest"] = "file"
    hours: Annotated[str, AfterValidator(_as_hours)] = ""


class DropDocument(PolledDocument):
    """A folder on a file server. What was imported is moved to `done` with its result, what could not be to `failed`.

    An FTPS server speaks TLS on port 990 from the first byte, on every other after it was asked.
    """

    kind: Literal["drop"]
    protocol: Literal["ftp", "ftps", "sftp"]
    server: Server
    folder: Folder = ""
    user: Annotated[str, Field(max_length=255)] = ""
    password: SecretName | None = None
    key_file: Path = ""  # a private key (PEM) on the exchange's own disk
    host_key: HostKey = ""  # of an SFTP server: without it nobody knows whom a password is told
    ca_file: Path = ""
    files: Annotated[str, Field(min_length=1, max_length=120)] = "*"
    done: Below = "done"
    failed: Below = "failed"
    selling: Selling = Selling()

    @model_validator(mode="after")
    def _sftp_is_pinned(self) -> DropDocument:
        if self.protocol == "sftp" and not self.host_key:
            raise ValueError("an SFTP server needs its host_key: ssh-keyscan HOST | ssh-keygen -lf -")
        if self.done == self.failed:
            raise ValueError("done and failed must be two folders")
        return self

    def secret_names(self) -> tuple[str, ...]:
        return (self.password,) if self.password is not None else ()

    def urls(self) -> Mapping[str, str]:
        """As a URL of the web: what is asked of its host is the same."""
        host, port = self.where
        return {"server": f"https://{f'[{host}]' if ':' in host else host}:{port}/"}

    @property
    def where(self) -> tuple[str, int]:
        found = _SERVER.fullmatch(self.server)
        assert found is not None
        return found[1].strip("[]"), int(found[2]) if found[2] else _PORTS[self.protocol]

    def place(self, secrets: Mapping[str, str]) -> Place:
        host, port = self.where
        password = secrets.get(self.password, "") if self.password is not None else ""
        return Place(
            self.protocol, host, port, self.folder, self.user, password, self.key_file, self.host_key, self.ca_file
        )

    def wants(self, name: str) -> bool:
        """Whether a file of this name is one of leads, and not still being written."""
        return not name.startswith(".") and not is_unfinished(name) and fnmatchcase(name.lower(), self.files.lower())


class InboxDocument(SourceDocument):
    """A drop of our own: its user pushes files by SFTP, with a password, a key, or either."""

    kind: Literal["inbox"]
    user: User
    password: SecretName | None = None
    keys: Annotated[tuple[PublicKey, ...], Field(max_length=20)] = ()
    selling: Selling = Selling()

    @model_validator(mode="after")
    def _has_a_way_in(self) -> InboxDocument:
        if self.password is None and not self.keys:
            raise ValueError("its user needs a password or a key")
        return self

    def secret_names(self) -> tuple[str, ...]:
        return (self.password,) if self.password is not None else ()


def is_unfinished(name: str) -> bool:
    """Whether a name says that its file is still being written; it gets its real one when it is whole."""
    return name.lower().endswith(_UNFINISHED)
