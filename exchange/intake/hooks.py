"""Messages of form builders and advertising platforms: proved, and read as their document says."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jmespath
import orjson
from jmespath.exceptions import JMESPathError

from exchange import limits
from exchange.flows.doors import NotPolled
from exchange.flows.market import Market
from exchange.intake.changed import check
from exchange.intake.flat import Flat, Leaf, Pairs, Tree, Unreadable, joined, leaves_of, settle, shown, unreadable
from exchange.intake.json_in import read_json
from exchange.model.source import Item
from exchange.model.wire import Lost
from exchange.sources.document import Source
from exchange.sources.hook import FetchDocument, HookDocument, Signature

CHANNEL = "webhook"
_FORM = "application/x-www-form-urlencoded"
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_YES = (True, "true", "1")
_REFUSED = (400, 404)


class NotProven(Exception):
    """The message does not come from whoever holds the secret."""


def is_address(source: Source, given: str) -> bool:
    """Whether the last part of an address is the source's. A secret that nobody gave opens nothing."""
    document = source.document
    assert isinstance(document, HookDocument)
    return _same(source.secrets[document.address], given)


def is_word(source: Source, given: str) -> bool:
    """Whether this is the word that was agreed on for the handshake."""
    document = source.document
    assert isinstance(document, HookDocument)
    return document.verify is not None and _same(source.secrets[document.verify], given)


def _same(secret: str, given: str) -> bool:
    return bool(secret) and hmac.compare_digest(secret.encode(), given.encode("utf-8", "surrogateescape"))


def read_hook(
    source: Source, headers: Mapping[str, str], body: bytes, content_type: str, now: int, remote_ip: str
) -> tuple[Item, ...]:
    """The leads of one message. What cannot be read is one item with its problems. Raises `NotProven`."""
    document = source.document
    assert isinstance(document, HookDocument)
    if document.signature is not None and not _is_signed(source, document.signature, headers, body):
        raise NotProven
    blank = Item("", CHANNEL, None, body, content_type.partition(";")[0][:100], now, remote_ip=remote_ip)
    try:
        message = _tree(document, body, content_type)
    except Unreadable as error:
        told = tuple(problem.message for problem in error.refused.problems) or (error.refused.message,)
        return (replace(blank, problems=told),)
    if document.key_at is not None and not _same(_secret(source), _text(_find(document.key_at, message))):
        raise NotProven
    found = _find(document.items, message) if document.items is not None else [message]
    if not isinstance(found, list):
        return ()
    return tuple(_item(source, replace(blank, original=orjson.dumps(each)), each) for each in found[: limits.FIELDS])


def _secret(source: Source) -> str:
    document = source.document
    assert isinstance(document, HookDocument) and document.secret is not None
    return source.secrets[document.secret]


def _is_signed(source: Source, signature: Signature, headers: Mapping[str, str], body: bytes) -> bool:
    secret = _secret(source)
    digest = hmac.digest(secret.encode(), body, "sha256")
    written = digest.hex() if signature.encoding == "hex" else base64.b64encode(digest).decode()
    return bool(secret) and _same(signature.prefix + written, headers.get(signature.header, "").strip())


def _tree(document: HookDocument, body: bytes, content_type: str) -> Any:
    """The message as plain values, numbers as the text they were. Raises `Unreadable`, also for a name sent twice."""
    media = content_type.partition(";")[0].strip().lower()
    text = _utf8(body).removeprefix("\ufeff")
    if media == _FORM or (not text.lstrip().startswith("{") and "=" in text):
        fields = _form(text)
        if document.json_in is None:
            return fields
        if document.json_in not in fields:
            unreadable(f"The form has no field {document.json_in}.")
        text = fields[document.json_in]
    return _plain(read_json(text))


def _utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        unreadable(f"The body is not UTF-8 (byte {error.start}).")


def _form(text: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text.strip(), keep_blank_values=True, max_num_fields=limits.FIELDS)
    except ValueError:
        unreadable(f"More than {limits.FIELDS} fields were sent.", 422)
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name.removesuffix("[]"), []).append(value)
    return {name: joined(values) if len(values) > 1 else values[0] for name, values in fields.items()}


def _plain(tree: Tree) -> Any:
    if isinstance(tree, tuple):
        made = {name: _plain(value) for name, value in tree}
        if len(made) < len(tree):
            twice = next(name for name in made if [each for each, _ in tree].count(name) > 1)
            unreadable(f"{shown(twice)} was sent more than once.", 422)
        return made
    return [_plain(each) for each in tree] if isinstance(tree, list) else tree


