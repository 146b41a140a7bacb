"""All that the page of one lead and its JSON twin say, put together once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from exchange.flows.market import Market
from exchange.model.money import Money
from exchange.stages.screen.agents import browser_words
from exchange.web import words
from exchange.web.story.around import Around
from exchange.web.story.compared import Compared
from exchange.web.story.contracts import Panel, panels
from exchange.web.story.line import Section
from exchange.web.story.lines import sections
from exchange.web.story.masking import HIDDEN
from exchange.web.story.money import Booked, booked
from exchange.web.story.records import Story
from exchange.web.story.seen import Sights
from exchange.web.story.timing import parts_of, where_the_time_went

_SHORTENED = 22


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the summary strip: its name, its value, and a word beneath."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """A delivery that waits for somebody to say what it was."""

    id: str
    buyer: str
    price: Money
    detail: str
    made_at: int
    pending: bool


@dataclass(frozen=True, slots=True)
class Told:
    """The page's content, masked. `data` and `consent` are (name, value) pairs."""

    lead: Mapping[str, Any]
    heading: str
    outcome: str
    seller: str
    campaign: str
    figures: tuple[Figure, ...]
    chart: Markup | None
    sections: tuple[Section, ...]
    panels: tuple[Panel, ...]
    booked: tuple[Booked, ...]
    data: tuple[tuple[str, str, bool], ...]  # name, value, whether it is masked
    consent: tuple[tuple[str, str], ...]
    agreed_at: int | None
    tracking: tuple[tuple[str, str], ...]
    waiting: tuple[OpenAttempt, ...]
    erased: bool
    kept_days: int
    hold: Mapping[str, Any] | None
    evidence_until: int | None
    took: tuple[tuple[str, int], ...]  # each request that was worked, and after how many ms it was answered
    around: Around = field(default_factory=Around)
    sights: Sights = field(default_factory=Sights)
    compared: Compared | None = None  # with now, where somebody asked

    def fields(self) -> dict[str, Any]:
        lead = self.lead
        return {
            "lead_id": lead["id"],
            "received_at": words.utc(lead["received_at"]),
            "status": lead["state"],
            "standing": self.around.standing or None,
            "reason": lead["reason"],
            "mode": lead["mode"],
            "vertical": lead["vertical"],
            "seller": self.seller,
            "campaign": lead["campaign_id"],
            "erased": self.erased,
            "legal_hold": self._hold(),
            "evidence_until": words.utc(self.evidence_until) if self.evidence_until is not None else None,
            "summary": {figure.name.lower().replace(" ", "_"): figure.value for figure in self.figures},
            "timeline": [
                {"section": section.name, **line.fields(), "at": words.utc(line.at)}
                for section in self.sections
                for line in section.lines
            ],
            "requests": [{"request_id": id_, "took_ms": took} for id_, took in self.took],
            "contracts": [panel.fields() for panel in self.panels],
            "money": [each.fields() for each in self.booked],
            "data": {name: value for name, value, _ in self.data},
            "consent": dict(self.consent),
            "attribution": dict(self.tracking),
            "tags": list(self.around.tags),
            "returns": self.around.returns,
            "duplicate_of": lead["duplicate_of"],
            "seen": self.sights.fields(),
            **({"now": self.compared.fields()} if self.compared is not None else {}),
        }

    @property
    def shown_state(self) -> str:
        """The one word for it, as in lists: what it is beside its state comes first."""
        return self.around.standing or str(self.lead["state"])

    def _hold(self) -> dict[str, Any] | None:
        if self.hold is None:
            return None
        return {"since": words.utc(self.hold["made_at"]), "by": self.hold["made_by"], "reason": self.hold["reason"]}


def tell(market: Market, story: Story, beside: Around = Around()) -> Told:  # noqa: B008 - it is frozen
    lead = story.lead
    deals = market.deals
    seller = deals.sellers.get(lead["seller_id"])
    campaign = deals.campaigns.get(lead["campaign_id"])
    attempts = {row["id"]: row for row in story.rows.attempts}
    live = lead["mode"] == "live"
    parts = parts_of(market, story)
    return Told(
        lead,
        _heading(story),
        _outcome(market, story, beside.standing),
        seller.name if seller is not None else lead["seller_id"],
        campaign.name if campaign is not None else lead["campaign_id"],
        _figures(market, story, beside),
        where_the_time_went(parts) if parts else None,
        tuple(sections(market, story)),
        tuple(panels(market, story.trails, attempts, lead["currency"], story.mask, live=live)),
        tuple(booked(market, story.rows.transactions)),
        _data(story),
        _consent(story),
        (story.consent or {}).get("agreed_at"),
        tuple((name, story.mask.text(value)) for name, value in story.tracking.items() if name != "test_outcome"),
        tuple(
            OpenAttempt(
                row["id"],
                market.deals.buyer_name(row["contract_id"]),
                Money(row["price_units"], row["currency"]),
                story.mask.text(row["detail"] or (row["reason"] or "").replace("_", " ")),
                row["made_at"],
                row["state"] == "pending",
            )
            for row in story.rows.attempts
            if row["state"] in ("unclear", "pending")
        ),
        story.erased,
        market.retention_days.get("lead" if live else "test", 0),
        story.rows.hold,
        story.rows.evidence_until,
        tuple((request.id, request.took_ms) for request in story.requests if request.trail is not None),
        beside,
    )


def _heading(story: Story) -> str:
    lead = story.lead
    place = " ".join(part for part in (lead["city"], lead["us_state"]) if part) or (lead["zip"] or "")
    name = "Erased consumer" if story.erased else _masked_name(story) or lead["initials"]
    return ", ".join(part for part in (name, place) if part) or str(lead["id"])


