"""The schemas of the calls about quality."""

from __future__ import annotations

from exchange import limits
from exchange.model.measure import Action, MeasureState
from exchange.stages.quality.rates import MEASURES
from exchange.stages.quality.standing import Band
from exchange.web.api.answer_schemas import Schema, ends, moment, record, text

_SHARE: Schema = text("A share between 0 and 1, as decimal text.")
_COUNT: Schema = {"type": "integer", "minimum": 0}
_OF_BUYERS = ("taken", "return", "contact", "conversion")


def quality_schemas() -> dict[str, Schema]:
    """By name."""
    return {
        "QualitySources": _told("sources", _source()),
        "QualityOwn": _told("sub_ids", _own()),
        "QualityBuyers": _told("buyers", _buyer()),
        "Measures": record(
            ("status", "count", "measures", "rules"),
            status=text(enum=["ok"]),
            count=_COUNT,
            measures=_list(_measure()),
            rules=_list(_rule()),
            **ends(),
        ),
        "MeasureDecision": record(
            ("decision", "note"),
            decision=text(enum=["block", "cap", "dismiss", "undo"]),
            cap={**_COUNT, "description": "Posts a day (UTC), with `cap`."},
            note=_note(),
        ),
        "MeasureDecided": record(
            ("status", "measure"), status=text(enum=[each.value for each in MeasureState]), measure=_measure(), **ends()
        ),
        "SourceRule": record(
            ("note",),
            vertical=text("Empty: of all verticals without a rule of their own."),
            action=text(enum=[each.value for each in Action]),
            chance=text("Percent: so sure it must be, 95 to 99.99."),
            leads=_COUNT,
            bad=_COUNT,
            days=_COUNT,
            cap=_COUNT,
            note=_note(),
        ),
        "PriceSuggestions": _suggestions(),
        "Shaving": _shaving(),
        "TermsChange": record(
            ("kind", "subject", "text", "note"),
            kind=_kind(),
            subject=text("A contract's id for `price_rules`, else a campaign's."),
            text=text("The terms, one a line or with semicolons between; empty takes them away."),
            note=_note(),
        ),
        "TermsChanged": record(
            ("status", "kind", "subject", "version", "before", "after"),
            status=text(enum=["saved"]),
            kind=_kind(),
            subject=text(),
            version=_COUNT,
            before=text(),
            after=text(),
            **ends(),
        ),
        "SourceRuleSaved": record(("status", "rule"), status=text(enum=["saved"]), rule=_rule(), **ends()),
    }


def _suggestions() -> Schema:
    idea = record(
        ("kind", "subject", "sentence", "a_week", "currency", "leads", "changed", "before", "after"),
        kind=_kind(),
        subject=text(),
        sentence=text(),
        a_week=record(("low", "about", "high"), low=text(), about=text(), high=text()),
        currency=text(),
        leads=_COUNT,
        changed=_COUNT,
        lead_ids=_list(text()),
        before=text(),
        after=text(),
    )
    return record(
        ("status", "vertical", "count", "evidence", "suggestions", "holdouts"),
        status=text(enum=["ok"]),
        vertical=text(),
        count=_COUNT,
        evidence=text("No hold-out has shown it.", enum=["estimate"]),
        suggestions=_list(idea),
        holdouts=_list(_holdout()),
        **ends(),
    )


def _shaving() -> Schema:
    """Shares with their counts, and the leads behind those that are a sign."""
    shares: dict[str, Schema] = {}
    for prefix in ("", "before_", "others_", "others_before_"):
        shares |= {f"{prefix}{end}": _maybe(_COUNT) for end in ("count", "of")}
        shares |= {f"{prefix}{end}": _maybe(_SHARE) for end in ("rate", "low", "high")}
    sign = record(
        ("vertical", "sign", "buyer_id", "seller_id", "sub_id", "count", "of", "chance_of_fall"),
        vertical=text(),
        sign=text(enum=["acceptance", "duplicate", "duplicate_never_offered", "returned_again"]),
        buyer_id=text(),
        seller_id=text("Empty: all sellers together."),
        sub_id=text("Empty: all of the seller's."),
        chance_of_fall=_maybe(text("That it takes over ten points less than in the four weeks before.")),
        **shares,
    )
    case = {"buyer_id": text(), "lead_id": text(), "seller_id": text(), "at": moment("Of the answer or the return.")}
    return record(
        ("status", "vertical", "count", "signs", "duplicates_never_offered", "returned_again"),
        status=text(enum=["ok"]),
        vertical=text(),
        buyer_id=_maybe(text()),
        count=_COUNT,
        signs=_list(sign),
        duplicates_never_offered=_list(record(tuple(case), consumer_came_before={"type": "boolean"}, **case)),
        returned_again=_list(
            record(
                tuple(case),
                again_lead_id=text(),
                again_seller_id=text(),
                again_at=_maybe(moment("When it came again.")),
                sold_to=_maybe(text()),
                **case,
            )
        ),
        **ends(),
    )


