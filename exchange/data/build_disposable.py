"""Makes `disposable_domains.txt.gz` from the development package `disposable-email-domains`.

`python -m exchange.data.build_disposable`: run it when that package has news, with the day of its release, and commit
the result. The list holds a few plain slips of great providers, such as gmial.com: who reads it looks for slips first.
"""

from __future__ import annotations

from importlib.metadata import version

from disposable_email_domains import blocklist

from exchange.data.build import save

DAY = "2026-11-09"
PACKAGE = "disposable-email-domains"


def main() -> None:
    save(
        "disposable_domains.txt.gz",
        "disposable_domains",
        DAY,
        f"PyPI {PACKAGE} {version(PACKAGE)}",
        "MIT",
        sorted(blocklist),
    )


if __name__ == "__main__":
    main()