def _masked_name(story: Story) -> str:
    """`Maria S•••••`: the first name as it is, the rest hidden."""
    values = story.values or {}
    first, last = values.get("first_name"), values.get("last_name")
    return " ".join(part for part in (first[1] if first else "", last[2] if last else "") if part)


def _outcome(market: Market, story: Story, standing: str) -> str:
    """Behind the pill: who bought it, or why nobody did."""
    if bought := _bought_by(market, story):
        return f"by {bought}" if standing == "returned" else f"to {bought}"
    return str(story.lead["reason"] or "").replace("_", " ")


def _bought_by(market: Market, story: Story) -> str:
    """Each buyer once: two contracts of one may have taken a shared lead."""
    return ", ".join(dict.fromkeys(market.deals.buyer_name(sale["contract_id"]) for sale in story.standing))


def _figures(market: Market, story: Story, beside: Around) -> tuple[Figure, ...]:
    lead, rows = story.lead, story.rows
    currency = lead["currency"]
    revenue, payout = Money(lead["revenue_units"], currency), Money(lead["payout_units"], currency)
    checks = Money(lead["cost_units"], currency)
    margin = revenue - payout - checks
    state = words.status(beside.standing or lead["state"]).word
    exclusive = {attempt["exclusive"] for attempt in rows.attempts if attempt["state"] == "accepted"}
    how = ", exclusive" if exclusive == {1} else ", shared" if exclusive else ""
    refused = sum(attempt["state"] == "rejected" for attempt in rows.attempts)
    after = (
        f"after {words.plural(refused, 'rejected post')}"
        if refused and story.standing
        else _outcome(market, story, beside.standing)
    )
    took = [request.took_ms for request in story.requests if request.trail is not None]
    names = [str(request.row["endpoint"]) for request in story.requests if request.trail is not None]
    promised = lead["promised_units"]
    kept = promised is not None and lead["state"] == "sold"
    note = ("ping price honoured" if payout.units >= promised else "below the ping price") if kept else ""
    return (
        Figure("Outcome", state + how, after or "still being worked"),
        Figure("Revenue", words.money(revenue), _bought_by(market, story)),
        Figure("Payout", words.money(payout), note),
        Figure(
            "Margin",
            words.margin(revenue, payout + checks),
            ", ".join(_of_margin(margin, revenue, checks, beside.usual)),
        ),
        Figure("Answered in", _answered(took), ", then ".join(names).replace("pingpost", "ping and post in one")),
        *([Figure("Return window", *beside.window(market.clock.now()))] if beside.sales else []),
    )


def _of_margin(margin: Money, revenue: Money, checks: Money, usual: tuple[int, int]) -> list[str]:
    """Its share of the revenue, and what that usually is."""
    share = [words.percent(margin.units, revenue.units)] if revenue.units else []
    share += [f"usual {words.percent(*usual)}"] if revenue.units and usual[1] else []
    return [*share, f"after {words.money(checks)} of checks"] if checks.units else share


def _answered(took: list[int]) -> str:
    """`465 + 677 ms`"""
    if not took:
        return "not yet"
    if all(ms < 1_000 for ms in took):
        return f"{' + '.join(str(ms) for ms in took)} ms"
    return " + ".join(words.duration(ms) for ms in took)


def _data(story: Story) -> tuple[tuple[str, str, bool], ...]:
    """The lead's fields in the vertical's order, personal ones masked."""
    facts = story.facts
    personal = story.values or {}
    order = [spec.name for spec in story.vertical.fields] if story.vertical is not None else []
    names = [name for name in order if name in facts or name in personal]
    names += sorted(({*facts, *personal}) - set(names))
    found = []
    for name in names:
        if name in personal:
            _, clean, masked = personal[name]
            shown = story.mask.text(masked if masked != clean else clean)
            found.append((name, shown, shown != clean))
        else:
            found.append((name, story.mask.text(facts[name]), False))
    found += ((f"{name}, added by {by}", HIDDEN, True) for name, (_, by) in story.appended.items())
    return tuple(found)


def _consent(story: Story) -> tuple[tuple[str, str], ...]:
    record = story.consent
    if record is None:
        return ()
    agreed = record.get("agreed_at")
    pairs = (
        ("Given", "yes" if record.get("given") else "no"),
        ("TrustedForm", record.get("trustedform_url") or ""),
        ("Jornaya", _shortened(record.get("jornaya_leadid"))),
        ("Text shown", record.get("text") or ""),
        ("Buyers named", ", ".join(record.get("buyers") or ())),
        ("Agreed at", words.utc(agreed) if agreed else ""),
        ("From IP", _masked_ip(record.get("ip_address"))),
        ("Page", record.get("page_url") or ""),
        ("Version", record.get("version") or ""),
        ("Text SHA-256", _shortened(record.get("text_hash"))),
        ("Given by", record.get("method") or ""),
        ("Scope", "named sellers" if record.get("buyers") else "partners"),
        ("Browser", _browser(record.get("user_agent") or "")),
        ("Time zone", record.get("time_zone") or ""),
    )
    return tuple((name, story.mask.text(value) if value else "not sent") for name, value in pairs)


def _shortened(text: str | None) -> str:
    if not text or len(text) <= _SHORTENED:
        return text or ""
    return f"{text[:8]}…{text[-4:]}"


def _masked_ip(address: str | None) -> str:
    if not address:
        return ""
    head, point, _ = address.rpartition("." if "." in address else ":")
    return f"{head}{point}{HIDDEN}"


def _browser(agent: str) -> str:
    """A browser's name in words, and what it says of itself."""
    return f"{browser_words(agent)}: {agent}" if agent else ""
