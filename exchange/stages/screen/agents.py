"""Who a browser says it is: programs that name themselves, and a browser in words. Answers are kept, most recur."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import re2
import ua_parser

from exchange.fields.table import BadRow, Kind, Rows

_KEPT = 20_000
_QUIET = re2.Options()
_QUIET.log_errors = False
_BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 "
    "Edg/142.0.0.0",
)
_OWN = (
    # Programs the crawler list leaves out because they are no crawlers. Each stands for itself, not for a browser.
    r"(?i)\b(?:python-requests|python-urllib|aiohttp|httpx|okhttp|libwww-perl|guzzlehttp|go-http-client|java/|wget|curl/|"
    r"node-fetch|axios|undici|postmanruntime|insomnia|apache-httpclient|winhttp|powershell)",
    r"(?i)(?:headlesschrome|phantomjs|selenium|puppeteer|playwright|electron/|cypress|slimerjs|htmlunit)",
)


class Agent(NamedTuple):
    """`program` is what a robot calls itself, None for a browser."""

    program: str | None


class Agents:
    """The patterns of programs, compiled into one automaton: a look-up takes microseconds whatever is sent."""

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._set = re2.Set.SearchSet()
        for pattern in (*_OWN, *patterns):
            self._set.Add(pattern)
        self._set.Compile()
        self.of = lru_cache(_KEPT)(self._of)

    def _of(self, text: str) -> Agent:
        if not self._set.Match(text):
            return Agent(None)
        return Agent(text.split("/")[0].split("(")[0].strip()[:40] or "a program")


def read_agents(rows: Rows) -> Agents:
    """A pattern a row. One that an ordinary browser fits would call every visitor a program: it is refused."""
    for number, row in enumerate(rows):
        try:
            pattern = re2.compile(row, _QUIET)
        except re2.error:
            raise BadRow(number, "must be a pattern of RE2, such as Googlebot/ or curl/[0-9]") from None
        if any(pattern.search(browser) for browser in _BROWSERS):
            raise BadRow(number, "fits an ordinary browser: nobody could send a lead any more")
    return Agents(rows)


CRAWLERS = Kind(
    "crawler_agents", "How crawlers and other programs name themselves", "crawler_agents.txt.gz", read_agents
)


@lru_cache(_KEPT)
def browser_words(text: str) -> str:
    """`Chrome Mobile 122 on Android`, as far as the text says."""
    found = ua_parser.parse(text)
    browser, system = found.user_agent, found.os
    if browser is None:
        return "an unknown browser"
    name = f"{browser.family} {browser.major}" if browser.major else browser.family
    return f"{name} on {system.family}" if system is not None else name
