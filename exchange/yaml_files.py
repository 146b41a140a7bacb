"""Files and texts in YAML 1.2, read so that whatever is wrong with one becomes a sentence beside the others'."""

from __future__ import annotations

import re
from contextlib import suppress
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

KEPT_BYTES = (
    65_536  # a text up to this size is parsed once in a process: no file that comes with the exchange is longer
)
KEPT = 256  # of them: every file of the demo, and what was typed in the console of late
_APART = re.compile("(?:^|\r)%|[\x85\u2028\u2029\ufeff]", re.MULTILINE)
"""Directives, and what YAML 1.1 takes for the end of a line or leaves out: the two parsers read them otherwise."""
SHALLOW = 1_000  # levels of nesting: the parser in C has room for many times as many


def read_file(path: Path, where: str, problems: list[str]) -> bytes | None:
    """A file's bytes; None when it cannot be read (a folder, a link to nothing), which is then told."""
    try:
        return path.read_bytes()
    except OSError as error:
        problems.append(f"{where}: cannot be read: {error.strerror or error}.")
        return None


def read_yaml(content: bytes, where: str, problems: list[str]) -> Any:
    """The document of a YAML 1.2 file; None when it cannot be read, which is then told.

    All of `config/` takes a fifth of a second to parse. Workers that part from a process that has read it need not.
    """
    data, problem = kept(content) if len(content) <= KEPT_BYTES else _parsed(content)
    if problem:
        problems.append(f"{where}:{problem}")
    return deepcopy(data)


@lru_cache(maxsize=KEPT)
def kept(content: bytes) -> tuple[Any, str]:
    """As `_parsed`, once for each content. Nobody changes what it gives."""
    return _parsed(content)


def _parsed(content: bytes) -> tuple[Any, str]:
    """The document, and what is wrong."""
    try:
        data = load(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return None, f" is not UTF-8 (byte {error.start})."
    except (YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}, column {mark.column + 1}:" if mark is not None else ""
        return None, f"{line} {getattr(error, 'problem', None) or str(error).splitlines()[0]}."
    except RecursionError:
        return None, " is nested too deeply."
    return data, " is empty." if data is None else ""


def load(text: str) -> Any:
    """The only document of a text. Raises `YAMLError`.

    The parser in C is four times as fast, and not on every machine. It knows YAML 1.1, which lacks some of 1.2: what it
    refuses the other one reads, or says what is wrong with. It also ends the process at a text that is nested too
    deeply, and never sees one.
    """
    if _depth_most(text) <= SHALLOW and not _APART.search(text):
        with suppress(YAMLError):
            return YAML(typ="safe").load(text)
    return YAML(typ="safe", pure=True).load(text)


def _depth_most(text: str) -> int:
    """A text is never nested deeper: each level takes a bracket, or a place on its line that serves two at most."""
    return text.count("[") + text.count("{") + 2 * max(map(len, text.splitlines()), default=0)
