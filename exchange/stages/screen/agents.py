"""Who a browser says it is: programs that name themselves, and a browser in words. Answers are kept, most recur."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import crawleruseragents
import re2
import ua_parser

_KEPT = 20_000
_OWN = (
    # Programs the crawler list leaves out because they are no crawlers. Each stands for itself, not for a browser.
    r"(?i)\b(?:python-requests|python-urllib|aiohttp|httpx|okhttp|libwww-perl|guzzlehttp|go-http-client|java/|wget|curl/|"
    r"node-fetch|axios|undici|postmanruntime|insomnia|apache-httpclient|winhttp|powershell)",
    r"(?i)(?:headlesschrome|phantomjs|selenium|puppeteer|playwright|electron/|cypress|slimerjs|htmlunit)",
)


@lru_cache(maxsize=1)
def known_agents() -> Agents:
    """With the patterns of known crawlers; compiled once for a process."""
    return Agents(tuple(each["pattern"] for each in crawleruseragents.CRAWLER_USER_AGENTS_DATA))


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


@lru_cache(_KEPT)
def browser_words(text: str) -> str:
    """`Chrome Mobile 122 on Android`, as far as the text says."""
    found = ua_parser.parse(text)
    browser, system = found.user_agent, found.os
    if browser is None:
        return "an unknown browser"
    name = f"{browser.family} {browser.major}" if browser.major else browser.family
    return f"{name} on {system.family}" if system is not None else name