def _holdout() -> Schema:
    """A floor of a state beside the leads that were held out of it."""
    arm: dict[str, Schema] = {}
    for name in ("under", "held_out"):
        arm |= {f"{name}_leads": _COUNT, f"{name}_sold": _COUNT}
        arm |= {f"{name}_a_lead": text("What buyers pay for a lead, sold or not."), f"{name}_margin_a_lead": text()}
    return record(
        (
            "campaign_id",
            "state",
            "floor",
            "plain_floor",
            "currency",
            "since",
            "holdout",
            *arm,
            "gain_a_lead",
            "verdict",
        ),
        campaign_id=text(),
        state=text(),
        floor=text(),
        plain_floor=text(),
        currency=text(),
        since=moment("Since when both floors have stood so."),
        holdout=_SHARE,
        gain_a_lead=record(("low", "about", "high"), low=text(), about=text(), high=text()),
        verdict=text(enum=["open", "brings_more", "brings_less"]),
        **arm,
    )


def _kind() -> Schema:
    return text(enum=["price_rules", "payout_tiers", "floors", "ranking"])


def _told(name: str, line: Schema) -> Schema:
    lists: dict[str, Schema] = {name: _list(line)}
    return record(
        ("status", "vertical", "count", name),
        status=text(enum=["ok"]),
        vertical=text(),
        count=_COUNT,
        **lists,
        **ends(),
    )


def _rates(names: tuple[str, ...], worse: bool) -> dict[str, Schema]:
    """A rate, the interval that holds nine in ten such sources, and the plain count behind it."""
    found: dict[str, Schema] = {}
    for name in names:
        found |= {f"{name}_{end}": _SHARE for end in ("rate", "low", "high")}
        found |= {f"{name}_count": _COUNT, f"{name}_of": _COUNT}
        if worse:
            found[f"{name}_worse"] = text("The chance that it is worse than the vertical's.")
    return found


def _source() -> Schema:
    rates = _rates(tuple(each.name for each in MEASURES), True)
    return record(
        ("vertical", "seller_id", "band", "leads", "sold", *rates),
        vertical=text(),
        seller_id=text(),
        sub_id=_maybe(text()),
        band=_band(),
        leads=_COUNT,
        sold=_COUNT,
        currency=_maybe(text()),
        earned=_maybe(text()),
        earned_per_lead=_maybe(text()),
        payout=_maybe(text()),
        bad_share=_maybe(_SHARE),
        bad_bar=_maybe(_SHARE),
        bad_chance=_maybe(_SHARE),
        **rates,
    )


def _own() -> Schema:
    rates = _rates(tuple(each.name for each in MEASURES), False)
    return record(
        ("vertical", "sub_id", "band", "leads", "sold", *rates),
        vertical=text(),
        sub_id=text(),
        band=_band(),
        leads=_COUNT,
        sold=_COUNT,
        currency=_maybe(text()),
        payout=_maybe(text()),
        payout_per_lead=_maybe(text()),
        **rates,
    )


def _buyer() -> Schema:
    rates = _rates(_OF_BUYERS, True)
    counts = dict.fromkeys(("posts", "taken", "refused", "lowered", "sold"), _COUNT)
    money = ("currency", "bid_mean", "paid_mean", "spent", "given_back", "cost_per_conversion")
    needed, told = ("vertical", "buyer_id", *counts, *rates), dict.fromkeys(money, _maybe(text()))
    return record(needed, vertical=text(), buyer_id=text(), **counts, **told, **rates)


def _measure() -> Schema:
    return record(
        (
            "measure_id",
            "vertical",
            "seller_id",
            "sub_id",
            "kind",
            "state",
            "by_rule",
            "chance",
            "share",
            "leads",
            "bad",
        ),
        measure_id=text(),
        vertical=text(),
        seller_id=text(),
        sub_id=text(),
        kind=text(enum=[Action.BLOCK.value, Action.CAP.value]),
        cap=_maybe(_COUNT),
        state=text(enum=[each.value for each in MeasureState]),
        by_rule={"type": "boolean"},
        chance=_SHARE,
        share=_SHARE,
        bar=_SHARE,
        leads=_COUNT,
        bad=_COUNT,
        found_at=moment("When it was found."),
        changed_at=moment("When it was last decided."),
        changed_by=text(),
        note=text(),
    )


def _rule() -> Schema:
    return record(
        ("vertical", "action", "chance", "leads", "bad", "days", "cap"),
        vertical=_maybe(text()),
        action=text(enum=[each.value for each in Action]),
        chance=_SHARE,
        leads=_COUNT,
        bad=_COUNT,
        days=_COUNT,
        cap=_COUNT,
    )


def _band() -> Schema:
    return text(enum=[each.value for each in Band])


def _note() -> Schema:
    return text("Why; kept in the audit log.", maxLength=limits.NOTE_CHARACTERS)


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _maybe(of: Schema) -> Schema:
    return {"anyOf": [of, {"type": "null"}]}
