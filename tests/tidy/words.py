"""What no file of the project may say: where somebody's machine keeps things, and where packages are fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.tidy.source import Finding, Source

# A bracket in each pattern keeps this file from finding itself.
LOCAL = (
    (re.compile(r"/roo[t]/|/wor[k]/|/hom[e]/\w+/|/User[s]/\w+/|[A-Z]:\\User[s]\\"), "a path of one machine"),
    (
        re.compile(r"(?<!no-emit-)index-ur[l]|find-link[s]\s*=|pythonhosted\.or[g]|pypi\.org/simpl[e]"),
        "a package index",
    ),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KE[Y]-----"), "a private key"),
)


def speaks_of_the_product_alone(source: Source) -> Iterator[Finding]:
    """No machine path, package index address or private key in any file."""
    for line, text in enumerate(source.text.split("\n"), start=1):
        for pattern, what in LOCAL:
            if found := pattern.search(text):
                yield Finding(line, f"{found[0]!r} is {what}; the repository speaks of the product alone.")
