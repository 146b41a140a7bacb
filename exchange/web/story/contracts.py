"""Who could have bought a lead: one verdict for every contract that was looked at, in the words of the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from exchange.flows.market import Market
from exchange.model.money import Money
from exchange.model.reason import Reason
from exchange.model.verdict import Check
from exchange.stages.reasons import sentence
from exchange.web.story.masking import Mask
from exchange.web.story.outbid import Lost, Offer, sold_at, why_lost
from exchange.web.words import duration, money

SIMULATED = "simulated-"
CUT = "auction closed early"
"""What the record says of a ping nobody waited for: no bid it might have brought could still have won."""
_FAILED: Mapping[str, str] = MappingProxyType(
    {
        "contract_active": "Paused",
        "buyer_active": "Away",
        "mode": "Other mode",
        "schedule": "Closed",
        "filter": "Filter",
        "geo": "Area",
        "source": "Source",
        "grade": "Grade",
        "fraud": "Fraud score",
        "consent": "Consent",
        "named_seller": "Not named",
        "quiet_hours": "Quiet hours",
        "duplicate_buyer": "Bought before",
        "suppression": "Suppressed",
        "conflict": "Conflict",
        "cap": "Cap full",
        "budget": "Budget spent",
        "pacing": "Pacing",
        "balance": "Balance",
        "price": "Below floor",
        "health": "Breaker open",
        "rate": "Rate limit",
        "tier": "Not reached",
        "deadline": "No time",
    }
)
_NO_BID: Mapping[str, str] = MappingProxyType(
    {"timeout": "Timed out", "no_bid": "No bid", "bad_bid": "Bad bid", "below_floor": "Below floor"}
)
_POSTED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "accepted": ("Bought", "good"),
        "rejected": ("Rejected on post", "bad"),
        "failed": ("Post failed", "bad"),
        "unclear": ("Unclear", "warn"),
        "pending": ("Awaiting receipt", "warn"),
    }
)


@dataclass(frozen=True, slots=True)
class Panel:
    """One contract's verdict. `checks` are those that failed: name, what the lead had, what was required."""

    contract_id: str
    buyer: str
    contract: str
    word: str
    tone: str
    sentences: tuple[str, ...]
    asked: bool
    order: int
    checks: tuple[Check, ...] = ()

    def fields(self) -> dict[str, Any]:
        return {
            "contract": self.contract_id,
            "buyer": self.buyer,
            "verdict": self.word,
            "asked": self.asked,
            "sentences": list(self.sentences),
            "checks": [{"check": each.name, "got": each.got, "required": each.required} for each in self.checks],
        }


def panels(
    market: Market,
    trails: Sequence[Mapping[str, Any]],
    attempts: Mapping[str, Mapping[str, Any]],
    currency: str,
    mask: Mask,
    *,
    live: bool,
) -> list[Panel]:
    """Every contract of the records, those that were asked first, the buyer that got it on top."""
    seen = dict.fromkeys(contract_id for trail in trails for contract_id in trail["verdicts"])
    seen |= dict.fromkeys(row["contract_id"] for row in attempts.values())  # a process that stopped keeps no record
    facts = _Facts(market, trails, attempts, currency, mask)
    found = [facts.panel(each) for each in seen if not (live and each.startswith(SIMULATED))]
    return sorted(found, key=lambda panel: (not panel.asked, panel.order))


