"""How a command speaks: results on stdout, remarks on stderr, JSON when asked, nothing moving in a pipe."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any


class Exit(IntEnum):
    DONE = 0
    FAILED = 1
    USAGE = 2
    SOME_FAILED = 3
    CHECK_FAILED = 4
    UNREACHABLE = 5
    REFUSED = 6
    INTERRUPTED = 130


class Stop(Exception):
    """Ends a command with an exit code. The sentence goes to stderr; with --json both are on stdout.

    A command that has told its result already gives no sentence.
    """

    def __init__(self, code: Exit, sentence: str = "", details: Iterable[str] = ()) -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.details = code, sentence, tuple(details)


PAINTS: Mapping[str, int] = {"green": 32, "red": 31, "yellow": 33, "grey": 90}


@dataclass(frozen=True, slots=True)
class Terminal:
    """The global flags, and the two streams."""

    config: Path | None = None
    data: Path | None = None
    json: bool = False
    quiet: bool = False
    yes: bool = False
    color: bool = True
    zone: str | None = None

    def command(self, words: str) -> str:
        """A command as it can be pasted: it works on the exchange that this one worked on."""
        named = {"--config": self.config, "--data": self.data}
        where = "".join(
            f" {flag} {shlex.quote(str(path.absolute()))}" for flag, path in named.items() if path is not None
        )
        return f"exchange{where} {words}"

    def remark(self, *lines: str) -> None:
        """Text beside the result, on stderr."""
        if not self.quiet:
            write(sys.stderr, lines)

    def result(self, document: Mapping[str, Any] | list[Any], lines: Iterable[str]) -> None:
        """What the command is for: a JSON document with --json, else these lines. Quiet does not silence it."""
        write(sys.stdout, [json.dumps(document, ensure_ascii=False)] if self.json else lines)

    def secret(self, document: Mapping[str, Any], secret: str, remark: str) -> None:
        """A value that is shown once: with its remark on a terminal, alone on stdout when that is a pipe."""
        if self.json:
            self.result(document, ())
        elif sys.stdout.isatty():
            write(sys.stdout, [f"  {secret}   {remark}"])
        else:
            write(sys.stdout, [secret])
            self.remark(f"  {remark}")

    def confirm(self, question: str, refusal: str) -> None:
        """Go on after a yes. Where nobody can answer, `--yes` must be given: else the refusal, exit 6."""
        if self.yes:
            return
        if self.json or not sys.stdin.isatty():
            raise Stop(Exit.REFUSED, f"{refusal} Say --yes to go on.")
        sys.stderr.write(f"  {question} [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise Stop(Exit.REFUSED, refusal)

    def ask(self, question: str, default: str, flag: str) -> str:
        """A line of text. Where nobody can answer it is the default, or wrong usage when there is none."""
        if self.json or self.yes or not sys.stdin.isatty():
            if not default:
                raise Stop(Exit.USAGE, f"Say {flag}: nobody is here to answer a question.")
            return default
        sys.stderr.write(f"  {question}{f' [{default}]' if default else ''}: ")
        sys.stderr.flush()
        return sys.stdin.readline().strip() or default

    def paint(self, text: str, paint: str) -> str:
        """The text in a colour, on a terminal that wants colours."""
        if not self.color or self.json or os.environ.get("NO_COLOR") or not sys.stdout.isatty():
            return text
        return f"\x1b[{PAINTS[paint]}m{text}\x1b[0m"

    @property
    def moving(self) -> bool:
        """Whether a bar may move: on a terminal, for somebody who looks."""
        return sys.stderr.isatty() and not self.json and not self.quiet and os.environ.get("TERM") != "dumb"


def write(stream: Any, lines: Iterable[str]) -> None:
    """Whole lines. What the stream's encoding cannot say is written as `?`."""
    text = "".join(f"{line}\n" for line in lines)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()


def columns(rows: Iterable[Iterable[str]], indent: str = "  ") -> list[str]:
    """Rows as aligned text, two blanks between columns."""
    table = [list(row) for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    return [
        (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
        for row in table
    ]
