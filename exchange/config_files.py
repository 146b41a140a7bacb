"""The files under `config_dir`, read and checked whole: every problem of every file at once, with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import verifiers as vendors
from buyers import connectors
from buyers.family import ConnectionProblems, Loaded
from buyers.loading import load_connection
from exchange.catalog import CatalogError, Presets, default_config, read_verticals
from exchange.flows.shapes import Document, FileDocument
from exchange.model.form import Form
from exchange.model.vertical import Vertical
from exchange.sources.document import SourceDocument
from exchange.sources.form import BadForm, read_form
from exchange.sources.read import BadSource, read_source
from exchange.yaml_files import read_file, read_yaml


@dataclass(frozen=True, slots=True)
class Catalog:
    """What the files under `config_dir` say. `presets` are there for documents that are made later."""

    verticals: Mapping[str, Vertical]
    connections: Mapping[str, Loaded]
    presets: Mapping[str, Mapping[str, Any]]
    files: Mapping[str, FileDocument]  # what the connections' files say
    sources: Mapping[str, SourceDocument] = field(default_factory=dict)
    source_presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)
    verifiers: Mapping[str, vendors.Loaded] = field(default_factory=dict)
    folder: Path | None = None  # where they lie

    def vertical_document(self, name: str) -> Document | None:
        """What the file of a vertical says now; None where it is gone or cannot be read."""
        if self.folder is None or name not in self.verticals:
            return None
        return _document(self.folder / "verticals" / f"{name}.yaml", name, [])


def load_catalog(folder: Path | None) -> Catalog:
    """Read and check all files. Raises `CatalogError` with every problem of every file."""
    catalog, problems = read_catalog(folder or default_config())
    if problems:
        raise CatalogError(problems)
    return catalog


def read_catalog(folder: Path, extra_connections: Path | None = None) -> tuple[Catalog, list[str]]:
    """What the sound files say, and every problem of the others."""
    problems: list[str] = []
    verticals = read_verticals(folder, problems)
    presets = Presets(folder / "presets", problems)
    found: dict[str, Loaded] = {}
    files: dict[str, FileDocument] = {}
    places = [(folder / "connections", "*/connection.yaml")]
    if extra_connections is not None:
        places.append((extra_connections, "*.yaml"))
    for place, pattern in places:
        for file in sorted(place.glob(pattern)):
            where = str(file.relative_to(folder) if file.is_relative_to(folder) else file)
            document = _document(file, where, problems)
            connection = _connection(document, where, presets, problems) if document is not None else None
            if document is None or connection is None:
                continue
            if connection.name in found:
                problems.append(f"{where}: connection: {connection.name} is the name of another file's connection too")
            found[connection.name] = connection
            files[connection.name] = FileDocument(where, document)
    source_presets = Presets(folder / "sources" / "presets", problems)
    sources, forms = _sources(folder, source_presets, problems), _forms(folder, problems)
    asked = _verifiers(folder, problems)
    return Catalog(verticals, found, presets, files, sources, source_presets, forms, asked, folder), problems


def without_file(folder: Path) -> list[str]:
    """Folders of connections and verifiers that lack the file which makes them one: nothing in them is in force."""
    return [
        f"{kind}/{place.name}: its file {file} is missing, so that nothing of it is in force"
        for kind, file in (("connections", "connection.yaml"), ("verifiers", "verifier.yaml"))
        for place in sorted((folder / kind).glob("*/"))
        if not (place / file).exists()
    ]


def _document(file: Path, where: str, problems: list[str]) -> Document | None:
    """What one file says; None when it cannot be read, which is then told with its place."""
    told = len(problems)
    content = read_file(file, where, problems)
    document = read_yaml(content, where, problems) if content is not None else None
    if isinstance(document, Mapping):
        return document
    if len(problems) == told:
        problems.append(f"{where}: document: is not a mapping of names to values")
    return None


def _documents(folder: Path, pattern: str, problems: list[str]) -> Iterator[tuple[Path, str, Document]]:
    """The files that can be read, their places among the others, and what they say."""
    for file in sorted(folder.glob(pattern)):
        where = str(file.relative_to(folder))
        if (document := _document(file, where, problems)) is not None:
            yield file, where, document


def _connection(
    document: Document, where: str, presets: Mapping[str, Mapping[str, Any]], problems: list[str]
) -> Loaded | None:
    """One document's connection; None when something is wrong with it, which is then told with its place."""
    try:
        return load_connection(document, presets, connectors())
    except ConnectionProblems as error:
        problems += [f"{where}: {problem.path}: {problem.message}" for problem in error.problems]
        return None


def _sources(folder: Path, presets: Presets, problems: list[str]) -> Mapping[str, SourceDocument]:
    """The sources of the files; what is wrong with the others is told with its place."""
    found: dict[str, SourceDocument] = {}
    for file in sorted((folder / "sources").glob("*.yaml")):
        where = f"sources/{file.name}"
        if (document := _document(file, where, problems)) is None:
            continue
        try:
            source = read_source(document, presets)
        except BadSource as error:
            problems += [f"{where}: {problem}" for problem in error.problems]
            continue
        if source.name in found:
            problems.append(f"{where}: source: {source.name} is the name of another file's source too")
        found[source.name] = source
    return found


def _forms(folder: Path, problems: list[str]) -> Mapping[str, Form]:
    """The forms of the files, by the names of the files."""
    found: dict[str, Form] = {}
    for file in sorted((folder / "forms").glob("*.yaml")):
        where = f"forms/{file.name}"
        if (document := _document(file, where, problems)) is None:
            continue
        try:
            found[file.stem] = read_form(file.stem, document)
        except BadForm as error:
            problems += [f"{where}: {problem}" for problem in error.problems]
    return found


def _verifiers(folder: Path, problems: list[str]) -> Mapping[str, vendors.Loaded]:
    """The verifiers of the files; what is wrong with the others is told with its place."""
    found: dict[str, vendors.Loaded] = {}
    for _, where, document in _documents(folder, "verifiers/*/verifier.yaml", problems):
        try:
            loaded = vendors.read(document)
        except vendors.VerifierProblems as error:
            problems += [f"{where}: {problem.path}: {problem.message}" for problem in error.problems]
            continue
        if loaded.name in found:
            problems.append(f"{where}: verifier: {loaded.name} is the name of another file's verifier too")
        found[loaded.name] = loaded
    return found
