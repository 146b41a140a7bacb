"""A connection over HTTP: one document that says how to speak to a buyer and how to read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from buyers.family import ConnectionProblems, Presets, Problem, laid_over, name_of
from buyers.mapping.bodies import check_body
from buyers.mapping.document import Request, Step, Transport
from buyers.mapping.messages import compile_request, values_of
from buyers.mapping.transport import transport_secrets
from buyers.mapping.values import fields_of, secrets_of
from buyers.reading import Reader, StageRules
from buyers.reading.rules import Rules, Scalar
from exchange import limits
from exchange.connector import DEFAULT_PROFILE, Profile

STAGES = ("ping", "post", "ask", "return", "revoke")
ENCODINGS: Mapping[str, str] = {
    "form_http": "form",
    "json_http": "json",
    "xml_http": "xml",
    "soap_http": "soap",
}


class StageDocument(Request):
    """A request and how its reply is read. `steps` are sent before it, in order, and deliver nothing."""

    steps: list[Step] = Field(default_factory=list, max_length=limits.STEPS_BEFORE)
    reading: StageRules


class ConnectionDocument(Rules):
    """The whole document. `not_taken` and `busy` are HTTP statuses of a post whose body no rule knows."""

    connection: str = Field(min_length=1, max_length=80)
    title: str = ""
    about: str = ""
    connector: Literal["form_http", "json_http", "xml_http", "soap_http"]
    preset: str | None = None
    variant: str | None = None
    ping: StageDocument | None = None
    post: StageDocument
    ask: StageDocument | None = None
    revoke: StageDocument | None = None  # tells the buyer that a consumer took the consent back
    transport: Transport | None = None
    returns: StageDocument | None = Field(default=None, alias="return")
    repeats_safely: bool = False
    later: bool = False  # the worker delivers, not the request: for a buyer too slow for a seller that waits
    seconds: float = Field(default=30.0, ge=1, le=120)  # how long it may then take
    not_taken: list[int] = Field(default_factory=lambda: sorted(DEFAULT_PROFILE.not_taken))
    busy: list[int] = Field(default_factory=lambda: sorted(DEFAULT_PROFILE.busy))
    tags: list[Scalar] = Field(default_factory=list)

    @model_validator(mode="after")
    def _can_be_decided(self) -> ConnectionDocument:
        wanted = {
            "ping": {"accepted"},
            "post": {"accepted", "queued"},
            "ask": {"accepted", "rejected"},
            "revoke": {"accepted"},
        }
        for stage, means in wanted.items():
            document: StageDocument | None = getattr(self, stage)
            if document is not None and not means & {outcome.means for outcome in document.reading.outcomes}:
                raise ValueError(f"{stage}.reading has no rule for {' or '.join(sorted(means))}")
        return self


@dataclass(frozen=True, slots=True)
class Connection:
    """A document found good. `secrets` and `fields` are the names its messages draw on."""

    name: str
    document: ConnectionDocument
    readers: Mapping[str, Reader]
    secrets: frozenset[str]
    fields: Mapping[str, frozenset[str]]  # by stage

    @property
    def connector(self) -> str:
        return self.document.connector

    @property
    def profile(self) -> Profile:
        return Profile(frozenset(self.document.not_taken), frozenset(self.document.busy))

    @property
    def urls(self) -> Mapping[str, str]:
        """Every address it speaks to, by its place in the document."""
        told: dict[str, str] = {}
        for stage in STAGES:
            if (document := stage_document(self.document, stage)) is not None:
                told[f"{stage}.url"] = document.url
                told |= {f"{stage}.steps.{number}.url": step.url for number, step in enumerate(document.steps)}
        transport = self.document.transport
        if transport is not None and transport.proxy is not None and transport.proxy.constant is not None:
            told["transport.proxy"] = transport.proxy.constant
        return told

    @classmethod
    def load(cls, document: Mapping[str, Any], presets: Presets) -> Connection:
        """Lay the document over its preset and check all of it. Raises `ConnectionProblems`."""
        return cls.read(name_of(document), laid_over(document, presets))

    @classmethod
    def read(cls, name: str, laid: Mapping[str, Any]) -> Connection:
        """Check a document that was laid over its preset. Raises `ConnectionProblems`."""
        try:
            model = ConnectionDocument.model_validate(laid)
        except ValidationError as error:
            raise ConnectionProblems.of(name, error) from None
        stages = {stage: found for stage in STAGES if (found := stage_document(model, stage)) is not None}
        readers, problems = _compiled(stages, ENCODINGS[model.connector])
        if problems:
            raise ConnectionProblems(name, problems)
        values = {stage: _values(found) for stage, found in stages.items()}
        return cls(
            name,
            model,
            readers,
            frozenset().union(
                *(secrets_of(value) for found in values.values() for value in found),
                transport_secrets(model.transport) if model.transport is not None else (),
            ),
            {
                stage: frozenset().union(*(fields_of(value) for value in found)) if found else frozenset()
                for stage, found in values.items()
            },
        )


def stage_document(document: ConnectionDocument, stage: str) -> StageDocument | None:
    found: StageDocument | None = getattr(document, "returns" if stage == "return" else stage)
    return found


def _values(stage: StageDocument) -> list[Any]:
    return [value for request in (*stage.steps, stage) for value in values_of(request)]


def _compiled(stages: Mapping[str, StageDocument], encoding: str) -> tuple[dict[str, Reader], list[Problem]]:
    """What only shows when it is put together: contradicting tests, bodies that do not fit their encoding."""
    readers: dict[str, Reader] = {}
    problems: list[Problem] = []
    for stage, document in stages.items():
        try:
            readers[stage] = Reader.compile(document.reading, stage)
        except ValueError as why:
            problems.append(Problem(f"{stage}.reading", str(why)))
        for index, request in enumerate([*document.steps, document]):
            try:
                check_body(request.kind or encoding, request)
                compile_request(request, encoding, delivers=False)
            except ValueError as why:
                path = f"{stage}.steps.{index}" if index < len(document.steps) else stage
                problems.append(Problem(f"{path}.body", str(why)))
    return readers, problems
