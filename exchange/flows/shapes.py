"""Shapes as they stand: what the files say, and the documents made while the exchange runs beside or over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from exchange.flows.connection import Connection
from exchange.flows.verifier import ReadyVerifier
from exchange.model.form import Form
from exchange.model.teaching import Guess, Proposal, Seen, Taught, Template
from exchange.model.vertical import Vertical
from exchange.model.wire import Reply
from exchange.payments.protocol import Access, PaymentProvider
from exchange.sources.document import Source
from exchange.sources.form import BadForm, read_form
from exchange.storage.documents import DocumentRow

CONNECTION = "connection"
FORM = "form"
SOURCE = "source"
VERIFIER = "verifier"
VERTICAL = "vertical"

Document = Mapping[str, Any]
Secrets = Mapping[str, str]
Keyed = Callable[[Secrets], Connection]
"""A connection that waits for its secrets."""
KeyedSource = Callable[[Secrets], Source]
"""A source that waits for its secrets."""
KeyedVerifier = Callable[[Secrets], ReadyVerifier]
"""A verifier that waits for its secrets."""
KeyedPayments = Callable[[Secrets], "ReadyPayments | None"]
"""A payment provider that waits for its secrets; None while there are none."""
Made = Vertical | Keyed | KeyedSource | KeyedVerifier | Form


class ReadyPayments(NamedTuple):
    """The payment provider of this exchange, with what it takes to speak to it."""

    provider: PaymentProvider
    access: Access


def no_payments(_: Secrets) -> ReadyPayments | None:
    """Of an exchange without a provider."""
    return None


class DocumentProblems(Exception):
    """The document cannot be used. `problems` are sentences that begin with their place in it."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class FileDocument:
    """A connection's file: where it stands, and what it says."""

    path: str
    document: Document


class Teaching(Protocol):
    """What the buyers' side makes of replies and samples. Documents are as they are stored, stages `ping` or `post`.

    `values` names every value of a reply, `propose` makes rules of replies that are a yes and a no, `taught` and
    `proposed` return the document with them; `guess` reads a sample request under the names of our fields, of which
    some are parts of the consent record. The last three raise `ValueError`.
    """

    @property
    def presets(self) -> Mapping[str, str]: ...  # title by name
    @property
    def connectors(self) -> tuple[str, ...]: ...  # what a document may name
    @property
    def gallery(self) -> tuple[Template, ...]: ...  # usual buyers that are no web request
    def values(self, document: Document, stage: str, reply: Reply) -> tuple[Seen, ...]: ...
    def propose(
        self, document: Document, stage: str, accepted: Sequence[Reply], refused: Sequence[Reply]
    ) -> Proposal | None: ...
    def taught(self, document: Document, stage: str, told: Taught) -> Document: ...
    def proposed(self, document: Document, stage: str, proposal: Proposal) -> Document: ...
    def guess(self, sample: str, names: Mapping[str, str], consent: frozenset[str]) -> Guess: ...


@dataclass(frozen=True, slots=True)
class Workshop:
    """Makes shapes of documents. Whoever builds the market hands it in: flows know neither files nor buyers.

    `vertical`, `connection`, `source` and `verifier` raise `DocumentProblems`.
    """

    verticals: Mapping[str, Vertical]  # of the files, as the next two
    connections: Mapping[str, Keyed]
    sources: Mapping[str, KeyedSource]
    vertical: Callable[[str, Document], Vertical]
    connection: Callable[[str, Document], Keyed]
    source: Callable[[str, Document], KeyedSource]
    teaching: Teaching
    files: Mapping[str, FileDocument]  # of the connections
    written: Callable[[str], Document | None]  # what the file of a vertical says
    verifier: Callable[[str, Document], KeyedVerifier]
    forms: Mapping[str, Form] = field(default_factory=dict)  # of the files; a document lies over its file
    verifiers: Mapping[str, KeyedVerifier] = field(default_factory=dict)  # of the files
    payments: KeyedPayments = no_payments


@dataclass(frozen=True, slots=True)
class Shapes:
    """One moment's shapes, never changed. `problems` tell of documents that this release cannot use any more."""

    verticals: Mapping[str, Vertical]
    connections: Mapping[str, Connection]
    problems: tuple[str, ...] = ()
    made: Mapping[tuple[str, str, int], Made] = field(default_factory=dict)  # by kind, name and version
    sources: Mapping[str, Source] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)
    documents: Mapping[str, Document] = field(default_factory=dict)  # of the connections that no file makes
    verifiers: Mapping[str, ReadyVerifier] = field(default_factory=dict)
    payments: ReadyPayments | None = None


def compile_shapes(
    workshop: Workshop, rows: Sequence[DocumentRow], secrets: Secrets, before: Shapes | None = None
) -> Shapes:
    """The shapes of the files and of these documents. What was compiled `before` is not compiled again."""
    known = before.made if before is not None else {}
    made: dict[tuple[str, str, int], Any] = {}
    problems: list[str] = []
    for row in rows:
        key = (row.kind, row.name, row.version)
        try:
            made[key] = known[key] if key in known else make(workshop, row.kind, row.name, row.document)
        except DocumentProblems as error:
            problems += [f"{row.kind} {row.name}: {problem}" for problem in error.problems]
    verticals = {name: shape for (kind, name, _), shape in made.items() if kind == VERTICAL}
    connections = {name: shape for (kind, name, _), shape in made.items() if kind == CONNECTION}
    sources = {name: shape for (kind, name, _), shape in made.items() if kind == SOURCE}
    verifiers = {name: shape for (kind, name, _), shape in made.items() if kind == VERIFIER}
    return Shapes(
        {**workshop.verticals, **verticals},
        {name: keyed(secrets) for name, keyed in {**connections, **workshop.connections}.items()},
        tuple(problems),
        made,
        {name: keyed(secrets) for name, keyed in {**sources, **workshop.sources}.items()},
        {**workshop.forms, **{name: shape for (kind, name, _), shape in made.items() if kind == FORM}},
        {row.name: row.document for row in rows if row.kind == CONNECTION},
        {name: keyed(secrets) for name, keyed in {**verifiers, **workshop.verifiers}.items()},
        workshop.payments(secrets),
    )


def make(workshop: Workshop, kind: str, name: str, document: Document) -> Made:
    """The shape of one document. Raises `DocumentProblems`."""
    makes: Mapping[str, Callable[[str, Document], Made]] = {
        CONNECTION: workshop.connection,
        FORM: _form,
        SOURCE: workshop.source,
        VERIFIER: workshop.verifier,
        VERTICAL: workshop.vertical,
    }
    if kind not in makes:
        raise DocumentProblems([f"kind: {kind!r} is not one of {', '.join(sorted(makes))}"])
    return makes[kind](name, document)


def _form(name: str, document: Document) -> Form:
    try:
        return read_form(name, document)
    except BadForm as error:
        raise DocumentProblems(error.problems) from None
