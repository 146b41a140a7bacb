"""Makes the packaged tables of networks. They hold one row that is nobody's: good lists may not be passed on.

`python -m exchange.data.build_networks`. The screen starts with the list of the package iporigin; what
an operator loads into these tables is asked beside it.
"""

from __future__ import annotations

from exchange.data.build import save

DAY = "2020-01-01"  # older than any list: whoever loads one is not told that the packaged table is newer
NOBODY = "255.255.255.255"
TABLES = ("hosting_networks", "vpn_networks", "proxy_networks", "tor_exits")


def main() -> None:
    for name in TABLES:
        save(f"{name}.txt", name, DAY, "made for this package: load a list of your own", "Apache-2.0", [NOBODY])


if __name__ == "__main__":
    main()
