"""A message nobody could read, as its shape: names of fields stay, every value is hidden.

Nothing is known of such a message, so nothing in it can be told from a name or a phone: what is no label is hidden.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from exchange.web.story.masking import HIDDEN

SHOWN_CHARACTERS = 4_000
_LABEL = re.compile(r"^(\s*[A-Za-z][\w .()/'-]{0,39}?\s*[:=])(.*)$", re.DOTALL)
_TAGS = re.compile(r"(<[^<>]*>)")
_TAG = re.compile(r"""(</?[A-Za-z_][\w:.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*/?>""")
_ATTRIBUTE = re.compile(r"""([\w:.-]+)\s*=\s*(?:"[^"]*"|'[^']*')""")
_WORDS = re.compile(r"[^\W_]+(?:[ \t]*[^\s<>:;,]*[^\W_]+)*")


def shape_of(data: bytes) -> str:
    """The first characters of a message with every value hidden."""
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError:
        text = data[: 4 * SHOWN_CHARACTERS].decode("utf-8", "replace")
        return "\n".join(_line(line) for line in text.splitlines())[:SHOWN_CHARACTERS]
    if pairs := _pairs(told):
        return "\n".join(f"{name}: {HIDDEN if value else ''}" for name, value in pairs)[:SHOWN_CHARACTERS]
    return orjson.dumps(_hidden(told), option=orjson.OPT_INDENT_2).decode()[:SHOWN_CHARACTERS]


def _pairs(told: Any) -> list[tuple[str, str]]:
    """A list of names and values, as an entry of a feed is kept; empty when it is anything else."""
    if not isinstance(told, list) or not all(isinstance(each, list) and len(each) == 2 for each in told):
        return []
    return [(str(name), str(value)) for name, value in told]


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _hidden(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_hidden(each) for each in value]
    return HIDDEN if value not in ("", None, True, False) else value


def _line(line: str) -> str:
    if "<" in line:
        parts = _TAGS.split(line)
        return "".join(_tag(part) if index % 2 else _WORDS.sub(HIDDEN, part) for index, part in enumerate(parts))
    label = _LABEL.match(line)
    return label[1] + _WORDS.sub(HIDDEN, label[2]) if label is not None else _WORDS.sub(HIDDEN, line)


def _tag(tag: str) -> str:
    """A tag with the names of its attributes; what only looks like one is hidden whole."""
    found = _TAG.fullmatch(tag)
    if found is None:
        return "<?>" if tag.startswith("<?") else HIDDEN
    return found[1] + "".join(f" {name}={HIDDEN}" for name in _ATTRIBUTE.findall(found[2])) + ">"
