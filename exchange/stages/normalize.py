"""A submission becomes a lead: names understood, values typed, every problem told at once. Pure.

What a ping should not carry is left out here, before anything is stored: neither the lead nor `redact` has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

from exchange import limits
from exchange.fields import state as state_type
from exchange.fields.characters import EDGE, is_blank, printable
from exchange.fields.consent import is_leadid
from exchange.model.lead import FieldValue, Kind, Lead, Mode, Problem, Submission
from exchange.model.money import Money
from exchange.model.party import Campaign
from exchange.model.vertical import FieldSpec, Presence, Vertical
from exchange.stages.consent import consent_record
from exchange.stages.field_names import Known, Names, compile_names, fold
from exchange.stages.formats import FORMATS, format_named
from exchange.stages.magic import TEST_ZIPS
from exchange.stages.personal import WHO, looks_personal, says_who, tells_too_much
from exchange.stages.standard_fields import Goes

__all__ = ["Names", "Normalized", "compile_names", "normalize", "redact"]

SUGGESTIONS_MOST = 20  # looking for a near name costs; a poster that sends more unknown names reads the first ones
_SHORT_ZIP = re.compile(r"[0-9]{4}")
_ZIP_DIGITS = 5
_API = "api"
_TRACKING, _CONSENT, _IGNORED, _CONTACT = Goes.TRACKING, Goes.CONSENT, Goes.IGNORED, Goes.CONTACT


class Normalized(NamedTuple):
    """The lead as far as it could be understood. Any problem means it is not to be sold.

    `dropped` names the sent fields, as sent, whose values must be kept nowhere.
    """

    lead: Lead
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    dropped: tuple[str, ...]
    mended: Mapping[str, str] = MappingProxyType({})  # by field, what was put right before it was read


@dataclass(slots=True)
class _Reading:
    """What is collected while one submission is read; it never leaves this module."""

    sent: dict[str, tuple[str, str]] = field(default_factory=dict)  # canonical → (name as sent, raw)
    conflicts: set[str] = field(default_factory=set)
    values: dict[str, FieldValue] = field(default_factory=dict)  # of every known field, wherever it goes
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    mended: dict[str, str] = field(default_factory=dict)
    who: dict[str, str] = field(default_factory=dict)  # of the consumer; of a ping what it should not have told

    def drop(self, name: str, sent: str) -> None:
        told = f"{printable(name)[:120]} is not for pings; it was discarded."
        self.warnings.append(Problem(printable(name)[:120], "not_for_ping", told))
        self.dropped.append(sent)

    def leave_out(self, name: str, sent: str) -> None:
        told = f"{name} holds an email address, a phone or the consumer's name; it was discarded, since others see it."
        self.warnings.append(Problem(name, "personal", told))
        self.dropped.append(sent)


def normalize(
    submission: Submission, campaign: Campaign, vertical: Vertical, names: Names, lead_id: str, now: int
) -> Normalized:
    """Read every field of `submission` as `names` (made for this campaign) says. `now` is epoch milliseconds."""
    reading = _Reading()
    _read_names(submission, names, reading)
    _mend(reading, names)
    _read_values(submission, names, reading, now)
    if submission.kind is Kind.PING:
        _drop_unread(submission, names, reading)
    _leave_out_who(names.required[submission.kind], names, reading, now)
    _check_places(submission, vertical, names, reading)
    _check_test(submission, reading)
    _check_format(submission, reading)
    lead = _lead(submission, campaign, names, reading, lead_id)
    problems = reading.problems
    if len(problems) > 1:
        order = {name: place for place, name in enumerate(names.known)}
        problems.sort(key=lambda problem: order.get(problem.field, len(order)))
    most = limits.PROBLEMS_TOLD
    return Normalized(
        lead, tuple(problems[:most]), tuple(reading.warnings[:most]), tuple(reading.dropped), reading.mended
    )


def redact(submission: Submission, normalized: Normalized) -> Mapping[str, str]:
    """The fields that may be stored: without keys and, for a ping, without the personal values it should not carry."""
    dropped = set(normalized.dropped)
    return {name: raw for name, raw in submission.fields.items() if name not in dropped}


def _read_names(submission: Submission, names: Names, reading: _Reading) -> None:
    """Which field each sent name means. Unknown names and aliases are told, double ones settled."""
    ping = submission.kind is Kind.PING
    suggestions = SUGGESTIONS_MOST
    for sent, raw in submission.fields.items():
        name = names.canonical(sent)
        if name is None or not _meant(name, sent, raw):
            if ping and looks_personal(raw):
                reading.drop(sent, sent)
            elif name != "test":
                reading.warnings.append(_unknown(sent, names if suggestions > 0 else None))
                suggestions -= 1
            continue
        if name == "campaign_key":
            reading.dropped.append(sent)  # a secret: it did its work at the front door
            continue
        known = names.known[name]
        if ping and not is_blank(raw) and (not known.in_ping or tells_too_much(known, raw)):
            reading.drop(name, sent)
            if name in WHO:
                reading.who[name] = raw
            continue
        if sent != name and known.goes is not _IGNORED and fold(sent) != fold(name):
            reading.warnings.append(Problem(name, "alias_used", f"{sent} was read as {name}.", sent[:80]))
        _keep(name, sent, "1" if name == "test" and raw.strip(EDGE).lower() == "test" else raw, known, reading)


def _meant(name: str, sent: str, raw: str) -> bool:
    """Two aliases count only with a value that fits: `lead_id` as a LeadiD, `lp_action` as the test flag."""
    if name == "jornaya_leadid" and fold(sent) == "leadid":
        return is_leadid(raw)
    if name == "test" and fold(sent) == "lpaction":
        return raw.strip(EDGE).lower() == "test"
    return True


def _unknown(sent: str, names: Names | None) -> Problem:
    shown = printable(sent)[:120]
    near = names.closest(sent) if names else None
    if fold(sent) == "leadid":
        near = "seller_lead_id"
    meant = f" Did you mean {near}?" if near else ""
    return Problem(
        shown, "unknown_field", f"{shown} is not a field of this campaign; it was kept.{meant}", closest=near
    )


def _keep(name: str, sent: str, raw: str, known: Known, reading: _Reading) -> None:
    """One value per field: a filled one before a blank one; two that differ are a conflict, except in tracking tags."""
    before = reading.sent.get(name)
    if before is None or is_blank(before[1]):
        reading.sent[name] = (sent, raw)
        return
    if is_blank(raw) or raw.strip(EDGE) == before[1].strip(EDGE) or known.goes is _IGNORED:
        return
    if known.goes is _TRACKING:
        if fold(sent) == fold(name):
            reading.sent[name] = (sent, raw)
        return
    told = f"{name} was sent twice, as {before[0]} and as {sent}, with different values."
    reading.problems.append(Problem(name, "conflict", told))
    reading.conflicts.add(name)


def _mend(reading: _Reading, names: Names) -> None:
    """What a form often gets wrong and the rest of the post makes certain: names in one box, a ZIP without its zero."""
    sent = reading.sent
    for source in ("full_name", "first_name"):
        given = sent.get(source)
        if given is None or not _is_empty(sent, "last_name") or not _declares(names, "first_name", "last_name"):
            continue
        first, _, last = " ".join(given[1].strip(EDGE).split()).rpartition(" ")
        if first and len(given[1]) <= limits.FIELD_CHARACTERS:
            sent["last_name"] = (given[0], last)
            if source == "first_name" or _is_empty(sent, "first_name"):
                sent["first_name"] = (given[0], first)
            if source == "first_name":
                reading.mended["first_name"] = reading.mended["last_name"] = "Both names stood in one field"
    mail = sent.get("email")
    if mail is not None and (whole := mail[1].strip("\r\n")) != mail[1]:  # what a file or a box of text leaves behind
        sent["email"] = (mail[0], whole)
        reading.mended["email"] = "Line breaks around it were taken off"
    short, state = sent.get("zip"), sent.get("state")
    if short is not None and state is not None and _SHORT_ZIP.fullmatch(short[1].strip(EDGE)):
        full = f"0{short[1].strip(EDGE)}"
        read = state_type.parse(state[1], names.known["state"].spec, 0)
        if isinstance(read, FieldValue) and names.places.matches(full, read.clean):
            sent["zip"] = (short[0], full)
            reading.mended["zip"] = "The zero before it was put back"


def _is_empty(sent: Mapping[str, tuple[str, str]], name: str) -> bool:
    given = sent.get(name)
    return given is None or is_blank(given[1])


def _declares(names: Names, *fields: str) -> bool:
    return all(names.known[name].declared for name in fields)


def _read_values(submission: Submission, names: Names, reading: _Reading, now: int) -> None:
    """Every value that was sent. A conflict is told once and its value left alone."""
    required = names.required[submission.kind]
    if submission.channel != _API and _has_place(names, reading):
        required -= {"state"}
    ping = submission.kind is Kind.PING
    for name in required - reading.sent.keys():
        _lack(names.known[name].spec, "missing", "is required", reading, now)
    for name, (sent, raw) in reading.sent.items():
        known = names.known[name]
        if name in reading.conflicts or known.goes is _IGNORED:
            continue
        if is_blank(raw):
            if name in required:
                _lack(known.spec, "blank", "must not be blank", reading, now)
            continue
        if known.goes is _CONTACT:
            if name != "full_name":
                reading.warnings.append(_unknown(sent, None))
            continue
        value = known.parse(raw, known.spec, now)
        if isinstance(value, FieldValue):
            reading.values[name] = value
            if known.spec.until:
                _warn_of_end(known.spec, value, reading)
            if known.spec.type == "line" and len(raw.strip(EDGE)) > len(value.clean):
                told = f"{name} was cut to {len(value.clean)} characters."
                reading.warnings.append(Problem(name, "truncated", told))
        elif ping and looks_personal(raw):
            reading.problems.append(Problem(name, value.code, f"{name} is not valid.", "", value.allowed))
        else:
            reading.problems.append(value)


def _has_place(names: Names, reading: _Reading) -> bool:
    """Whether the ZIP says the state. A program can send both; a list, a mail or an advertisement often has one."""
    _, code = reading.sent.get("zip", ("", ""))
    return names.places.state_of(code.strip()[:_ZIP_DIGITS]) is not None


def _lack(spec: FieldSpec, code: str, rule: str, reading: _Reading, now: int) -> None:
    """A required field without a value: a problem, or until it is required a warning."""
    if spec.required_from is not None and now < spec.required_from:
        told = f"{spec.name} will be required from {_day(spec.required_from)} on."
        reading.warnings.append(Problem(spec.name, "required_soon", told))
    else:
        reading.problems.append(Problem(spec.name, code, f"{spec.name} {rule}.", "", spec.allowed))


def _warn_of_end(spec: FieldSpec, value: FieldValue, reading: _Reading) -> None:
    ends = spec.ends_of(value.clean)
    if ends is not None:
        told = f"{spec.name} {value.clean} is read until {_day(ends)} only."
        stay = tuple(each for each in spec.allowed if spec.ends_of(each) is None)
        reading.warnings.append(Problem(spec.name, "deprecated_value", told, value.raw[: limits.GOT_CHARACTERS], stay))


def _day(at: int) -> str:
    """The day that begins at this moment, in UTC, as the configuration says it."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d}"


