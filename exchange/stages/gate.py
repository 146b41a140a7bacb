"""What a campaign lets in beside its fields: sub ids, filters, consent, hours and caps. Compiled once for all leads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exchange.fields import field_types
from exchange.model.hold import CapHold
from exchange.model.lead import Kind, Lead, Mode
from exchange.model.money import Money
from exchange.model.party import Campaign, Cap, Gate, Group, Hours, Window
from exchange.model.reason import Reason
from exchange.model.vertical import Vertical
from exchange.stages.consent import consent_part
from exchange.stages.filters import BadFilter, Criterion, Shape, compile_filter
from exchange.stages.reasons import show_exact
from exchange.stages.schedule import DAY_MINUTES, OpeningHours, ZoneWindows

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WINDOWS: Mapping[Window, str] = MappingProxyType(
    {
        Window.HOUR: "an hour",
        Window.DAY: "a day",
        Window.WEEK: "a week",
        Window.MONTH: "a month",
        Window.TOTAL: "in all",
    }
)
_MARK = "@"  # no contract's id begins so
_NO_FIT = "Its filter asks for a field that its vertical has no more."

Refusal = tuple[Reason, str]


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    """A gate with its tests made. `broken`: its filter cannot be read, so it lets nothing in."""

    gate: Gate
    currency: str
    criteria: tuple[Criterion, ...]
    allowed: frozenset[str]
    hours: OpeningHours
    windows: ZoneWindows
    keys: tuple[tuple[str, Cap], ...]
    personal: frozenset[str]
    broken: bool = False

    def refusal(self, lead: Lead, now: int, use: Mapping[str, int]) -> Refusal | None:
        """The first thing that keeps the lead out, and the sentence for it. `use` is what each cap has used."""
        return self._of_lead(lead) or (self._of_moment(now, use) if lead.mode is Mode.LIVE else None)

    def would_pass(self, lead: Lead, at: int) -> bool:
        """Whether a lead that came then would be let in, caps left out."""
        return self._of_lead(lead) is None and self.hours.open_at(at)

    def _of_lead(self, lead: Lead) -> Refusal | None:
        if self.broken:
            return Reason.FILTERED, _NO_FIT
        sub_id = lead.tracking.get("sub_id1", "")
        if self.allowed and sub_id not in self.allowed:
            return Reason.FILTERED, "Only listed values of sub_id1 are taken."
        ping = lead.kind is Kind.PING
        for each in self.criteria:
            if not (ping and not each.at_ping) and not each.holds(lead.values):
                return Reason.FILTERED, self._unlike(each, lead)
        lacking = [] if ping else [name for name in self.gate.consent if not consent_part(lead.consent, name)]
        if lacking:
            return Reason.CONSENT_MISSING, f"The campaign requires {' and '.join(lacking)}."
        return None

    def _unlike(self, criterion: Criterion, lead: Lead) -> str:
        """What was wanted; and what came instead, unless that is personal."""
        wanted = f"{' or '.join(criterion.fields)} must be {criterion.required}"
        return f"{wanted}." if self.personal & set(criterion.fields) else f"{wanted}, got {criterion.got(lead.values)}."

    def _of_moment(self, now: int, use: Mapping[str, int]) -> Refusal | None:
        if not self.hours.open_at(now):
            return Reason.OUTSIDE_HOURS, f"Leads are taken {hours_text(self.gate)}."
        for key, cap in self.keys:
            if not self._counts(cap, now):
                continue
            used, most = use.get(key, 0), self._by_now(cap, now)
            if used >= most:
                paced = f", of which {_amount(cap, most, self.currency)} by now" if most < cap.most else ""
                return Reason.CAP_REACHED, f"The cap is {cap_text(cap, self.currency)}{paced}."
        return None

    def _by_now(self, cap: Cap, now: int) -> int:
        """What may be used so far: all of it, unless the cap is spread over its window."""
        return self.windows.by_now(cap, self.gate.hours, now) if self.gate.even else cap.most

    def _counts(self, cap: Cap, now: int) -> bool:
        return not cap.weekdays or self.windows.weekday(now) in cap.weekdays

    def parts(self, earned: Money, now: int) -> tuple[CapHold, ...]:
        """What one sale takes of each cap. The money is set aside as it stands: a lower price gives nothing back."""
        return tuple(
            CapHold(
                key,
                f"cap:{cap.window.value}",
                self.windows.start(cap.window, now),
                earned.units if cap.unit == "money" else 1,
                cap.most,
                by_now=self._by_now(cap, now),
            )
            for key, cap in self.keys
            if self._counts(cap, now)
        )

    def cap_windows(self, now: int) -> tuple[tuple[str, int], ...]:
        """The (key, window start) pairs whose use counts at `now`."""
        return tuple((key, self.windows.start(cap.window, now)) for key, cap in self.keys if self._counts(cap, now))


def is_campaigns(cap_key: str) -> bool:
    """Whether a cap is a campaign's and not a contract's."""
    return cap_key.startswith(_MARK)


def keep_gate(campaign: Campaign, vertical: Vertical) -> Gatekeeper | None:
    """None when the campaign asks nothing of its own."""
    gate = campaign.gate
    if gate == Gate(zone=gate.zone):
        return None
    criteria: tuple[Criterion, ...] = ()
    broken = False
    try:
        criteria = _criteria(gate.filters, vertical, campaign.currency)
    except BadFilter:
        broken = True
    return Gatekeeper(
        gate,
        campaign.currency,
        criteria,
        frozenset(gate.allowed_sub_ids),
        OpeningHours(gate.zone, gate.hours),
        ZoneWindows(gate.zone),
        tuple((_key(campaign.id, cap), cap) for cap in gate.caps),
        frozenset(spec.name for spec in vertical.fields if spec.personal),
        broken,
    )


def filter_problems(filters: Group | None, vertical: Vertical, currency: str) -> tuple[str, ...]:
    """What is wrong with a filter of a campaign of this vertical, one sentence each."""
    try:
        _criteria(filters, vertical, currency)
    except BadFilter as bad:
        return bad.problems
    return ()


def filter_sentences(filters: Group | None, vertical: Vertical, currency: str) -> tuple[str, ...]:
    """What each of its parts asks for."""
    try:
        made = _criteria(filters, vertical, currency)
    except BadFilter:
        return (_NO_FIT,)
    return tuple(f"{' or '.join(each.fields)} must be {each.required}." for each in made)


def gate_words(campaign: Campaign, vertical: Vertical, *, filters: bool) -> Iterator[str]:
    """The gate in sentences, as posting instructions say it. `filters`: caps and filters too."""
    gate = campaign.gate
    if gate.allowed_sub_ids:
        yield f"Only these values of sub_id1 are taken: {', '.join(gate.allowed_sub_ids)}."
    if gate.hours:
        yield f"Leads are taken {hours_text(gate)}."
    if not filters:
        return
    yield from filter_sentences(gate.filters, vertical, campaign.currency)
    for cap in gate.caps:
        spread = ", spread evenly" if gate.even and cap.window is not Window.TOTAL else ""
        yield f"The cap is {cap_text(cap, campaign.currency)}{spread} ({gate.zone})."


def cap_text(cap: Cap, currency: str) -> str:
    """`40 sales a day`, `$500.00 earned a week on Mon, Tue`."""
    days = f" on {', '.join(DAYS[day] for day in sorted(cap.weekdays))}" if cap.weekdays else ""
    what = "earned" if cap.unit == "money" else "sale" if cap.most == 1 else "sales"
    return f"{_amount(cap, cap.most, currency)} {what} {WINDOWS[cap.window]}{days}"


def hours_text(gate: Gate) -> str:
    """`Mon, Tue 09:00 to 17:30; Sat 10:00 to 14:00 (America/New_York)`."""
    return f"{'; '.join(_span(each) for each in gate.hours)} ({gate.zone})"


def _span(hours: Hours) -> str:
    days = "every day" if len(set(hours.weekdays)) == len(DAYS) else ", ".join(DAYS[day] for day in hours.weekdays)
    return f"{days} {_clock(hours.opens)} to {_clock(hours.closes)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}" if minute < DAY_MINUTES else "24:00"


def _amount(cap: Cap, units: int, currency: str) -> str:
    return show_exact(Money(units, currency)) if cap.unit == "money" else f"{units:,}"


def _criteria(filters: Group | None, vertical: Vertical, currency: str) -> tuple[Criterion, ...]:
    return tuple(compile_filter(filters, Shape(vertical, field_types(), currency)).values())


def _key(campaign_id: str, cap: Cap) -> str:
    days = "".join(str(day) for day in sorted(set(cap.weekdays)))
    return f"{_MARK}{campaign_id}:{cap.name}" + (f":{days}" if days else "")
