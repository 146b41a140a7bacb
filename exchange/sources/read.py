"""A source's document read by its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from exchange.sources.document import SourceDocument
from exchange.sources.drop import DropDocument, InboxDocument
from exchange.sources.feed import FeedDocument
from exchange.sources.hook import HookDocument
from exchange.sources.mail import MailboxDocument, MailDocument
from exchange.sources.pull import PullDocument

_PARTS = ("columns", "fetch")
Presets = Mapping[str, Mapping[str, Any]]


class BadSource(Exception):
    """The document cannot be used. `problems` are sentences that begin with their place in it."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


def kinds() -> Mapping[str, type[SourceDocument]]:
    """Every kind of source and its document, in alphabetical order."""
    return {
        "drop": DropDocument,
        "feed": FeedDocument,
        "hook": HookDocument,
        "inbox": InboxDocument,
        "mail": MailDocument,
        "mailbox": MailboxDocument,
        "pull": PullDocument,
    }


def read_source(document: Mapping[str, Any], presets: Presets) -> SourceDocument:
    """A document, laid over its preset if it names one. Raises `BadSource` with everything that is wrong."""
    document = _laid_over(document, presets)
    kind = document.get("kind")
    known = kinds()
    if not isinstance(kind, str) or kind not in known:
        raise BadSource([f"kind: {kind!r} is not one of {', '.join(known)}"])
    try:
        return known[kind].model_validate(document)
    except ValidationError as error:
        raise BadSource([_told(each) for each in error.errors(include_url=False, include_context=False)]) from None


def _laid_over(document: Mapping[str, Any], presets: Presets) -> Mapping[str, Any]:
    """What the document says goes before what its preset does; of `columns` and `fetch` each name by itself."""
    name = document.get("preset")
    if name is None:
        return document
    if not isinstance(name, str) or name not in presets:
        raise BadSource([f"preset: {name!r} is not one of {', '.join(sorted(presets))}"])
    preset = presets[name]
    laid = {part: {**preset[part], **document.get(part, {})} for part in _PARTS if _both(preset, document, part)}
    return {**preset, **document, **laid}


def _both(preset: Mapping[str, Any], document: Mapping[str, Any], part: str) -> bool:
    return part in preset and isinstance(document.get(part, {}), Mapping)


def _told(problem: Any) -> str:
    place = ".".join(str(step) for step in problem["loc"]) or "document"
    if problem["type"] == "extra_forbidden":
        return f"{place}: is not a known key"
    return f"{place}: {problem['msg'].removeprefix('Value error, ')}"
