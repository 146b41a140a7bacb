"""Makes `crawler_agents.txt.gz`, how programs name themselves, from the development package `crawler-user-agents`.

`python -m exchange.data.build_crawlers 2026-11-03`: run it when that package has news, with the day of its release, and
commit the result.
"""

from __future__ import annotations

import sys
from importlib.metadata import version

import crawleruseragents

from exchange.data.build import save


def main() -> None:
    patterns = sorted({str(each["pattern"]).strip() for each in crawleruseragents.CRAWLER_USER_AGENTS_DATA})
    source = f"PyPI crawler-user-agents {version('crawler-user-agents')}"
    save("crawler_agents.txt.gz", "crawler_agents", sys.argv[1], source, "MIT", patterns)


if __name__ == "__main__":
    main()
