"""Name and value pairs in: `application/x-www-form-urlencoded` bodies, query strings, and `multipart/form-data`."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from exchange import limits
from exchange.intake.flat import EDGES, Leaf, joined, too_deep, too_many_fields, unreadable

_BRACKETS = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])+)")
_DISPOSITION = re.compile(r'form-data\s*;(?:[^"]*;)?\s*name\s*=\s*(?:"((?:[^"\\]|\\.)*+)"|([^\s;"]+))', re.IGNORECASE)
_FILENAME = re.compile(r';\s*filename\*?\s*=\s*"?([^";]*)', re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_PERCENTS = 4 * limits.FIELD_CHARACTERS  # a character is at most four escapes
_PART_HEADERS_BYTES = 4096
_PLAIN_TRANSFER = frozenset({"7bit", "8bit", "binary"})


def read_form(text: str) -> list[Leaf]:
    """The leaves of `a=1&b=2`. Raises `Unreadable`."""
    if text.count("&") > 2 * limits.FIELDS:
        too_many_fields()
    pairs = []
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            pairs.append((_plain(name), _plain(value)))
    return leaves_of_pairs(pairs)


def _plain(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    if text.count("%") > _PERCENTS:
        unreadable(f"Form: a percent-encoded value is longer than {limits.FIELD_CHARACTERS:,} characters.", 422)
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeError:
        unreadable("Form: a percent-encoded value is not UTF-8.")


def leaves_of_pairs(pairs: list[tuple[str, str]]) -> list[Leaf]:
    """Leaves by name. `contact[zip]` is the `zip` inside `contact`; `a[]` or `a[0]`, `a[1]` are the list `a`."""
    leaves: list[Leaf] = []
    lists: dict[tuple[str, str], tuple[int, list[str]]] = {}
    for name, value in pairs:
        found = _BRACKETS.fullmatch(name) if "[" in name else None
        if found is None:
            leaves.append((name, name, value))
            continue
        full, short, is_item = _bracketed(found)
        if not is_item:
            leaves.append((full, short, value))
            continue
        place, items = lists.setdefault((full, short), (len(leaves), []))
        if not items:
            leaves.append((full, short, ""))
        items.append(value.strip(EDGES))
    for (full, short), (place, items) in lists.items():
        leaves[place] = (full, short, joined(items))
    return leaves


def _bracketed(found: re.Match[str]) -> tuple[str, str, bool]:
    """The full name, the short name, and whether the pair is one item of a list."""
    parts = [found[1], *found[2][1:-1].split("][")]
    if len(parts) > limits.DEPTH:
        too_deep("Form")
    is_item = not parts[-1] or parts[-1].isdecimal()
    if is_item:
        parts.pop()
    full = ".".join(parts)
    numbered = any(not part or part.isdecimal() for part in parts)
    return full, full if numbered else parts[-1], is_item


def read_multipart(body: bytes, boundary: str) -> list[Leaf]:
    """The leaves of the text parts of `body`. Files are not taken. Raises `Unreadable`."""
    if not _BOUNDARY.fullmatch(boundary):
        unreadable("Multipart: the content type carries no usable boundary.")
    mark = b"\r\n--" + boundary.encode("ascii")
    body = b"\r\n" + body
    if body.count(mark) > limits.FIELDS + 1:
        too_many_fields()
    _, *parts = body.split(mark)
    if not parts:
        unreadable("Multipart: the boundary of the content type does not occur in the body.")
    if not parts[-1].startswith(b"--"):
        unreadable("Multipart: the body ends before its closing boundary.")
    pairs = [_part(part, number) for number, part in enumerate(parts[:-1], 1)]
    return leaves_of_pairs(pairs)


def _part(part: bytes, number: int) -> tuple[str, str]:
    head, blank, content = part.partition(b"\r\n\r\n")
    if not blank or not head.lstrip(b" \t").startswith(b"\r\n") or len(head) > _PART_HEADERS_BYTES:
        unreadable(f"Multipart: part {number} has no readable headers.")
    headers = _headers(_text(head, number))
    found = _DISPOSITION.match(headers.get("content-disposition", ""))
    if found is None:
        unreadable(f"Multipart: part {number} does not say which field it is.")
    file = _FILENAME.search(headers["content-disposition"], found.end())
    if file is not None and (file[1] or content):
        unreadable(f"Multipart: part {number} is a file; only text fields are taken.", 422)
    _check_part_type(headers, number)
    name = found[2] if found[1] is None else re.sub(r'\\(["\\])', r"\1", found[1])
    return name, _text(content, number)


def _headers(text: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in text.split("\r\n"):
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    return headers


def _check_part_type(headers: dict[str, str], number: int) -> None:
    charset = _CHARSET.search(headers.get("content-type", ""))
    if charset and charset[1].lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
        unreadable(f"Multipart: part {number} is not in UTF-8.", 415)
    if headers.get("content-transfer-encoding", "8bit").lower() not in _PLAIN_TRANSFER:
        unreadable(f"Multipart: part {number} has a transfer encoding; send plain text.", 415)


def _text(content: bytes, number: int) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        unreadable(f"Multipart: part {number} is not UTF-8.")