@dataclass(frozen=True, slots=True)
class _Facts:
    """The records, asked about one contract after the other."""

    market: Market
    trails: Sequence[Mapping[str, Any]]
    attempts: Mapping[str, Mapping[str, Any]]
    currency: str
    mask: Mask

    def panel(self, contract_id: str) -> Panel:
        post = self._last("posts", contract_id) or self._unrecorded(contract_id)
        asked = self._last("asked", contract_id)
        if post is not None and not self._was_refused_a_hold(post):
            return self._posted(contract_id, post)
        failed = self._failed(contract_id)
        if asked is not None and asked["bids"]:
            return self._bid(contract_id, asked, failed, post)
        if asked is not None:
            return self._no_bid(contract_id, asked)
        if post is not None:
            told = _sentence_of(post["reason"])
            return self._made(contract_id, told.rstrip("."), "warn", (told,), False, 40)
        if failed:
            word = _FAILED.get(failed[0].name.partition(":")[0], "Not eligible")
            many = f"{len(failed)} reasons"
            texts = tuple(self.mask.text(sentence(check)) for check in failed)
            return self._made(contract_id, word if len(failed) == 1 else many, "warn", texts, False, 60, failed)
        return self._eligible(contract_id)

    def _posted(self, contract_id: str, post: Mapping[str, Any]) -> Panel:
        attempt = self.attempts.get(post["attempt"])
        state = attempt["state"] if attempt is not None else post["state"]
        word, tone = _POSTED.get(state, (state.capitalize(), ""))
        price = self._price(post["price"])
        if attempt is not None and state == "accepted":
            price = Money(attempt["price_units"], attempt["currency"])
            alone = [] if attempt["exclusive"] else [each for each in self._offers(contract_id) if each.exclusive]
            told = [each.sentence for each in self._lost(alone)]
            bought = " and ".join(money(each) for each in self._bought(contract_id)) or money(price)
            return self._made(contract_id, f"Bought {bought}", tone, ("Accepted the post.", *told), True, 0)
        why = [f"Won at {money(price)}, then: {_sentence_of(post['reason'])}"]
        if detail := self.mask.text((attempt["detail"] if attempt is not None else post["detail"]) or ""):
            why.append(f'"{detail}"')
        return self._made(contract_id, word, tone, (" ".join(why),), True, 1 if state != "failed" else 3)

    def _bid(
        self,
        contract_id: str,
        asked: Mapping[str, Any],
        failed: tuple[Check, ...],
        post: Mapping[str, Any] | None,
    ) -> Panel:
        best = max((self._price(bid["price"]) for bid in asked["bids"]), key=lambda price: price.units)
        if post is not None:
            return self._made(contract_id, f"Bid {money(best)}", "warn", (_sentence_of(post["reason"]),), True, 9)
        if failed:
            texts = (f"Bid {money(best)}; at the post:", *(self.mask.text(sentence(check)) for check in failed))
            return self._made(contract_id, f"Bid {money(best)}", "warn", (" ".join(texts),), True, 8, failed)
        return self._outbid(contract_id, self._offers(contract_id), True, 5)

    def _outbid(self, contract_id: str, offers: Sequence[Offer], asked: bool, order: int) -> Panel:
        """Its bids lost, each against what was paid for the like of it."""
        best = max((each.price for each in offers), key=lambda price: price.units)
        lost = self._lost(offers)
        told = tuple(each.sentence for each in lost) or ("The lead was not sold on this bid.",)
        outbid = bool(lost) and all(each.outbid for each in lost)
        return self._made(contract_id, f"{'Outbid' if outbid else 'Bid'} {money(best)}", "", told, asked, order)

    def _lost(self, offers: Sequence[Offer]) -> list[Lost]:
        won = sold_at(self.trails, self._paid())
        return [why_lost(each, won) for each in offers] if won else []

    def _offers(self, contract_id: str) -> list[Offer]:
        """The best it bid for the lead alone, and for a share of it."""
        asked = self._last("asked", contract_id)
        bids = [(bid["price"], bool(bid["exclusive"])) for bid in asked["bids"]] if asked is not None else []
        steps = [step for trail in self.trails for step in trail["steps"] if step["name"] == "auction"]
        fixed = [each for step in steps for each in step.get("fixed", ())]
        bids += [(price, bool(exclusive)) for id_, price, exclusive in fixed if id_ == contract_id]
        best: dict[bool, Offer] = {}
        for text, exclusive in bids:
            offer = Offer(self._price(text), exclusive)
            best[exclusive] = max(offer, best.get(exclusive, offer), key=lambda each: each.price.units)
        return [best[kind] for kind in (True, False) if kind in best]

    def _no_bid(self, contract_id: str, asked: Mapping[str, Any]) -> Panel:
        if asked.get("detail") == CUT:
            told = "The best bid could not be beaten any more, so its answer was not waited for."
            return self._made(contract_id, "Not waited for", "", (told,), True, 6)
        word = _NO_BID.get(asked["reason"], "Ping error")
        detail = self.mask.text(asked.get("detail") or "")
        took = duration(asked["took"])
        if word == "Timed out":
            told = f"No answer in {took}."
        elif word == "No bid":
            told = f'Answered in {took}: "{detail}".' if detail else f"Answered in {took}."
        else:
            told = f"{_sentence_of(asked['reason'])} {detail}".strip()
        return self._made(contract_id, word, "bad" if word not in ("No bid", "Below floor") else "", (told,), True, 7)

    def _eligible(self, contract_id: str) -> Panel:
        """It passed every check and was not asked: a fixed price that lost, or the lead was gone before its turn."""
        if offers := self._offers(contract_id):
            return self._outbid(contract_id, offers, False, 50)
        contract = self.market.deals.contracts.get(contract_id)
        if contract is not None and contract.price is not None:
            told = "Its fixed price took part in the auction and did not win."
            return self._made(contract_id, f"Outbid {money(contract.price)}", "", (told,), False, 50)
        return self._made(contract_id, "Not reached", "", ("Passed every check; its turn did not come.",), False, 55)

    def _made(
        self,
        contract_id: str,
        word: str,
        tone: str,
        sentences: tuple[str, ...],
        asked: bool,
        order: int,
        checks: tuple[Check, ...] = (),
    ) -> Panel:
        contract = self.market.deals.contracts.get(contract_id)
        buyer = self.market.deals.buyers.get(contract.buyer_id) if contract is not None else None
        name = buyer.name if buyer is not None else contract_id
        return Panel(contract_id, name, contract.name if contract else "", word, tone, sentences, asked, order, checks)

    def _last(self, what: str, contract_id: str) -> Mapping[str, Any] | None:
        lines = [line for trail in self.trails for line in trail[what] if line["contract"] == contract_id]
        return lines[-1] if lines else None

    def _unrecorded(self, contract_id: str) -> Mapping[str, Any] | None:
        """A delivery as a record would tell it."""
        rows = [row for row in self.attempts.values() if row["contract_id"] == contract_id]
        if not rows:
            return None
        row = rows[-1]
        price = Money(row["price_units"], row["currency"]).text
        return {
            "attempt": row["id"],
            "state": row["state"],
            "price": price,
            "reason": row["reason"],
            "detail": row["detail"],
        }

    def _failed(self, contract_id: str) -> tuple[Check, ...]:
        """Of the last judgement: a post judges again with more known."""
        verdicts = [trail["verdicts"][contract_id] for trail in self.trails if contract_id in trail["verdicts"]]
        return tuple(Check(*check) for check in verdicts[-1]["failed"]) if verdicts else ()

    def _was_refused_a_hold(self, post: Mapping[str, Any]) -> bool:
        return post["reason"] in (Reason.CAP_FULL.slug, Reason.BALANCE_SHORT.slug)

    def _price(self, text: str) -> Money:
        return Money.parse(text, self.currency)

    def _bought(self, contract_id: str) -> list[Money]:
        """One contract may buy several shares of a lead, for companies it sells on to."""
        rows = (row for row in self.attempts.values() if row["contract_id"] == contract_id)
        return [Money(row["price_units"], row["currency"]) for row in rows if row["state"] == "accepted"]

    def _paid(self) -> list[Offer]:
        return [
            Offer(Money(attempt["price_units"], attempt["currency"]), bool(attempt["exclusive"]))
            for attempt in self.attempts.values()
            if attempt["state"] == "accepted"
        ]


def _sentence_of(slug: str | None) -> str:
    if slug == Reason.BUYER_REJECTED.slug:  # the seller's sentence speaks of all buyers
        return "It refused the lead."
    return next((reason.sentence for reason in Reason if reason.slug == slug), "It is not known why.")
