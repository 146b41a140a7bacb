"""The timeline of a lead: every step of every request, oldest first, and what happened afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from exchange.flows.market import Market
from exchange.flows.verify import WIRE
from exchange.model.money import Money
from exchange.storage.retention import GONE
from exchange.web.story.afterwards import afterwards
from exchange.web.story.bookings import booked_by, booking
from exchange.web.story.contracts import CUT, SIMULATED
from exchange.web.story.lasting import NOTHING, Lasted, is_told, lasting
from exchange.web.story.line import Line, Section
from exchange.web.story.records import Request, Story
from exchange.web.story.wire import Exchange, buyer_exchange, seller_exchange
from exchange.web.words import by_channel, duration, money, plural

_SECTIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ping": ("Ping", "seller asks for a price, no personal data sent"),
        "post": ("Post", "seller sends the full lead"),
        "pingpost": ("Ping and post", "seller sends the full lead and asks for the price in one call"),
    }
)
_ICONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {  # step → icon, tone
        "received": ("in", ""),
        "eligible": ("tree", ""),
        "ping": ("out", ""),
        "auction": ("gavel", "info"),
        "hold": ("shield", "warn"),
        "bind": ("link", "warn"),
        "answer": ("in", ""),
        "check:passed": ("check", "good"),
        "check:fixed": ("check", "info"),
        "check:flagged": ("warning", "warn"),
        "check:refused": ("cross", "bad"),
        "check:held": ("clock", "warn"),
    }
)
_TONES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "accepted": ("check", "good"),
        "rejected": ("cross", "bad"),
        "failed": ("cross", "bad"),
        "unclear": ("question", "warn"),
        "pending": ("clock", "warn"),
    }
)
_AMOUNT = re.compile(r"(?<![\w.])(\d{1,9}\.\d{2,4})(?![\w.])")
_OF_CONTRACTS = re.compile(r"^(\d+) of \d+ contracts eligible$")
_NO_BIDS = re.compile(r"\b1 (bids|no bids)\b")


def sections(market: Market, story: Story) -> list[Section]:
    """One for each request that was worked, one for those answered again, and one for what came after."""
    tellers = [_Teller(market, story, request, number) for number, request in enumerate(story.requests, start=1)]
    made = [each.section() for each in tellers]
    booked = frozenset(reference for each in tellers for reference in each.booked)
    after = sorted(afterwards(market, story, booked), key=lambda line: line.at)
    if after:
        made.append(Section("after", "After sale" if story.rows.sales else "Afterwards", "", tuple(after)))
    return [replace(section, first=index == 0) for index, section in enumerate(made)]


def _in_order(told: list[Line], booked: list[Line]) -> list[Line]:
    """Each booking behind its cause, before which it may seem to come: it has whole milliseconds."""
    lines = list(told)
    for line in booked:
        until = (line.offset_ms or 0) + 1
        behind = [place for place, each in enumerate(lines, start=1) if (each.offset_ms or 0) <= until]
        place = max(behind, default=0)
        since = lines[place - 1].offset_ms if place else None
        lines.insert(place, replace(line, offset_ms=max(line.offset_ms or 0, since or 0)))
    return lines


@dataclass(slots=True)
class _Teller:
    """Tells one request. It counts wires and posts as it goes through the steps, and notes what it told as `booked`."""

    market: Market
    story: Story
    request: Request
    number: int
    booked: set[str] = field(default_factory=set, init=False)
    _posts_told: int = field(default=0, init=False)
    _wires_told: int = field(default=0, init=False)
    _lasted: Lasted = field(default=NOTHING, init=False)  # the step that is told next

    def section(self) -> Section:
        row = self.request.row
        name, about = _SECTIONS.get(row["endpoint"], (row["endpoint"].capitalize(), ""))
        if self.request.trail is None:
            return Section(f"r{self.number}", f"{name} again" if self._is_replay() else name, "", (self._bare(),))
        lines: list[Line] = []
        steps = self.request.trail["steps"]
        for step, lasted in zip(steps, lasting(steps, self.request.took_ms), strict=True):
            self._lasted = lasted
            if step["name"] == "answer":
                lines = _in_order(lines, self._booked(step["at"]))
            lines.append(self._line(step))
            if step["name"] == "received":
                lines += self._checked(step)
        return Section(f"r{self.number}", name, about, tuple(lines))

    def _line(self, step: Mapping[str, Any]) -> Line:
        match step["name"]:
            case "received":
                return self._received(step)
            case "ping":
                return self._plain(step, exchanges=self._pings())
            case "post" | "hold" if not step["skipped"] or step["name"] == "hold":
                return self._post(step)
            case "answer":
                return self._answered(step)
            case name if name.startswith("check:"):
                return self._plain(step, exchanges=self._verified(step))
            case _:
                return self._plain(step)

    def _received(self, step: Mapping[str, Any]) -> Line:
        row = self.request.row
        seller = self.market.deals.sellers.get(row["seller_id"])
        campaign = self.market.deals.campaigns.get(row["campaign_id"])
        name = seller.name if seller is not None else row["seller_id"]
        fields, *came_by = step["facts"] or [""]
        facts = [
            f"Campaign {campaign.name if campaign is not None else row['campaign_id']}",
            fields.removesuffix(f", {row['channel']}"),
            *came_by,
            *([f"from {row['remote_ip']}"] if row["remote_ip"] else []),
        ]
        channel = by_channel(row["channel"])
        title = f"{_SECTIONS.get(row['endpoint'], (row['endpoint'], ''))[0]} received from {name}{channel}"
        return self._made(
            step, "in", "", title, ", ".join(facts), took=self.request.id, exchanges=self._mine(), mono=True
        )

    def _checked(self, step: Mapping[str, Any]) -> list[Line]:
        """What is known of the door: only what is valid is checked, and then offered to buyers."""
        assert self.request.trail is not None
        names = {each["name"] for each in self.request.trail["steps"]}
        if self.request.row["status"] == "invalid":
            told = "Every problem is in the answer below. Nothing was sold."
            return [self._made(step, "cross", "bad", "Not valid", told)]
        if "eligible" not in names:
            return []
        return [self._made(step, "check", "good", "Valid", "Every required field was sent and could be read")]

    def _plain(self, step: Mapping[str, Any], exchanges: tuple[Exchange, ...] = ()) -> Line:
        icon, tone = _ICONS.get(step["name"], ("dash", ""))
        facts = ". ".join(self._priced(fact) for fact in step["facts"])
        if step["name"] == "ping":
            facts = _NO_BIDS.sub(lambda found: found[0].rstrip("s"), facts)
        return self._made(
            step,
            icon,
            tone,
            self._counted(self._priced(step["sentence"])),
            facts,
            took=self._took(),
            exchanges=exchanges,
            skipped=step["skipped"],
        )

    def _post(self, step: Mapping[str, Any]) -> Line:
        assert self.request.trail is not None
        posts = self.request.trail["posts"]
        post = posts[self._posts_told] if self._posts_told < len(posts) else None
        self._posts_told += 1
        if post is None or step["name"] == "hold":
            return self._plain(step)
        if post.get("beside"):  # its tries are told when they are made
            title = f"{self._buyer(post['contract'])}: {step['sentence'].partition(': ')[2]}"
            return self._made(step, "clock", "", title, ". ".join(self._priced(fact) for fact in step["facts"]))
        icon, tone = _TONES.get(post["state"], ("out", ""))
        facts = [fact for fact in step["facts"] if fact != "Every buyer asked refused the lead."]
        name = self._buyer(post["contract"])
        title = {
            "accepted": f"{name} bought it at {self._price(post['price'])}",
            "rejected": f"{name} rejected the post",
            "failed": f"{name} could not be reached",
            "pending": f"{name} took the lead and answers later",
        }.get(post["state"], f"{name} was posted to and did not answer clearly")
        if post["state"] == "accepted" and (told := self._paid(post)):
            title = f"{name} bought it at {told}"
        return self._made(
            step,
            icon,
            tone,
            title,
            ". ".join(self._priced(fact).rstrip(".") for fact in (*facts, *self._beside())),
            took=self._took(),
            exchanges=self._sent(post["contract"], "post", post["attempt"], tone, post["state"]),
        )

    def _took(self) -> str:
        return duration(self._lasted.added) if is_told(self._lasted.own) else ""

    def _beside(self) -> tuple[str, ...]:
        """What of it ran at the same time as a step above, and so adds nothing."""
        if not is_told(self._lasted.beside):
            return ()
        own, beside = duration(self._lasted.own), duration(self._lasted.beside)
        return (f"{own} in all, {beside} of them beside the step above",)

    def _paid(self, post: Mapping[str, Any]) -> str | None:
        """What was finally paid: a buyer may have lowered its bid."""
        for attempt in self.story.rows.attempts:
            if attempt["id"] == post["attempt"]:
                return money(Money(attempt["price_units"], attempt["currency"]))
        return None

    def _answered(self, step: Mapping[str, Any]) -> Line:
        row = self.request.row
        status = str(row["status"] or "")
        earned = self._earned(status)
        title = f"Answered seller: {status}{f' at {money(earned)}' if earned is not None else ''}"
        reason = (step["facts"][0] if step["facts"] else "").replace("_", " ")
        stored = f"{duration(self._lasted.added)} between the steps" if is_told(self._lasted.added) else ""
        facts = ", ".join(part for part in (f"HTTP {row['status_code']}", reason, stored) if part)
        tone = "good" if status == "accepted" else "bad" if status in ("invalid", "rejected", "duplicate") else ""
        took = duration(self.request.took_ms)
        return self._made(step, "in", tone, title, facts, took=took, big=True, exchanges=self._mine())

    def _earned(self, status: str) -> Money | None:
        """What the seller was told it earns: the promise of a ping, or the payout of a sale."""
        lead = self.story.lead
        if status != "accepted":
            return None
        if self.request.row["endpoint"] != "ping":
            return Money(self._payout(), lead["currency"])
        return Money(lead["promised_units"], lead["currency"]) if lead["promised_units"] is not None else None

    def _payout(self) -> int:
        """What the lead had earned when this was answered: later sales, and what came back since, are not in it."""
        rows, until = self.story.rows, self.request.received_at + self.request.took_ms + 1_000
        mine = {attempt["id"] for attempt in rows.attempts if attempt["request_id"] == self.request.id}
        then = [sale for sale in rows.sales if sale["attempt_id"] in mine and sale["accepted_at"] <= until]
        if len(then) == len(rows.sales) and not any(sale["reversed_at"] or sale["returned_at"] for sale in then):
            return int(self.story.lead["payout_units"])  # the rest of a promise is in it
        return sum(sale["payout_units"] for sale in then)

    def _booked(self, answered: float) -> list[Line]:
        found = list(booked_by(self.story, self.request, answered))
        self.booked |= {transaction.reference for transaction, _ in found}
        return [booking(transaction, self._offset(ms)) for transaction, ms in found]

    def _bare(self) -> Line:
        """A request without a record of its own: a repeat, or one that is still at work."""
        row = self.request.row
        title = "The same request again: the first answer was sent again" if self._is_replay() else "Request received"
        status = str(row["status"] or "not answered yet")
        return Line(
            self.request.received_at,
            self._offset(0),
            "in",
            "",
            title,
            status,
            self.request.id,
            exchanges=self._mine(),
            mono=True,
        )

    def _is_replay(self) -> bool:
        return bool(self.request.row["status"] == "replayed")

    def _mine(self) -> tuple[Exchange, ...]:
        self._wires_told += 1
        days = self.market.retention_days.get(self.request.row["retention"].removesuffix(GONE), 0)
        number = self.number * 1_000 + self._wires_told
        told = seller_exchange(self.request, number, "The seller's request, and our answer", days, (self.story.mask,))
        return (told,)

    def _pings(self) -> tuple[Exchange, ...]:
        assert self.request.trail is not None
        found: tuple[Exchange, ...] = ()
        for asked in self.request.trail["asked"]:
            bids = ", ".join(self._price(bid["price"]) for bid in asked["bids"])
            outcome = bids or _why_no_bid(asked)
            found += self._sent(asked["contract"], "ping", None, "info" if bids else "", outcome)
        return found

    def _verified(self, step: Mapping[str, Any]) -> tuple[Exchange, ...]:
        """What was sent to a vendor and what it answered, where it was asked."""
        check = str(step.get("check", ""))
        if not check.startswith("verifier:"):
            return ()
        return self._sent(
            check, WIRE, None, _ICONS.get(step["name"], ("", ""))[1], step["sentence"].rpartition(": ")[2]
        )

    def _sent(self, contract_id: str, stage: str, attempt: str | None, tone: str, outcome: str) -> tuple[Exchange, ...]:
        wires = [
            wire
            for wire in self.request.wires
            if wire["contract"] == contract_id and wire["stage"] == stage and wire["attempt"] == attempt
        ]
        made = []
        for wire in wires:
            self._wires_told += 1
            number = self.number * 1_000 + self._wires_told
            name = f"{stage.capitalize()} {self._buyer(contract_id)}"
            made.append(buyer_exchange(self.market, wire, self.story.mask, number, name, tone, outcome))
        return tuple(made)

    def _made(
        self,
        step: Mapping[str, Any],
        icon: str,
        tone: str,
        title: str,
        facts: str,
        *,
        took: str = "",
        big: bool = False,
        skipped: bool = False,
        exchanges: tuple[Exchange, ...] = (),
        mono: bool = False,
    ) -> Line:
        end, mask = step["at"] + step["took"], self.request.mask
        added, self._lasted = self._lasted.added, NOTHING  # a step may be told in two lines
        return Line(
            self.request.received_at + round(end),
            self._offset(end),
            icon,
            tone,
            mask.text(title),
            mask.text(facts),
            took,
            big,
            skipped,
            exchanges,
            mono,
            added,
        )

    def _offset(self, ms: float) -> float:
        return self.request.received_at - self.story.requests[0].received_at + ms

    def _buyer(self, contract_id: str) -> str:
        asked = self.market.deals.shapes.verifiers.get(contract_id.removeprefix("verifier:"))
        if asked is not None and contract_id.startswith("verifier:"):
            return asked.card.title
        return self.market.deals.buyer_name(contract_id)

    def _price(self, text: str) -> str:
        return money(Money.parse(text, self.story.lead["currency"]))

    def _priced(self, text: str) -> str:
        return _AMOUNT.sub(lambda found: self._price(found[1]), text)

    def _counted(self, sentence: str) -> str:
        """The simulated buyers of test mode stand in every book; of a live lead they are not told."""
        assert self.request.trail is not None
        found = _OF_CONTRACTS.match(sentence)
        if found is None or self.story.lead["mode"] != "live":
            return sentence
        real = sum(not each.startswith(SIMULATED) for each in self.request.trail["verdicts"])
        return f"{found[1]} of {plural(real, 'contract')} eligible"


def _why_no_bid(asked: Mapping[str, Any]) -> str:
    return "not waited for" if asked.get("detail") == CUT else str(asked["reason"]).replace("_", " ")
