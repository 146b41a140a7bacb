"""A form as its vertical makes it: which controls each step shows, what is wrong with what was filled in, and the words
that were agreed to. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from exchange.fields import state as state_type
from exchange.fields.characters import EDGE
from exchange.fields.choice import in_words
from exchange.model.attribution import CLICK_IDS, UTM
from exchange.model.form import ConsentWords, Form, FormField
from exchange.model.lead import Kind, Problem, Submission
from exchange.model.party import Campaign
from exchange.model.vertical import FieldSpec, Presence, Vertical
from exchange.stages.consent import NAMED_BUYERS_MOST
from exchange.stages.consent_policy import BY_NAME
from exchange.stages.normalize import Names, normalize
from exchange.stages.standard_fields import Goes, standard_fields

RADIOS_MOST = 6
"""Up to so many choices are seen at once; more stand in a list that opens."""
TEXT_AREA_CHARACTERS = 200
NAMES_CHARACTERS = 450  # what a consent text leaves of a field's 2,000 for the companies
TAGS = frozenset(
    {
        *(f"sub_id{number}" for number in range(1, 11)),
        *("click_id", "referrer_url", "visitor_id", *CLICK_IDS, *UTM),
    }
)
"""What the address of a form may carry; everything else in it is left alone."""

_OURS = frozenset({Goes.TRACKING, Goes.CONSENT, Goes.CONTROL, Goes.IGNORED})
_SEPARATES = MappingProxyType({ord(mark): " " for mark in ",;|"})
_BY_TYPE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {  # type → kind of control, inputmode
        "account_number": ("text", "numeric"),
        "amount": ("text", "decimal"),
        "boolean": ("radio", ""),
        "consent": ("radio", ""),
        "date": ("date", ""),
        "dob": ("date", ""),
        "email": ("email", "email"),
        "integer": ("text", "numeric"),
        "number": ("text", "decimal"),
        "phone": ("tel", "tel"),
        "postal_code": ("text", "numeric"),
        "routing_number": ("text", "numeric"),
        "ssn": ("text", "numeric"),
        "url": ("url", "url"),
    }
)
_FILLED_BY_BROWSER: Mapping[str, str] = MappingProxyType(
    {
        "first_name": "given-name",
        "last_name": "family-name",
        "email": "email",
        "phone": "tel-national",
        "address": "address-line1",
        "address2": "address-line2",
        "city": "address-level2",
        "state": "address-level1",
        "zip": "postal-code",
        "dob": "bday",
    }
)


class Control(NamedTuple):
    """One thing to fill in. `kind` is radio, select, area, or the type of an input; `choices` are (value, word)."""

    name: str
    label: str
    help: str
    kind: str
    required: bool
    choices: tuple[tuple[str, str], ...]
    autocomplete: str
    inputmode: str
    most: int


class Step(NamedTuple):
    """`number` counts from 1."""

    number: int
    title: str
    controls: tuple[Control, ...]


def steps_of(form: Form, vertical: Vertical) -> tuple[Step, ...]:
    """The form as it is shown. A field that the vertical does not have any more is left out."""
    return tuple(
        Step(
            number,
            step.title,
            tuple(
                _control(field, vertical.by_name[field.name]) for field in step.fields if field.name in vertical.by_name
            ),
        )
        for number, step in enumerate(form.steps, start=1)
    )


def _control(field: FormField, spec: FieldSpec) -> Control:
    kind, inputmode = _BY_TYPE.get(spec.type, ("text", ""))
    choices = _choices(spec)
    if choices and spec.type not in ("boolean", "consent"):
        kind = "radio" if len(choices) <= RADIOS_MOST else "select"
    elif spec.type == "text" and (spec.most or TEXT_AREA_CHARACTERS + 1) > TEXT_AREA_CHARACTERS:
        kind = "area"
    return Control(
        spec.name,
        field.label or spec.label,
        field.help or spec.help,
        kind,
        field.required or spec.post is Presence.REQUIRED,
        choices,
        _FILLED_BY_BROWSER.get(spec.name, "off"),
        inputmode,
        spec.most if spec.type in ("text", "name", "first_name") and spec.most else 0,
    )


def _choices(spec: FieldSpec) -> tuple[tuple[str, str], ...]:
    if spec.type in ("boolean", "consent"):
        return (("yes", "Yes"), ("no", "No"))
    if spec.type == "state":
        names = state_type.NAMES.items()
        return tuple((code, name) for code, name in names if not spec.allowed or code in spec.allowed)
    return tuple((value, _words(value)) for value in spec.allowed)


def _words(value: str) -> str:
    words = in_words(value)
    return words[:1].upper() + words[1:]


def form_problems(form: Form, vertical: Vertical) -> tuple[str, ...]:
    """What keeps this form from making leads of this vertical: sentences that begin with their place."""
    return (*_strange_fields(form, vertical), *_missing_fields(form, vertical), *_missing_consent(form, vertical))


def _strange_fields(form: Form, vertical: Vertical) -> Iterator[str]:
    standard = standard_fields()
    for number, step in enumerate(form.steps, start=1):
        for field in step.fields:
            if field.name not in vertical.by_name:
                yield f"steps[{number}].fields: {field.name} is not a field of {vertical.name}"
            elif field.name in standard and standard[field.name][1] in _OURS:
                yield f"steps[{number}].fields: {field.name} is filled in by the form itself"


def _missing_fields(form: Form, vertical: Vertical) -> Iterator[str]:
    asked = {field.name for step in form.steps for field in step.fields}
    known = {"ip_address", "user_agent", "form_seconds", "form_ms", "device", "honeypot", "landing_page_url"}
    if form.consent is not None:
        known |= {"tcpa_consent", "tcpa_consent_text", "tcpa_consent_at", "consent_page_url"}
        known |= {"consent_version", "consent_method"}
    for spec in vertical.fields:
        from_zip = spec.name == "state" and "zip" in asked
        if spec.name in asked | known or from_zip:
            continue
        if spec.post is Presence.REQUIRED:
            yield f"steps: {spec.name} is required by {vertical.name} and is not asked"
        elif spec.ping is Presence.REQUIRED and vertical.consent.by_name:
            yield f"steps: {spec.name} is not asked, and without it {vertical.name} has no price, and nobody to name"


def _missing_consent(form: Form, vertical: Vertical) -> Iterator[str]:
    proof = {"trustedform_cert_url": form.evidence.trustedform, "jornaya_leadid": bool(form.evidence.jornaya)}
    if vertical.consent.by_name and not (form.consent is not None and form.consent.named):
        yield f"consent: {vertical.name} needs the companies by name: set consent.named"
    for name in vertical.consent.required:
        if name in proof and not proof[name]:
            yield f"consent: {vertical.name} needs {name}: switch its script on"
        elif name not in (*proof, "consented_buyers", "ip_address", "user_agent") and form.consent is None:
            yield f"consent: {vertical.name} needs {name}, and this form asks for no consent"


def problems_of(
    submission: Submission, steps: Sequence[Step], campaign: Campaign, vertical: Vertical, names: Names
) -> tuple[Problem, ...]:
    """What the API would say of these values, as far as it is about these steps, in the order they are asked."""
    assert submission.kind is not Kind.PING
    found = normalize(submission, campaign, vertical, names, "", submission.received_at).problems
    told = {problem.field: problem for problem in reversed(found)}
    for control in (control for step in steps for control in step.controls):
        if control.required and control.name not in told and not submission.fields.get(control.name):
            told[control.name] = Problem(control.name, "missing", f"{control.name} is required.")
    return tuple(told[control.name] for step in steps for control in step.controls if control.name in told)


def shown(problem: Problem, label: str) -> str:
    """The API's sentence for people: the field goes by its label."""
    rest = problem.message.removeprefix(f"{problem.field} ")
    return f"{label} {rest}" if rest != problem.message else problem.message


