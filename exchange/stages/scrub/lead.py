"""One lead, scrubbed: its values put right where that is sure, and a finding for everything that was seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

from exchange.fields.area_codes import AREAS, Areas
from exchange.fields.disposable import DISPOSABLE
from exchange.fields.known_names import NAMES, KnownNames
from exchange.fields.places import ZIPS, Places
from exchange.fields.table import Tables
from exchange.model.finding import Finding, Outcome
from exchange.model.lead import FieldValue, Lead, Mode, Problem
from exchange.model.party import Campaign
from exchange.model.reason import Reason
from exchange.model.scrub import RULES, Action, ScrubRule
from exchange.model.vertical import Vertical
from exchange.stages.scrub.addresses import Cities, judge_city, judge_county, judge_street
from exchange.stages.scrub.changes import change
from exchange.stages.scrub.emails import exists, judge_email, slips, suspects
from exchange.stages.scrub.notes import Fix, Found, Note
from exchange.stages.scrub.people import judge_names
from exchange.stages.scrub.phones import area_states, judge_phone

CHECK = "scrub"
CORRECTED = "corrected"
_CHANGED = frozenset({"name", "first_name", "phone", "email", "city", "street", "postal_code", "state"})
_BORN_FILLERS = frozenset({"1900-01-01", "1970-01-01", "1901-01-01"})
_OF_AGE = 18


@dataclass(frozen=True, slots=True)
class Tools:
    """What look-ups go to, made of the tables once."""

    places: Places
    cities: Cities
    codes: Areas
    areas: Mapping[str, frozenset[str]]
    disposable: frozenset[str]
    names: KnownNames


@lru_cache(maxsize=2)
def tools_of(tables: Tables) -> Tools:
    for make in (slips, suspects, partial(exists, "gmail.com")):  # once in a process: no lead waits
        make()
    places = tables.value(ZIPS)
    codes = tables.value(AREAS)
    return Tools(places, Cities.of(places), codes, area_states(places), tables.value(DISPOSABLE), tables.value(NAMES))


@dataclass(frozen=True, slots=True)
class Terms:
    """What a campaign does about each rule, and which of its vertical's fields hold what."""

    actions: Mapping[str, tuple[ScrubRule, Action]]
    kinds: Mapping[str, str]  # type by field, of those whose changes are told
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    streets: tuple[str, ...]
    births: tuple[str, ...]
    seconds: frozenset[str] = frozenset()  # phones and addresses beside the first: a bad one is flagged, not refused


def compile_terms(vertical: Vertical, campaign: Campaign) -> Terms:
    """The usual actions, over them the vertical's, over them the campaign's."""
    said = {**dict(vertical.scrub), **dict(campaign.scrub)}
    actions = {rule.code: (rule, said.get(rule.code, rule.usual)) for rule in RULES}

    def of_type(name: str) -> tuple[str, ...]:
        return tuple(spec.name for spec in vertical.fields if spec.type == name)

    seconds = frozenset(name for kind in ("phone", "email") for name in of_type(kind)[1:])
    kinds = {spec.name: spec.type for spec in vertical.fields if spec.type in _CHANGED}
    return Terms(actions, kinds, of_type("phone"), of_type("email"), of_type("street"), of_type("dob"), seconds)


class Scrubbed(NamedTuple):
    """The lead with better values. `warnings` are for its seller: what was corrected, and what counts against it."""

    lead: Lead
    findings: tuple[Finding, ...]
    corrected: tuple[Problem, ...]
    doubted: tuple[Problem, ...]


def scrub(lead: Lead, mended: Mapping[str, str], problems: Iterable[Problem], terms: Terms, tools: Tools) -> Scrubbed:
    """`mended` says by field what was put right while the lead was read; `problems` what could not be read."""
    found = [*_changes(lead, mended, terms), *_judged(lead, terms, tools)]
    findings: list[Finding] = [_unread(problem) for problem in problems]
    corrected: list[Problem] = []
    doubted: list[Problem] = []
    seen: list[str] = []
    values = dict(lead.values)
    for each in found:
        if isinstance(each, Fix):
            values[each.field] = each.value
            findings.append(Finding(f"{CHECK}:{each.field}", Outcome.FIXED, _of(_label(each.field), f"{each.told}.")))
            if not each.plain:
                corrected.append(Problem(each.field, CORRECTED, _of(each.field, f"{each.told}.")))
            continue
        rule, action = terms.actions[each.code]
        if action is Action.IGNORE:
            seen.append(_of(_label(each.field), each.fact or rule.sentence.rstrip(".")))
            continue
        finding = against(f"{CHECK}:{each.field}", each.code, terms, each.fact)
        if finding.outcome is Outcome.REFUSED and each.field in terms.seconds:
            finding = finding._replace(outcome=Outcome.FLAGGED, reason=None)
        findings.append(finding._replace(sentence=_of(_label(each.field), rule.sentence)))
        doubted.append(Problem(each.field, each.code, _of(each.field, rule.sentence), closest=each.closest))
    if all(finding.outcome is Outcome.FIXED for finding in findings):
        findings.append(Finding(CHECK, Outcome.PASSED, _passed(lead, terms), facts=tuple(seen)))
    if found:
        lead = lead._replace(values=values)
    return Scrubbed(lead, tuple(findings), tuple(corrected), tuple(doubted))


