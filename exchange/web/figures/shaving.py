"""The signs that a buyer shaves, as pages and programs are told of them: every share with its count and interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exchange.flows.market import Market
from exchange.stages.shaving import BuyerSigns, Case, Fall, Share, Shaving
from exchange.web import words
from exchange.web.figures.quality import buyer_name, seller_name
from exchange.web.render import address

SHOWN = 100  # rows of a table on the page; the twins hold all
_NO_SHARE: dict[str, Any] = {"count": None, "of": None, "rate": None, "low": None, "high": None}


@dataclass(frozen=True)
class ToldShare:
    """A share in words, as `_quality.html` draws it. Under `FEW` its count stands in the place of the percent."""

    share: Share
    doubt: str = ""
    tone: str = ""

    @property
    def few(self) -> bool:
        return self.share.of < words.FEW

    @property
    def value(self) -> str:
        return words.share_value(self.share.hits, self.share.of, self.share.value)

    @property
    def under(self) -> str:
        return words.share_under(self.share.hits, self.share.of, self.share.bounds)


@dataclass(frozen=True)
class FallLine:
    fall: Fall
    buyer: str
    seller: str
    vertical: str

    @property
    def now(self) -> ToldShare:
        return ToldShare(self.fall.now, tone="bad" if self.fall.fell else "")

    @property
    def before(self) -> ToldShare:
        return ToldShare(self.fall.before)

    @property
    def others_now(self) -> ToldShare:
        return ToldShare(self.fall.others_now)

    @property
    def others_before(self) -> ToldShare:
        return ToldShare(self.fall.others_before)

    @property
    def chance(self) -> str:
        assert self.fall.chance is not None, "only what is judged is shown"
        return f"{self.fall.chance * 100:.0f} %"

    @property
    def verdict(self) -> str:
        """What the figures say, in a few words; nothing where they say nothing."""
        if not self.fall.fell:
            return ""
        if self.fall.alone:
            return "It alone" if self.fall.others_chance is not None else "Others: too few posts"
        return "Others too"

    @property
    def bought(self) -> str:
        """The leads of the week that it took, in the list of leads."""
        return self._leads(buyer=self.fall.buyer_id)

    @property
    def offered(self) -> str:
        """All leads of the week that the seller sent, in the list of leads."""
        return self._leads()

    def _leads(self, **more: str) -> str:
        wanted = {"vertical": self.vertical, "seller": self.fall.seller_id or None, "period": "7d", **more}
        return address("/console/leads", **wanted)


@dataclass(frozen=True)
class SignsLine:
    signs: BuyerSigns
    buyer: str
    everyone: BuyerSigns | None

    @property
    def said(self) -> ToldShare:
        return self._told("said")

    @property
    def unoffered(self) -> ToldShare:
        return self._told("unoffered")

    @property
    def again(self) -> ToldShare:
        return self._told("again")

    def _told(self, name: str) -> ToldShare:
        own: Share = getattr(self.signs, name)
        if self.everyone is None:
            return ToldShare(own)
        return ToldShare(own, f"All buyers: {ToldShare(getattr(self.everyone, name)).value}")


@dataclass(frozen=True)
class CaseLine:
    case: Case
    buyer: str
    seller: str
    again_seller: str
    sold_to: str

    @property
    def never_here(self) -> bool:
        return self.case.known is not None and self.case.known.value == "nowhere"

    def fields(self) -> dict[str, Any]:
        each = self.case
        told: dict[str, Any] = {
            "buyer_id": each.buyer_id,
            "lead_id": each.lead_id,
            "seller_id": each.seller_id,
            "at": words.utc(each.at),
        }
        if each.known is not None:
            return told | {"consumer_came_before": not self.never_here}
        return told | {
            "again_lead_id": each.again_id,
            "again_seller_id": each.again_seller,
            "again_at": words.utc(each.again_at) if each.again_at is not None else None,
            "sold_to": each.sold_to,
        }


def fall_lines(market: Market, found: Shaving, vertical: str) -> list[FallLine]:
    """Those with enough posts to say something."""
    return [
        FallLine(
            each,
            buyer_name(market, each.buyer_id),
            source_name(market, each),
            vertical,
        )
        for each in found.falls
        if each.judged
    ]


def source_name(market: Market, fall: Fall) -> str:
    if not fall.seller_id:
        return "All sellers"
    seller = seller_name(market, fall.seller_id)
    return seller if fall.sub_id is None else f"{seller}, {fall.sub_id}"


def signs_lines(market: Market, found: Shaving, beside: bool) -> list[SignsLine]:
    """`beside`: all buyers were read, so that one may be held against them."""
    everyone = found.everyone if beside else None
    return [SignsLine(each, buyer_name(market, each.buyer_id), everyone) for each in found.buyers]


def shaving_fields(market: Market, found: Shaving, vertical: str, buyer_id: str) -> dict[str, Any]:
    """All of it, as pages' twins and the API tell it."""
    rows = rows_of(found, vertical)
    return {
        "vertical": vertical,
        "buyer_id": buyer_id or None,
        "count": len(rows),
        "signs": rows,
        "duplicates_never_offered": [each.fields() for each in case_lines(market, found.duplicates)],
        "returned_again": [each.fields() for each in case_lines(market, found.returns)],
    }


