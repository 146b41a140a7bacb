"""Mail domains that hand out addresses for an hour. Whoever gives one cannot be written to tomorrow."""

from __future__ import annotations

import re

from exchange.fields.table import BadRow, Kind, Rows

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


def read(rows: Rows) -> frozenset[str]:
    for number, row in enumerate(rows):
        if not _DOMAIN.fullmatch(row):
            raise BadRow(number, "must be a domain in small letters, such as mailinator.com")
    return frozenset(rows)


def is_disposable(domain: str, known: frozenset[str]) -> bool:
    """Whether the domain, or one that it is part of, is on the list."""
    while domain not in known:
        _, dot, domain = domain.partition(".")
        if "." not in domain or not dot:
            return False
    return True


DISPOSABLE = Kind("disposable_domains", "Mail domains of throw-away addresses", "disposable_domains.txt.gz", read, 90)
