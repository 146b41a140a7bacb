"""What the device script tells of a visit, in one field: `1;ms=23512;k=41;p=2;a=0;tz=America/Denver;id=ab12…`.

`ms` is the time from the page's load to its submission, `k` keys pressed, `p` fields pasted into, `f` fields filled by
the browser, `m` movements of pointer or touches, `a` signs of automation added up, `tz` the time zone, `o` its offset
in minutes, `id` a hash of the device's traits, `hp` 1 when the field nobody sees was filled.
"""

from __future__ import annotations

from typing import NamedTuple

MOST = 400
_VERSION = "1"
_AUTOMATION = {
    1: "the browser says that a program drives it",
    2: "it is a browser without a screen",
    4: "traces of a test tool stand in the page",
    8: "it has no languages",
    16: "its window has no size",
}


class Device(NamedTuple):
    """A report as far as it could be read. Times are milliseconds; None where nothing was told."""

    id: str | None = None
    form_ms: int | None = None
    keys: int | None = None
    pastes: int | None = None
    filled: int | None = None
    moves: int | None = None
    automation: int = 0
    time_zone: str | None = None
    offset_minutes: int | None = None
    trap: bool = False

    @property
    def automated(self) -> tuple[str, ...]:
        """The signs of automation in words."""
        return tuple(words for bit, words in _AUTOMATION.items() if self.automation & bit)

    @property
    def untouched(self) -> bool:
        """A form that was filled without a key, a paste, the browser's help or a touch. Unknown counts as touched."""
        told = (self.keys, self.pastes, self.filled, self.moves)
        return all(each == 0 for each in told)


NO_DEVICE = Device()


def read_device(text: str | None) -> Device | None:
    """A report, or None when there is none or it is of another version. It never raises: anybody may send anything."""
    if not text:
        return None
    parts = text[:MOST].split(";")
    if parts[0].strip() != _VERSION:
        return None
    told = {name.strip(): value.strip() for name, _, value in (part.partition("=") for part in parts[1:])}
    return Device(
        told.get("id", "")[:64] or None,
        _whole(told.get("ms")),
        _whole(told.get("k")),
        _whole(told.get("p")),
        _whole(told.get("f")),
        _whole(told.get("m")),
        _whole(told.get("a")) or 0,
        told.get("tz", "")[:60] or None,
        _whole(told.get("o"), least=-1_000),
        told.get("hp") == "1",
    )


def _whole(text: str | None, least: int = 0) -> int | None:
    if text is None or len(text) > 10:
        return None
    try:
        value = int(text)
    except ValueError:
        return None
    return value if value >= least else None
