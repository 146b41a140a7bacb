"""The reports in a text: JSON, XML, CSV or a form as plain objects. Numbers stay the text they were."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from urllib.parse import parse_qsl

import jmespath
from jmespath.exceptions import JMESPathError

from buyers.reading.markup import parse_xml
from buyers.reading.unreadable import Unreadable
from exchange import limits
from exchange.connector import BadReply
from exchange.model.feedback import storable

_DEPTH = 40


def tree_of(body: bytes, format: str, items: str | None) -> Any:
    """The whole text as plain values. Raises `BadReply` for what cannot be read to its end."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadReply("it is not UTF-8") from None
    try:
        return _READ[format](text.strip(), items)
    except (ValueError, RecursionError, csv.Error, Unreadable) as error:
        raise BadReply(f"it is no {format.upper()}: {type(error).__name__}") from None


def items_of(tree: Any, items: str | None) -> list[Any]:
    """The objects that may be reports. Raises `BadReply` where there is no list of them."""
    found = find(items, tree) if items is not None else tree
    if isinstance(found, dict):
        return [found]
    if not isinstance(found, list):
        raise BadReply("there is no list of reports in it")
    if len(found) > limits.REPORTS_AT_ONCE:
        raise BadReply(f"it holds more than {limits.REPORTS_AT_ONCE} reports")
    return found


def find(place: str, tree: Any) -> Any:
    """What is at a place; nothing where the object is of another shape."""
    try:
        return jmespath.search(place, tree)
    except JMESPathError:
        return None


def text(value: Any) -> str:
    """A value as one text; nothing for an object or a list."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return storable(value).strip() if isinstance(value, str) else ""


def _json(text: str, _: str | None) -> Any:
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=str) if text else []


def _csv(text: str, _: str | None) -> Any:
    delimiter = max(",;\t|", key=text.partition("\n")[0].count)
    return [
        {name.strip(): value for name, value in row.items() if isinstance(name, str) and isinstance(value, str)}
        for row in csv.DictReader(io.StringIO(text), delimiter=delimiter)
    ]


def _form(text: str, _: str | None) -> Any:
    return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=limits.FIELDS))


def _xml(text: str, items: str | None) -> Any:
    """Every element of the name, wherever it stands."""
    root = parse_xml(text)
    wanted = (items or "").casefold()
    found = [_object(each, 0) for each in root.iter() if str(each.tag).casefold() == wanted]
    return {items: found} if items is not None else found


def _object(element: Any, depth: int) -> Any:
    """Its children by name, a list where a name comes again, and its attributes with @; the text of one that has
    neither."""
    if depth > _DEPTH:
        raise ValueError("it is nested too deep")
    children = list(element)
    if not children and not element.attrib:
        return (element.text or "").strip()
    found: dict[str, Any] = {f"@{name}": value for name, value in element.attrib.items()}
    if not children:
        found["text"] = (element.text or "").strip()
    for child in children:
        value, name = _object(child, depth + 1), str(child.tag)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


_READ = {"json": _json, "xml": _xml, "csv": _csv, "form": _form}