def _item(source: Source, item: Item, lead: Any) -> Item:
    """One lead of a message with its fields, or with where they are to be fetched."""
    document = source.document
    assert isinstance(document, HookDocument)
    name = _text(_find(document.key, lead)) if document.key is not None else ""
    told = _text(_find(document.told, lead)) if document.told is not None else ""
    is_test = document.test is not None and _find(document.test, lead) in _YES
    facts = (document.preset or document.title or document.name, *([told[: limits.GOT_CHARACTERS]] if told else []))
    item = replace(item, key=item.key or name, told=item.told or facts, test=is_test)
    leaves = _leaves(document, lead)
    if not leaves and document.fetch is not None:
        where = _text(_find(document.fetch.id, lead))
        if _ID.fullmatch(where):
            return replace(item, fields=None, problems=(), fetch=where)
    if not leaves:
        return replace(item, fields=None, problems=("No field was found in it.",))
    try:
        found = settle(leaves, [], "json")
    except Unreadable as error:
        found = error.refused
    if isinstance(found, Flat):
        return replace(item, fields=found.fields, problems=())
    return replace(item, fields=None, problems=tuple(each.message for each in found.problems) or (found.message,))


def _leaves(document: HookDocument, lead: Any) -> list[Leaf]:
    leaves: list[Leaf] = []
    for pairs in document.pairs:
        found = _find(pairs.list, lead)
        for element in found if isinstance(found, list) else []:
            name, value = (_text(_find(place, element)) for place in (pairs.name, pairs.value))
            leaves.append((name, name, value))
    for place in document.members:
        found = _find(place, lead)
        if isinstance(found, dict):
            leaves += leaves_of(_pairs(found))[0]
    return [(full, short, " ".join(value.split())) for full, short, value in leaves]


def _find(place: str, tree: Any) -> Any:
    """What is at a place; nothing when the message is not of the shape that the place speaks of."""
    try:
        return jmespath.search(place, tree)
    except JMESPathError:
        return None


def _pairs(found: Mapping[str, Any]) -> Pairs:
    return tuple((name, _back(value)) for name, value in found.items())


def _back(value: Any) -> Tree:
    if isinstance(value, dict):
        return _pairs(value)
    return [_back(each) for each in value] if isinstance(value, list) else value


def _text(value: Any) -> str:
    if isinstance(value, list):
        return joined([_text(each) for each in value])
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else ""


def read(source: Source, item: Item) -> Item:
    """A message that was kept, again."""
    try:
        return _item(source, item, orjson.loads(item.original))
    except orjson.JSONDecodeError:
        return item


async def fetch(market: Market, source: Source, item: Item) -> Item:
    """The lead that a message points at. Raises `NotPolled` when it may be there later, or once we are let in."""
    document = source.document
    assert isinstance(document, HookDocument) and document.fetch is not None and document.access_token is not None
    token = source.secrets[document.access_token]
    if not token:
        raise NotPolled(f"The secret {document.access_token} is not set.")
    url = _url(source, document.fetch, item.fetch, token)
    reply = await market.outside.get(f"source:{source.name}", url, {"Authorization": f"Bearer {token}"})
    if isinstance(reply, Lost):
        raise NotPolled(reply.detail or reply.why.slug.replace("_", " "))
    try:
        told = _plain(read_json(reply.body.decode("utf-8", "replace")))
    except Unreadable as error:
        told = {}
        if reply.status == 200:
            raise NotPolled(f"The lead cannot be read: {error.refused.message}") from None
    if reply.status in _REFUSED and _find(document.fetch.gone, told):
        return replace(item, fields=None, problems=("The platform says that there is no such lead.",))
    check(reply)
    fetched = _item(source, replace(item, original=orjson.dumps(told)), told)
    if fetched.fetch and fetched.fields is None:  # else it would be fetched again, for ever
        return replace(fetched, problems=fetched.problems or ("No field was found in it.",))
    return fetched


def _url(source: Source, where: FetchDocument, lead_id: str, token: str) -> str:
    query = {"fields": where.fields} if where.fields else {}
    if where.proof:
        query["appsecret_proof"] = hmac.digest(_secret(source).encode(), token.encode(), "sha256").hex()
    return f"{where.base.rstrip('/')}/{lead_id}" + (f"?{urlencode(query)}" if query else "")
