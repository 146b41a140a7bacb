"""Messages of form builders and advertising platforms: proved, and read as their document says."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from exchange import limits
from exchange.flows.doors import NotPolled
from exchange.flows.market import Market
from exchange.intake.changed import check
from exchange.intake.flat import Leaf, Unreadable, joined, shown, unreadable
from exchange.intake.json_in import read_json
from exchange.intake.trees import find, leaves, plain, refused, settled, text, whole
from exchange.model.source import Item
from exchange.model.wire import Lost
from exchange.sources.document import Source
from exchange.sources.hook import FetchDocument, HookDocument, Signature

CHANNEL = "webhook"
_FORM = "application/x-www-form-urlencoded"
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_NOTHING = "No field was found in it."
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
    if document.key_at is not None and not _same(_secret(source), text(find(document.key_at, message))):
        raise NotProven
    found = find(document.items, message) if document.items is not None else [message]
    if not isinstance(found, list):
        return ()
    if len(found) > limits.FIELDS:  # to take some of them and say that all is well would lose the rest
        return (replace(blank, problems=(f"The message holds more than {limits.FIELDS} leads.",)),)
    return tuple(_item(source, replace(blank, original=orjson.dumps(each)), each) for each in found)


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
    return whole(plain(read_json(text)))


def _utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        unreadable(f"The body is not UTF-8 (byte {error.start}).")


def _form(text: str) -> dict[str, str]:
    """A form's fields; a list is what has brackets behind its name, as PHP writes them."""
    try:
        pairs = parse_qsl(text.strip(), keep_blank_values=True, max_num_fields=limits.FIELDS)
    except ValueError:
        unreadable(f"More than {limits.FIELDS} fields were sent.", 422)
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        values = fields.setdefault(name.removesuffix("[]"), [])
        if values and values != [value] and not name.endswith("[]"):
            unreadable(f"{shown(name)} was sent more than once.", 422)
        if values != [value] or name.endswith("[]"):
            values.append(value)
    return {name: joined(values) if len(values) > 1 else values[0] for name, values in fields.items()}


def _item(source: Source, item: Item, lead: Any) -> Item:
    """One lead of a message with its fields, or with where they are to be fetched."""
    document = source.document
    assert isinstance(document, HookDocument)
    name = text(find(document.key, lead)) if document.key is not None else ""
    told = text(find(document.told, lead)) if document.told is not None else ""
    is_test = document.test is not None and find(document.test, lead) in _YES
    facts = (document.preset or document.title or document.name, *([told[: limits.GOT_CHARACTERS]] if told else []))
    item = replace(item, key=item.key or name, told=item.told or facts, test=is_test)
    try:
        found = _leaves(document, lead)
    except Unreadable as error:
        return refused(item, error.refused.message)
    if not found and document.fetch is not None:
        where = text(find(document.fetch.id, lead))
        if _ID.fullmatch(where):
            return replace(item, fields=None, problems=(), fetch=where)
    return settled(item, found, "json") if found else refused(item, _NOTHING)


def _leaves(document: HookDocument, lead: Any) -> list[Leaf]:
    found: list[Leaf] = []
    for pairs in document.pairs:
        elements = find(pairs.list, lead)
        for element in elements if isinstance(elements, list) else []:
            name, value = (text(find(place, element)) for place in (pairs.name, pairs.value))
            found.append((name, name, value))
    for place in document.members:
        members = find(place, lead)
        if isinstance(members, dict):
            found += leaves(members)
    return found


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
        told = whole(plain(read_json(reply.body.decode("utf-8", "replace"))))
    except Unreadable as error:
        told = {}
        if reply.status == 200:
            raise NotPolled(f"The lead cannot be read: {error.refused.message}") from None
    if reply.status in _REFUSED and find(document.fetch.gone, told):
        return replace(item, fields=None, problems=("The platform says that there is no such lead.",))
    check(reply)
    fetched = _item(source, replace(item, original=orjson.dumps(told)), told)
    if fetched.fetch and fetched.fields is None:  # else it would be fetched again, for ever
        return replace(fetched, problems=fetched.problems or (_NOTHING,))
    return fetched


def _url(source: Source, where: FetchDocument, lead_id: str, token: str) -> str:
    query = {"fields": where.fields} if where.fields else {}
    if where.proof:
        query["appsecret_proof"] = hmac.digest(_secret(source).encode(), token.encode(), "sha256").hex()
    return f"{where.base.rstrip('/')}/{lead_id}" + (f"?{urlencode(query)}" if query else "")
