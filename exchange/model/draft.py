"""Rules as somebody would have them: single settings of campaigns, contracts and buyers, in force for nobody yet."""

from __future__ import annotations

from typing import NamedTuple


class Change(NamedTuple):
    """One setting: `campaign`, `acme-solar`, `floor`, `10.00`. An empty value takes the setting away."""

    kind: str  # campaign | contract | buyer
    id: str
    setting: str
    value: str

    @property
    def name(self) -> str:
        return f"{self.kind}.{self.id}.{self.setting}"

    @property
    def text(self) -> str:
        return f"{self.name}={self.value}"


Draft = tuple[Change, ...]
EMPTY: Draft = ()


class Edit(NamedTuple):
    """A change beside what is in force."""

    change: Change
    before: str

    @property
    def moves(self) -> bool:
        return self.before != self.change.value