def case_lines(market: Market, cases: tuple[Case, ...]) -> list[CaseLine]:
    return [
        CaseLine(
            each,
            buyer_name(market, each.buyer_id),
            seller_name(market, each.seller_id),
            seller_name(market, each.again_seller) if each.again_seller else "",
            buyer_name(market, each.sold_to) if each.sold_to else "",
        )
        for each in cases
    ]


def sentence(market: Market, found: Shaving, buyer_id: str) -> str:
    """One buyer's signs in words; empty when there is nothing to say."""
    signs = next((each for each in found.buyers if each.buyer_id == buyer_id), BuyerSigns(buyer_id))
    parts = []
    fell = [each for each in found.falls if each.fell]
    if fell:
        names = [source_name(market, each) for each in fell if each.seller_id] or ["all sellers together"]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        of = ", ".join(names[:3]) + more
        parts.append(
            f"In the last week it took over ten points less of the leads of {of} than in the four weeks before."
        )
    if signs.unoffered.of:
        called, never = words.plural(signs.unoffered.of, "lead"), words.count(signs.unoffered.hits)
        parts.append(f"Of {called} that it called a duplicate, {never} had never been offered to it by us.")
    if signs.again.of:
        back, again = words.plural(signs.again.of, "lead"), words.count(signs.again.hits)
        parts.append(f"Of {back} that it gave back, {again} came again from another seller, or sold again.")
    return " ".join(parts)


def rows_of(found: Shaving, vertical: str) -> list[dict[str, Any]]:
    """One row a figure, all with the same columns. `sign` says which; pairs with few posts have no `chance`."""
    rows = [_row(vertical, "acceptance", each.buyer_id, each.seller_id, each.now, each) for each in found.falls]
    for each in found.buyers:
        for sign, share in (
            ("duplicate", each.said), ("duplicate_never_offered", each.unoffered), ("returned_again", each.again),
        ):  # fmt: skip
            rows.append(_row(vertical, sign, each.buyer_id, "", share, None))
    return rows


def _row(vertical: str, sign: str, buyer_id: str, seller_id: str, share: Share, fall: Fall | None) -> dict[str, Any]:
    """`seller_id` is empty for all sellers together, `sub_id` for all of a seller's."""
    chance = fall.chance if fall is not None else None
    return {
        "vertical": vertical,
        "sign": sign,
        "buyer_id": buyer_id,
        "seller_id": seller_id,
        "sub_id": (fall.sub_id or "") if fall is not None else "",
        **share_fields(share),
        **_named("before", fall.before if fall is not None else None),
        "chance_of_fall": round(chance, 4) if chance is not None else None,
        **_named("others", fall.others_now if fall is not None else None),
        **_named("others_before", fall.others_before if fall is not None else None),
    }


def share_fields(share: Share | None) -> dict[str, Any]:
    if share is None:
        return dict(_NO_SHARE)
    low, high = share.bounds
    rate = round(share.value, 4) if share.of else None
    return {"count": share.hits, "of": share.of, "rate": rate, "low": round(low, 4), "high": round(high, 4)}


def _named(name: str, share: Share | None) -> dict[str, Any]:
    return {f"{name}_{key}": value for key, value in share_fields(share).items()}
