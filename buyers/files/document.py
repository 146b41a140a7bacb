"""A connection by files as people write it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from buyers.mapping.document import Value
from buyers.reading.rules import Rules, Scalar
from buyers.rows import compile_columns
from exchange import limits

PORTS = {"ftp": 21, "ftps": 21, "sftp": 22}
_SERVER = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?")
_ELEMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
_HOST_KEY = re.compile(r"SHA256:[A-Za-z0-9+/]{43}|(?:ssh|ecdsa|sk)-[A-Za-z0-9@.-]{1,60} [A-Za-z0-9+/=]{16,1000}")


def _a_server(text: str) -> str:
    found = _SERVER.fullmatch(text)
    if found is None or (found[2] is not None and not 1 <= int(found[2]) <= 65_535):
        raise ValueError("write the server, and its port if it is not the usual one: files.acme.example:2222")
    return text


def _a_host_key(text: str) -> str:
    if text and not _HOST_KEY.fullmatch(text) and not (text.startswith("/") and text.endswith(".pub")):
        raise ValueError("write the server's key as SHA256:…, as a line such as ssh-ed25519 AAAA…, or as its .pub file")
    return text


def _told_columns(columns: dict[str, Value]) -> dict[str, Value]:
    compile_columns(columns)
    return columns


Columns = Annotated[dict[str, Value], Field(max_length=limits.FIELDS), AfterValidator(_told_columns)]
Path = Annotated[str, Field(max_length=500)]
Folder = Annotated[str, Field(max_length=250, pattern=r"^[^\x00-\x1f\x7f\\]*$")]


class SecretName(Rules):
    secret: str = Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")


class FilesDocument(Rules):
    """The whole document. `columns` are those of the file, each with its value; left out: every field by its name.

    An FTPS server speaks TLS on port 990 from the first byte, on every other after it was asked. An SFTP server is
    spoken to only once its `host_key` is known.
    """

    connection: str = Field(min_length=1, max_length=80)
    title: str = ""
    about: str = ""
    connector: Literal["files"]
    preset: str | None = None
    variant: str | None = None
    protocol: Literal["ftp", "ftps", "sftp"]
    server: Annotated[str, AfterValidator(_a_server)]
    folder: Folder = ""
    user: str = Field(default="", max_length=200)
    password: SecretName | None = None
    key_file: Path = ""  # a private key (PEM) on the exchange's own disk
    host_key: Annotated[str, AfterValidator(_a_host_key)] = ""
    ca_file: Path = ""
    format: Literal["csv", "jsonl", "xlsx", "xml"] = "csv"
    columns: Columns = Field(default_factory=dict)
    seconds: float = Field(default=60.0, ge=1, le=limits.FILE_SECONDS_MOST)
    tags: list[Scalar] = Field(default_factory=list)

    @model_validator(mode="after")
    def _signs_in(self) -> FilesDocument:
        if self.protocol == "sftp" and not (self.user and (self.password or self.key_file)):
            raise ValueError("an SFTP server is signed in to with a user and a password or a key_file")
        if self.protocol != "sftp" and (self.host_key or self.key_file):
            raise ValueError("host_key and key_file are for sftp")
        if self.ca_file and self.protocol != "ftps":
            raise ValueError("ca_file is for ftps")
        return self

    @model_validator(mode="after")
    def _names_elements(self) -> FilesDocument:
        wrong = [name for name in self.columns if not _ELEMENT.fullmatch(name)] if self.format == "xml" else []
        if wrong:
            raise ValueError(f"columns: {wrong[0]!r} is no name that an element of XML can have")
        return self

    @property
    def host(self) -> str:
        found = _SERVER.fullmatch(self.server)
        assert found is not None
        return found[1].strip("[]")

    @property
    def port(self) -> int:
        found = _SERVER.fullmatch(self.server)
        assert found is not None
        return int(found[2]) if found[2] else PORTS[self.protocol]
