"""The people of a made stream: nobody's names, phones that no subscriber has, and the devices of those who cheat."""

from __future__ import annotations

import csv
import ipaddress
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from exchange.demo.names import FIRST_NAMES, LAST_NAMES, STREET_KINDS, STREET_NAMES, USER_AGENTS
from exchange.demo.stream import rfc3339

_MAIL = ("gmail.com", "yahoo.com", "hotmail.com", "aol.com", "outlook.com", "comcast.net")
_CRAWLERS = (
    "CodaBot/1.0",
    "SEOlizer/1.1 (+https://www.seolizer.de/bot.html)",
    "Slack-ImgProxy 0.59 (+https://api.slack.com)",
)
_NETWORKS = ("ip_geo_synthetic.csv", "x4bnet_datacenter_ipv4.txt", "tor_exit_ipv4.txt")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class Sent(Protocol):
    """What is known of a lead before it has a person."""

    @property
    def vertical(self) -> str: ...
    @property
    def seller(self) -> str: ...
    @property
    def sub_id(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def fields(self) -> Mapping[str, Any]: ...
    @property
    def kind(self) -> str: ...
    @property
    def dirt(self) -> str: ...
    @property
    def group(self) -> int: ...


class Device:
    """What the leads of one farm or burst share."""

    def __init__(self, people: People, draw: random.Random) -> None:
        self.agent = draw.choice(USER_AGENTS)
        self.addresses = [people.address() for _ in range(draw.randrange(1, 4))]
        self.area, self.line = draw.choice(people.areas)[0], draw.randrange(1000, 8000)


class People:
    """Draws one person after the other; needs the tables of ZIP codes, area codes and networks in `folder`."""

    def __init__(self, folder: Path, draw: random.Random) -> None:
        self._draw = draw
        with (folder / "us_zipcodes_geonames.csv").open(newline="", encoding="utf-8") as lines:
            self._homes = [row for row in csv.DictReader(lines) if row["state"] and row["city"]]
        with (folder / "us_area_codes.csv").open(newline="", encoding="utf-8") as lines:
            self.areas = [(row["area_code"], row["state"]) for row in csv.DictReader(lines)]
        self._by_state: dict[str, list[str]] = defaultdict(list)
        for area, state in self.areas:
            self._by_state[state].append(area)
        homes, hosters, tor = (_lines(folder / name) for name in _NETWORKS)
        self._networks = [line.split(",")[0] for line in homes if line[0].isdigit()]
        self._hosters = [line for line in hosters if line[0].isdigit() and int(line.partition("/")[2]) <= 28]
        self._tor = [line for line in tor if line[0].isdigit()]
        self._devices: dict[int, Device] = {}
        self._phones: set[str] = set()

    def address(self) -> str:
        return self._inside(self._draw.choice(self._networks))

    def _inside(self, network: str) -> str:
        found = ipaddress.ip_network(network, strict=False)
        return str(found[self._draw.randrange(1, found.num_addresses - 1)])

    def lead(self, lead_id: str, sent: Sent, at: int, again: dict[str, Any] | None) -> dict[str, Any]:
        """One line of a stream; with `again` the person of that line once more."""
        contact = dict(again["contact"]) if again is not None else self._contact()
        row = {
            "lead_id": lead_id,
            "ts": rfc3339(at),
            "seller_id": sent.seller,
            "sub_id": sent.sub_id,
            "vertical": sent.vertical,
            "source": sent.source,
            "landing_page": f"https://go.example/{sent.sub_id}",
            "contact": contact,
            "ip": self.address(),
            "user_agent": self._draw.choice(USER_AGENTS),
            "form_ms": int(self._draw.lognormvariate(11.0, 0.6)),
            "hp": "",
            "consent": {
                "cert": f"{self._draw.getrandbits(160):040x}",
                "ts": rfc3339(at - self._draw.randrange(2_000, 20_000)),
                "url": f"https://go.example/{sent.sub_id}",
            },
            "fields": dict(sent.fields),
        }
        if again is not None:
            row["ip"], row["user_agent"] = again["ip"], again["user_agent"]
        self._cheat(row, sent)
        return row

    def _contact(self) -> dict[str, Any]:
        draw = self._draw
        home, first, last = draw.choice(self._homes), draw.choice(FIRST_NAMES), draw.choice(LAST_NAMES)
        state = home["state"] if draw.random() < 0.86 else draw.choice(self.areas)[1]
        tail = "".join(draw.choice(_LETTERS) for _ in range(7))
        return {
            "first_name": first,
            "last_name": last,
            "email": f"{first}.{last}{tail}@{draw.choice(_MAIL)}".lower().replace("'", ""),
            "phone": self._phone(self._by_state.get(state) or [area for area, _ in self.areas]),
            "address": f"{draw.randrange(1, 9999)} {draw.choice(STREET_NAMES)} {draw.choice(STREET_KINDS)}",
            "city": home["city"],
            "state": home["state"],
            "zip": home["code"],
        }

    def _phone(self, areas: Sequence[str]) -> str:
        """Exchanges 958 and 959 have no subscribers. No phone twice."""
        while True:
            phone = f"{self._draw.choice(areas)}{self._draw.choice(('958', '959'))}{self._draw.randrange(10_000):04d}"
            if phone not in self._phones:
                self._phones.add(phone)
                return phone

    def _cheat(self, row: dict[str, Any], sent: Sent) -> None:
        """The marks that the fraud or the fault of this lead leaves."""
        draw, contact = self._draw, row["contact"]
        match sent.dirt:
            case "lead_farm":
                device = self._device(sent.group)
                device.line += draw.choice((1, 1, 2))
                contact["phone"] = f"{device.area}958{device.line:04d}"
                contact["email"] = f"{contact['first_name']}_{contact['last_name']}_{device.line}@gmail.com".lower()
                row |= {"ip": draw.choice(device.addresses), "user_agent": device.agent}
                row["form_ms"] = int(draw.gauss(21_000, 1_500))
            case "velocity_burst":
                row |= {"user_agent": self._device(sent.group).agent, "form_ms": draw.randrange(5_000, 24_000)}
            case "bot":
                row |= {"ip": self._inside(draw.choice(self._hosters)), "form_ms": draw.randrange(300, 2_000)}
                row["user_agent"] = draw.choice(_CRAWLERS)
                row["hp"] = f"http://{draw.getrandbits(30):07x}.example" if draw.random() < 0.5 else ""
            case "bot_stealth":
                row["form_ms"] = draw.randrange(1_200, 2_200)
            case "datacenter_ip":
                row["ip"] = self._inside(draw.choice(self._hosters))
            case "tor_exit":
                row["ip"] = draw.choice(self._tor)
            case "phone_invalid":
                contact["phone"] = contact["phone"][:-1]
            case "consent_missing":
                row["consent"] = {"cert": "", "ts": None, "url": None}
            case "name_gibberish":
                contact |= {"first_name": "kkwsdw", "last_name": "eadwsa"}
            case "zip":
                contact["zip"] = "00000"

    def _device(self, group: int) -> Device:
        if group not in self._devices:
            self._devices[group] = Device(self, self._draw)
        return self._devices[group]


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
