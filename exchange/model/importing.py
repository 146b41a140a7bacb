"""One import of a file of leads: whose it is, how far it has come, and what is wanted of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from exchange.model.batch import Layout


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One import. `next_row` is the first data row (from 1) not known to be done; `counts` those done by status.

    `result_bytes` is how much of the result belongs to them. `mapping` (JSON) and `per_second` are as they were given.
    `held` imports lie with the exchange, sealed under the key in `wrapped`, and are worked by its jobs; of others
    `file_name` is a path of an operator's own. `wanted` is what somebody asked for last: check, run, pause or cancel.
    `report` is what a dry run found, `checked` how many rows it has read. `sort` is one of `SORTS`; where that is not
    the file's own order, `next_row` counts in it. `hours` are those at which rows are sold, empty for all.
    """

    id: str
    campaign_id: str
    mode: str
    file_name: str
    file_hash: bytes
    mapping: str
    per_second: str
    made_at: int
    next_row: int = 1
    result_bytes: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    state: str = "running"  # new | checking | checked | running | paused | done | cancelled | refused
    changed_at: int = 0
    held: bool = False
    source: str | None = None
    channel: str = "import"
    layout: Layout | None = None
    rows_total: int | None = None
    wrapped: bytes | None = field(default=None, repr=False)
    made_by: str | None = None
    wanted: str | None = None
    stop_percent: int | None = None
    checked: int = 0
    report: Mapping[str, Any] | None = None
    problem: str | None = None
    payout_units: int = 0
    started_at: int | None = None
    forgotten_at: int | None = None
    sort: str = "file"
    hours: str = ""

    @property
    def done_rows(self) -> int:
        return self.next_row - 1


FILE, BEST, NEWEST = "file", "best", "newest"
SORTS = (FILE, BEST, NEWEST)
"""In which order rows are sold: as they stand in the file, what would earn most first, or the newest consent first."""


class Move(NamedTuple):
    """A change of an import's state: allowed only from one of `after`. None leaves a value as it is."""

    after: tuple[str, ...]
    state: str | None = None
    wanted: str | None = None
    per_second: str | None = None
    stop_percent: int | None = None
    mapping: str | None = None
    sort: str | None = None
    hours: str | None = None