def _drop_unread(submission: Submission, names: Names, reading: _Reading) -> None:
    """What a ping carries and nothing could read, the other of two values included, must not be kept if personal."""
    dropped = set(reading.dropped)
    for sent, raw in submission.fields.items():
        name = names.canonical(sent)
        value = reading.values.get(name) if name is not None else None
        if (value is None or value.raw != raw) and sent not in dropped and looks_personal(raw):
            reading.dropped.append(sent)


def _leave_out_who(required: frozenset[str], names: Names, reading: _Reading, now: int) -> None:
    """Who the consumer is stands in the fields for it alone, and not in what others see before they buy the lead."""
    reading.who.update((name, reading.values[name].clean) for name in WHO if name in reading.values)
    for name in names.told:
        if name not in reading.values:
            continue
        sent, raw = reading.sent[name]
        if says_who(name, names.known[name], raw, reading.who):
            del reading.values[name]
            reading.leave_out(name, sent)
            if name in required:
                _lack(
                    names.known[name].spec,
                    "missing",
                    "is required, without anybody's phone, email or name",
                    reading,
                    now,
                )


def _check_places(submission: Submission, vertical: Vertical, names: Names, reading: _Reading) -> None:
    """The ZIP exists and lies in the state; a state that was not sent follows from the ZIP. Test ZIPs are nowhere."""
    zip_value = reading.values.get("zip")
    if zip_value is None or (submission.mode is Mode.TEST and zip_value.clean in TEST_ZIPS):
        return
    code = zip_value.clean
    places = names.places
    state = reading.values.get("state")
    if code not in places:
        told = f"zip {code} is not a ZIP code the post office uses."
        reading.problems.append(Problem("zip", "not_allowed", told, zip_value.raw[: limits.GOT_CHARACTERS]))
    elif state is None:
        spec = vertical.by_name.get("state")
        found = places.state_of(code)
        wanted = spec is not None and (submission.kind is not Kind.PING or spec.ping is not Presence.ABSENT)
        if spec is not None and wanted and found is not None and _is_empty(reading.sent, "state"):
            derived = state_type.parse(found, spec, 0)
            if isinstance(derived, FieldValue):
                reading.values["state"] = derived
                reading.mended["state"] = "Follows from the ZIP code"
    elif not places.matches(code, state.clean):
        lies = places.state_of(code)
        where = f"is in {lies}, not in {state.clean}" if lies else f"is not in {state.clean}"
        reading.problems.append(
            Problem("zip", "mismatch", f"zip {code} {where}.", zip_value.raw[: limits.GOT_CHARACTERS], closest=None)
        )