def _changes(lead: Lead, mended: Mapping[str, str], terms: Terms) -> Iterator[Fix]:
    for name, kind in terms.kinds.items():
        value = lead.values.get(name)
        if value is None:
            continue
        if (told := mended.get(name)) is not None:
            yield Fix(name, told, value, plain=told.startswith("Follows"))
        elif (fix := change(name, kind, value)) is not None:
            yield fix


def _judged(lead: Lead, terms: Terms, tools: Tools) -> Iterator[Found]:
    values, test = lead.values, lead.mode is Mode.TEST
    state, zip_code = lead.text("state"), lead.text("zip")
    yield from judge_names(values.get("first_name"), values.get("last_name"), tools.names)
    for name in terms.phones:
        if (value := values.get(name)) is not None:
            yield from judge_phone(name, value, state, tools.codes, tools.areas, test)
    for name in terms.emails:
        if (value := values.get(name)) is not None:
            yield from judge_email(name, value, tools.disposable)
    if zip_code is not None:
        if (value := values.get("city")) is not None:
            yield from judge_city(value, zip_code, state, tools.places, tools.cities)
        if (value := values.get("county")) is not None:
            yield from judge_county(value, zip_code, tools.places)
    for name in terms.streets:
        if (value := values.get(name)) is not None:
            yield from judge_street(name, value)
    for name in terms.births:
        if (value := values.get(name)) is not None:
            yield from _judge_birth(name, value)


def _judge_birth(field: str, value: FieldValue) -> Iterator[Found]:
    if value.clean in _BORN_FILLERS:
        yield Note(field, "dob_filler")
    elif value.parts["age"] < _OF_AGE:
        yield Note(field, "dob_minor")


def _label(field: str) -> str:
    return field.replace("_", " ").capitalize()


def _of(name: str, sentence: str) -> str:
    """`Email: the domain takes no mail.`"""
    return f"{name}: {sentence[0].lower()}{sentence[1:]}"


def against(check: str, code: str, terms: Terms, fact: str = "") -> Finding:
    """What a rule makes of a lead under these terms. Where it is ignored the lead passes, and the rule is told."""
    rule, action = terms.actions[code]
    facts = (fact,) if fact else ()
    match action:
        case Action.REFUSE:
            return Finding(check, Outcome.REFUSED, rule.sentence, rule.reason, facts)
        case Action.HOLD:
            return Finding(check, Outcome.HELD, rule.sentence, Reason.HELD_FOR_REVIEW, (rule.reason.sentence, *facts))
        case Action.FLAG:
            return Finding(check, Outcome.FLAGGED, rule.sentence, None, facts)
        case Action.IGNORE:
            return Finding(check, Outcome.SKIPPED, rule.sentence, None, ("Nothing follows from it", *facts))


def _unread(problem: Problem) -> Finding:
    """A value that could not be read, or is missing. Its own sentence may hold the value, so it is told by its code."""
    told = f"{_label(problem.field)}: could not be taken ({problem.code.replace('_', ' ')})."
    return Finding(f"{CHECK}:{problem.field}", Outcome.REFUSED, told, Reason.INVALID)


def _passed(lead: Lead, terms: Terms) -> str:
    looked = [
        word
        for word, names in (
            ("name", ("first_name", "last_name")),
            ("phone", terms.phones),
            ("email", terms.emails),
            ("place", ("zip", "state", "city", "county")),
            ("street", terms.streets),
            ("date of birth", terms.births),
        )
        if any(name in lead.values for name in names)
    ]
    return f"Nothing is wrong with {_listed(looked)}." if looked else "There was nothing to look at."


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
