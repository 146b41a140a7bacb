"""A connection made of a template: what was typed takes its places in the document, and secrets are kept apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from exchange.flows.documents import save_secret
from exchange.flows.market import Market
from exchange.flows.shapes import DocumentProblems
from exchange.model.actor import Actor
from exchange.model.teaching import Ask, Template
from exchange.stages.buyer_terms import Wrong


def templates(market: Market) -> Mapping[str, Template]:
    return {template.name: template for template in market.workshop.teaching.gallery}


def field_of(template: Template, ask: Ask) -> str:
    """What it is called on a form, where all templates are side by side."""
    return f"{template.name}_{ask.name}"


def typed_fields(market: Market) -> Iterator[str]:
    """What may be kept of a form: all that is asked and is no secret."""
    for template in market.workshop.teaching.gallery:
        yield from (field_of(template, ask) for ask in template.asks if not ask.secret)


def template_problems(template: Template, typed: Mapping[str, str]) -> Iterator[Wrong]:
    """Secrets may follow: the connection says that they are missing, and does not go live without them."""
    for ask in template.asks:
        name = field_of(template, ask)
        text = typed.get(name, "").strip()
        if not (text or ask.optional or ask.secret or ask.options):
            yield Wrong(name, f"Give it: {ask.label}.")
        if ask.options and text not in ("", *ask.options):
            yield Wrong(name, f"Choose one of {', '.join(ask.options)}.")


def document_from(template: Template, connection: str, title: str, typed: Mapping[str, str]) -> dict[str, Any]:
    """The document of a connection of this name. What was left empty is left out."""
    document: dict[str, Any] = {"connection": connection, "title": title, **template.says}
    for ask in template.asks:
        value = _value(ask, connection, typed.get(field_of(template, ask), "").strip())
        if value is not None:
            *above, last = ask.place.split(".")
            inside = document
            for name in above:
                inside = inside.setdefault(name, {})
            inside[last] = value
    return document


def _value(ask: Ask, connection: str, text: str) -> Any:
    if ask.secret:
        return {"secret": _secret_name(connection, ask)}
    if ask.many:
        return [each.strip() for each in text.split(",") if each.strip()] or None
    return text or (ask.options[0] if ask.options else None)


async def keep_secrets(
    market: Market, template: Template, connection: str, given: Mapping[str, str], actor: Actor
) -> None:
    """What was typed of its secrets; one that was left empty stays as it is."""
    for ask in template.asks:
        text = given.get(field_of(template, ask), "").strip() if ask.secret else ""
        if text:
            await save_secret(market, _secret_name(connection, ask), text, actor)


def _secret_name(connection: str, ask: Ask) -> str:
    return f"{connection}_{ask.name}"[-60:].lstrip("_0123456789")


def told_by_field(template: Template, error: DocumentProblems) -> Iterable[Wrong]:
    """What is wrong with its document, each at the field of the form that it is about; at none: of the whole."""
    for problem in error.problems:
        place, sign, told = problem.partition(": ")
        found = next((ask for ask in template.asks if sign and f"{place}.".startswith(f"{ask.place}.")), None)
        yield Wrong(field_of(template, found), told[:1].upper() + told[1:]) if found is not None else Wrong("", problem)