def _check_test(submission: Submission, reading: _Reading) -> None:
    """`test=1` and a forced outcome belong to test keys: a live lead is never quietly made a test."""
    if submission.mode is Mode.TEST:
        return
    flag = reading.values.get("test")
    told = "needs a test key (it starts with ck_test_); the key sent is a live one."
    if flag is not None and flag.clean == "yes":
        reading.problems.append(Problem("test", "conflict", f"test=1 {told}", flag.raw[: limits.GOT_CHARACTERS]))
    if "test_outcome" in reading.values:
        got = reading.values["test_outcome"].raw[: limits.GOT_CHARACTERS]
        reading.problems.append(Problem("test_outcome", "conflict", f"test_outcome {told}", got))


def _check_format(submission: Submission, reading: _Reading) -> None:
    """The front door answers as if a format that it does not write had not been asked for; here that is told."""
    asked = reading.sent.get("format")
    if asked is None or is_blank(asked[1]) or format_named(asked[1]) is not None:
        return
    told = f"{asked[0]} must be {', '.join(FORMATS[:-1])} or {FORMATS[-1]}; this answer is {submission.answer_format}."
    reading.warnings.append(Problem("format", "not_allowed", told, asked[1][: limits.GOT_CHARACTERS], FORMATS))


def _lead(submission: Submission, campaign: Campaign, names: Names, reading: _Reading, lead_id: str) -> Lead:
    values, tracking, consent = _sorted_out(names, reading.values)
    price, timeout = reading.values.get("min_price"), reading.values.get("timeout_ms")
    return Lead(
        id=lead_id,
        request_id=submission.id,
        seller_id=submission.seller_id,
        campaign_id=submission.campaign_id,
        vertical=campaign.vertical,
        mode=submission.mode,
        kind=submission.kind,
        values=values,
        consent=consent_record(consent, tracking, submission.received_at),
        tracking=tracking,
        seller_lead_id=_clean(reading, "seller_lead_id"),
        ping_id=_clean(reading, "ping_id"),
        min_price=Money.parse(price.clean, campaign.currency) if price else None,
        timeout_ms=int(timeout.clean) if timeout else None,
        test_outcome=_outcome(submission, reading),
        grade=None,
        received_at=submission.received_at,
        month=submission.month,
    )


def _sorted_out(
    names: Names, found: Mapping[str, FieldValue]
) -> tuple[dict[str, FieldValue], dict[str, str], dict[str, FieldValue]]:
    """The lead's own values, its tracking, and what its consent record is made of. A declared field may be in two."""
    values: dict[str, FieldValue] = {}
    tracking: dict[str, str] = {}
    consent: dict[str, FieldValue] = {}
    for name, value in found.items():
        known = names.known[name]
        if known.declared:
            values[name] = value
        if known.goes is _TRACKING:
            tracking[name] = value.clean
        elif known.goes is _CONSENT:
            consent[name] = value
    return values, tracking, consent


def _clean(reading: _Reading, name: str) -> str | None:
    value = reading.values.get(name)
    return value.clean if value is not None else None


def _outcome(submission: Submission, reading: _Reading) -> str | None:
    if submission.mode is not Mode.TEST:
        return None
    return _clean(reading, "test_outcome") or TEST_ZIPS.get(_clean(reading, "zip") or "")