def tidy(raw: str) -> str:
    """What was typed, as one line without blanks around it."""
    return " ".join(raw.strip(EDGE).splitlines()) if "\n" in raw or "\r" in raw else raw.strip(EDGE)


def completed(values: Mapping[str, str], names: Names) -> dict[str, str]:
    """With the state that follows from the ZIP, where it was not filled in: the fewer questions the better."""
    found = names.places.state_of(values.get("zip", ""))
    state = {"state": found} if found is not None and names.known["state"].declared else {}
    return {**state, **values}


def ping_values(values: Mapping[str, str], names: Names) -> dict[str, str]:
    """What of it a ping may carry."""
    return {name: raw for name, raw in values.items() if name in names.known and names.known[name].in_ping}


def can_ping(values: Mapping[str, str], names: Names) -> bool:
    """Whether a price can be asked for."""
    return not names.required[Kind.PING] - values.keys()


def named(companies: Sequence[str]) -> tuple[str, ...]:
    """Companies as a consent text and the list in its record can both hold them: each once, without commas."""
    plain = (" ".join(company.translate(_SEPARATES).split()) for company in companies)
    once = tuple(dict.fromkeys(company for company in plain if company))[:NAMED_BUYERS_MOST]
    while sum(len(company) + 2 for company in once) > NAMES_CHARACTERS:
        once = once[:-1]
    return once


def chosen_singly(vertical: Vertical, state: str | None) -> bool:
    """Whether a consumer of this state must be able to say yes to one company and no to another."""
    rule = vertical.consent
    return rule.policy_in(state) in BY_NAME or "consented_buyers" in rule.required


def consent_text(words: ConsentWords, companies: Sequence[str], *, singly: bool = False) -> str:
    """The words as they are shown and kept. `singly`: they are ticked one by one."""
    named = _listed(companies) if companies else words.partners
    return words.text.replace("{buyers}", f"those of {named} that I ticked" if singly and len(companies) > 1 else named)


def _listed(companies: Sequence[str]) -> str:
    return companies[0] if len(companies) == 1 else f"{', '.join(companies[:-1])} and {companies[-1]}"
