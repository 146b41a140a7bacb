"""Lists of people who must not be sold, and why somebody is on one."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Scope(Enum):
    """Whose list it is: everybody's, that of one vertical, or a buyer's own."""

    EXCHANGE = "exchange"
    VERTICAL = "vertical"
    BUYER = "buyer"


class Purpose(Enum):
    """What being on it means. Consent exempts from the national and the state lists, and from no other."""

    SUPPRESSION = "suppression"
    DNC_NATIONAL = "dnc_national"
    DNC_STATE = "dnc_state"
    DNC_INTERNAL = "dnc_internal"
    LITIGATOR = "litigator"
    REVOKED = "revoked"
    DROP = "drop"

    @property
    def title(self) -> str:
        return _TITLES[self]

    @property
    def ages(self) -> bool:
        """Whether its data are good for some days only."""
        return self in (Purpose.DNC_NATIONAL, Purpose.DNC_STATE)


_TITLES = {
    Purpose.SUPPRESSION: "suppression list",
    Purpose.DNC_NATIONAL: "National Do Not Call Registry",
    Purpose.DNC_STATE: "state do-not-call list",
    Purpose.DNC_INTERNAL: "internal do-not-call list",
    Purpose.LITIGATOR: "litigator list",
    Purpose.REVOKED: "consent taken back",
    Purpose.DROP: "California deletion list",
}


class ListRow(NamedTuple):
    """A list as kept. `file` is its set of keys, empty before the first; `hash` how its values came.

    `folded`: single changes up to this version are in the file. `dated_at` is the day the data are of (epoch ms).
    """

    id: str
    name: str
    scope: Scope
    party: str
    purpose: Purpose
    us_state: str
    kind: str
    hash: str
    file: str
    before_file: str
    rows: int
    folded: int
    version: int
    dated_at: int
    changed_at: int
    changed_by: str

    @property
    def where(self) -> str:
        """`exchange`, `vertical solar`, `buyer acme`."""
        return f"{self.scope.value} {self.party}".strip()


class LoadRow(NamedTuple):
    """A file on its way into a list. `state`: waiting, reading, done or refused. `problems` quote no value of a row.

    `wrapped` is the key of the file while it waits for its turn; `options` says how its rows are read (JSON).
    """

    id: str
    list_id: str
    file_name: str
    mode: str
    state: str
    rows_read: int
    rows_wrong: int
    rows: int | None
    problems: tuple[str, ...]
    began_at: int
    ended_at: int | None
    made_by: str
    options: str = "{}"
    wrapped: bytes | None = None
