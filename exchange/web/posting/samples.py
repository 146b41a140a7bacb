"""Requests that run as they stand: the same fields for curl, PHP, Python, Node, and as XML."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from markupsafe import Markup

from exchange.model.spec import Spec
from exchange.stages.respond import rfc3339

Pairs = Sequence[tuple[str, str]]
_ALWAYS = frozenset({"sub_id1", "ip_address"})
"""Sent in every sample where they may be: nobody should go without."""


class Sample(NamedTuple):
    """`name` is the tab's, `code` runs."""

    key: str
    name: str
    code: str


def sample_pairs(spec: Spec, call: str, now: int) -> tuple[tuple[str, str], ...]:
    """What a `ping` or a `post` needs, each with its example."""
    return tuple(
        (line.name, rfc3339(now) if line.type == "instant" else line.example)
        for line in spec.fields
        if line.name != "campaign_key" and line.sent(call) and (line.needed(call, now) or line.name in _ALWAYS)
    )


def samples(url: str, key: str, pairs: Pairs) -> tuple[Sample, ...]:
    """`url` is the call's, `key` goes into a header."""
    made: tuple[tuple[str, str, Callable[[str, str, Pairs], str]], ...] = (
        ("curl", "curl", _curl),
        ("php", "PHP", _php),
        ("python", "Python", _python),
        ("node", "Node", _node),
        ("xml", "XML", _xml),
    )
    return tuple(Sample(name, title, write(url, key, pairs)) for name, title, write in made)


def body_of(pairs: Pairs, form: str) -> str:
    """The fields as a body to edit: JSON and XML with a line for each; a form is one field a line too."""
    if form == "json":
        return json.dumps(dict(pairs), indent=2, ensure_ascii=False)
    if form == "xml":
        return _lead(pairs)
    return "&\n".join(urlencode([pair]) for pair in pairs)


def painted(code: str) -> Markup:
    """The code with its texts in a colour of their own."""
    parts: list[str] = []
    rest = code
    while rest:
        begins = min((at for at in (rest.find('"'), rest.find("'")) if at >= 0), default=-1)
        ends = _end(rest, begins) if begins >= 0 else -1
        if ends < 0:
            return Markup("").join((*parts, rest))
        parts += [rest[:begins], Markup('<span class="s">{}</span>').format(rest[begins : ends + 1])]
        rest = rest[ends + 1 :]
    return Markup("").join(parts)


def _end(text: str, begins: int) -> int:
    """Where a quoted text ends, on its own line; -1 when it does not."""
    mark, at = text[begins], begins + 1
    while at < len(text) and text[at] != "\n":
        if text[at] == "\\":
            at += 1
        elif text[at] == mark:
            return at
        at += 1
    return -1


def _curl(url: str, key: str, pairs: Pairs) -> str:
    lines = [f"curl {shlex.quote(url)}", f"-H {shlex.quote(f'Authorization: Bearer {key}')}"]
    lines += [f"--data-urlencode {_always_quoted(f'{name}={value}')}" for name, value in pairs]
    return " \\\n  ".join(lines)


def _always_quoted(text: str) -> str:
    quoted = shlex.quote(text)
    return quoted if quoted.startswith("'") else f"'{quoted}'"


def _xml(url: str, key: str, pairs: Pairs) -> str:
    return (
        f"curl {shlex.quote(url)} \\\n"
        f"  -H {shlex.quote(f'Authorization: Bearer {key}')} \\\n"
        "  -H 'Content-Type: application/xml' \\\n"
        "  --data-binary @- <<'END_OF_XML'\n"
        f"{_lead(pairs)}\nEND_OF_XML"
    )


def _lead(pairs: Pairs) -> str:
    return "\n".join(["<lead>", *(f"  <{name}>{escape(value)}</{name}>" for name, value in pairs), "</lead>"])


def _php(url: str, key: str, pairs: Pairs) -> str:
    fields = "\n".join(f"    {_single(name)} => {_single(value)}," for name, value in pairs)
    return f"""<?php
$fields = [
{fields}
];
$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => ['Authorization: Bearer ' . {_single(key)}, 'Content-Type: application/json'],
    'content' => json_encode($fields),
    'timeout' => 10,
    'ignore_errors' => true,
]]);
$answer = file_get_contents({_single(url)}, false, $context);
echo $http_response_header[0], "\\n", $answer, "\\n";
"""


def _single(text: str) -> str:
    """A PHP text in which nothing is special."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _python(url: str, key: str, pairs: Pairs) -> str:
    return f"""import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

fields = {{
{_listed(pairs)}
}}
request = Request(
    {_text(url)},
    data=json.dumps(fields).encode(),
    headers={{"Authorization": {_text(f"Bearer {key}")}, "Content-Type": "application/json"}},
)
try:
    answer = urlopen(request, timeout=10)
except HTTPError as refused:
    answer = refused
print(answer.status, json.load(answer))
"""


def _node(url: str, key: str, pairs: Pairs) -> str:
    return f"""const fields = {{
{_listed(pairs)}
}};
fetch({_text(url)}, {{
  method: "POST",
  headers: {{ "Authorization": {_text(f"Bearer {key}")}, "Content-Type": "application/json" }},
  body: JSON.stringify(fields),
}}).then(async (answer) => console.log(answer.status, await answer.json()));
"""


def _listed(pairs: Pairs) -> str:
    return "\n".join(f"    {_text(name)}: {_text(value)}," for name, value in pairs)


def _text(text: str) -> str:
    """A text as both Python and JavaScript read it."""
    return json.dumps(text)
