"""`config/` read into model objects. Every problem of every file is told at once, with file and path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

import re2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from exchange import limits
from exchange.fields import field_types
from exchange.fields.state import NAMES as STATES
from exchange.model.follow import Stage, stage_problems
from exchange.model.lead import Problem
from exchange.model.scrub import RULES, Action
from exchange.model.vertical import (
    CONSENT_DAYS,
    REGISTRY_DAYS,
    ConsentPolicy,
    ConsentRule,
    DoNotCall,
    FieldSpec,
    Presence,
    Unnamed,
    Vertical,
    When,
)
from exchange.score_rule import ScoreDocument, score_problems
from exchange.verifier_rules import RULES_MOST, VerifierRuleDocument, rule_problem
from exchange.yaml_files import read_file, read_yaml

CONSENT_FIELDS = (
    "tcpa_consent", "tcpa_consent_text", "tcpa_consent_at", "trustedform_cert_url", "jornaya_leadid",
    "consented_buyers", "ip_address", "consent_page_url", "consent_version",
    "consent_method", "user_agent", "authorization_signed_at",
)  # fmt: skip
CONTROL_FIELDS = frozenset({
    "campaign_key", "campaign_id", "format", "idempotency_key", "test", "test_outcome", "timeout_ms", "ping_id",
    "seller_lead_id", "min_price",
})  # fmt: skip
IDENTITY_TYPES = ("ssn", "routing_number", "account_number")
EXAMPLE_NOW = 1_795_000_000_000  # the moment examples are checked at, so that a check gives the same answer every day

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Days = Annotated[int, Field(ge=0, le=3_650)]
Alias = Annotated[str, Field(min_length=1, max_length=limits.FIELD_NAME_CHARACTERS)]
Where = Literal["absent", "optional", "required"]


class CatalogError(Exception):
    """The configuration cannot be used. `problems` are sentences that start with file and path."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldDocument(_Document):
    """One entry under `fields:`.

    `required_from` and the dates under `until` begin at 00:00 UTC: from then on a field is required, and a value is
    read no more. Before, posts that would break are warned.
    """

    name: Name
    type: str
    label: Text
    ping: Where
    post: Where
    personal: bool = False
    aliases: tuple[Alias, ...] = ()
    allowed: tuple[Text, ...] = ()
    least: int | None = None
    most: int | None = None
    pattern: Annotated[str, Field(max_length=limits.RULE_PATTERN_CHARACTERS)] | None = None
    example: str = ""
    help: str = ""
    required_from: date | None = None
    until: Mapping[Text, date] = {}
    money: bool = False

    def spec(self) -> FieldSpec:
        return FieldSpec(
            self.name,
            self.type,
            self.label,
            Presence(self.ping),
            Presence(self.post),
            self.personal,
            self.aliases,
            self.allowed,
            self.least,
            self.most,
            self.pattern,
            self.example,
            self.help,
            _midnight(self.required_from) if self.required_from is not None else None,
            tuple((value, _midnight(day)) for value, day in self.until.items()),
            self.money,
        )


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


class ConsentDocument(_Document):
    """What consent a post must carry, how it must have been given, how old it may be, and what happens when not."""

    required: tuple[str, ...] = ()
    policy: ConsentPolicy = ConsentPolicy.ANY
    states: Mapping[str, ConsentPolicy] = {}
    max_age_days: Annotated[int, Field(ge=0, le=3_650)] = CONSENT_DAYS
    when_missing: When = When.REFUSE
    when_stale: When = When.REFUSE
    unnamed_pings: Unnamed = Unnamed.FIXED_PRICE

    def rule(self) -> ConsentRule:
        return ConsentRule(
            self.required,
            self.policy,
            tuple(self.states.items()),
            self.max_age_days,
            self.when_missing,
            self.when_stale,
            self.unnamed_pings,
        )


class DoNotCallDocument(_Document):
    """What national and state do-not-call lists mean for its leads."""

    consent_exempts: bool = True
    when_listed: When = When.REFUSE
    when_old: When = When.REFUSE
    max_age_days: Annotated[int, Field(ge=1, le=365)] = REGISTRY_DAYS

    def rule(self) -> DoNotCall:
        return DoNotCall(self.consent_exempts, self.when_listed, self.when_old, self.max_age_days)


class VerticalDocument(_Document):
    """A file `verticals/<name>.yaml`; the file's name is the vertical's."""

    title: Text
    fields: Annotated[tuple[FieldDocument, ...], Field(min_length=1, max_length=limits.FIELDS)]
    consent: ConsentDocument = ConsentDocument()
    duplicate_days: Days = 30
    duplicate_pending_days: Days | None = None
    duplicate_unsold_days: Days = 0
    duplicate_refused_days: Days = 0
    dispositions: tuple[Name, ...] = ()
    no_filters: Mapping[Name, Text] = {}
    verifiers: Annotated[tuple[VerifierRuleDocument, ...], Field(max_length=RULES_MOST)] = ()
    do_not_call: DoNotCallDocument = DoNotCallDocument()
    score: ScoreDocument = ScoreDocument()
    scrub: Mapping[str, Action] = {}
    stages: Mapping[Name, Stage] = {}


def default_config() -> Path:
    """The configuration that came with the exchange: inside the package once installed, beside it in a checkout."""
    package = Path(__file__).parent
    packaged = package / "config"
    return packaged if packaged.is_dir() else package.parent / "config"


def load_verticals(folder: Path) -> Mapping[str, Vertical]:
    """Every `verticals/*.yaml` of the configuration folder, by name. `CatalogError` tells all that is wrong."""
    problems: list[str] = []
    verticals = read_verticals(folder, problems)
    if problems:
        raise CatalogError(problems)
    return verticals


def read_verticals(folder: Path, problems: list[str]) -> Mapping[str, Vertical]:
    """The verticals whose files are sound; what is wrong with the others is added to `problems`."""
    verticals: dict[str, Vertical] = {}
    paths = sorted((folder / "verticals").glob("*.yaml"))
    if not paths:
        problems.append(f"verticals: no .yaml file in {folder}; at least one vertical is needed.")
    for path in paths:
        where = f"verticals/{path.name}"
        content = read_file(path, where, problems)
        vertical = read_vertical(path.stem, content, where, problems) if content is not None else None
        if vertical is not None:
            verticals[vertical.name] = vertical
    return verticals


class Presets(Mapping[str, Mapping[str, Any]]):
    """Preset documents by the names of their files. Each is read when it is first asked for: few are used at once."""

    def __init__(self, folder: Path, problems: list[str]) -> None:
        """What is wrong with a file is added to `problems` when it is read."""
        self._files = {file.stem: file for file in sorted(folder.glob("*.yaml"))}
        self._problems = problems
        self._read: dict[str, Mapping[str, Any]] = {}

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        if name not in self._read:
            file = self._files[name]
            where = f"presets/{file.name}"
            content = read_file(file, where, self._problems)
            document = read_yaml(content, where, self._problems) if content is not None else None
            self._read[name] = document if isinstance(document, Mapping) else {}
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def read_vertical(name: str, content: bytes, where: str, problems: list[str]) -> Vertical | None:
    """One vertical from its file's bytes; what is wrong is added to `problems`, each starting with `where`."""
    found: list[str] = []
    document = _document(content, where, found)
    if document is not None:
        found.extend(f"{where}: {problem}" for problem in _vertical_problems(name, document))
    problems.extend(found)
    if document is None or found:
        return None
    return Vertical(
        name,
        document.title,
        sha256(content).hexdigest()[:12],
        tuple(entry.spec() for entry in document.fields),
        document.consent.rule(),
        document.duplicate_days,
        document.dispositions,
        tuple(document.no_filters.items()),
        tuple(entry.rule() for entry in document.verifiers),
        document.do_not_call.rule(),
        document.score.rule(),
        document.duplicate_pending_days,
        document.duplicate_unsold_days,
        document.duplicate_refused_days,
        tuple(document.scrub.items()),
        tuple(document.stages.items()),
    )


def _document(content: bytes, where: str, problems: list[str]) -> VerticalDocument | None:
    data = read_yaml(content, where, problems)
    if data is None:
        return None
    try:
        return VerticalDocument.model_validate(data)
    except ValidationError as error:
        problems.extend(f"{where}: {sentence}" for sentence in told(error, data))
        return None


def told(error: ValidationError, data: Any) -> Iterator[str]:
    """pydantic's findings as sentences; list entries go by their `name` where they have one."""
    for item in error.errors(include_url=False, include_context=False):
        path, here = [], data
        for step in item["loc"]:
            here = _inside(here, step)
            named = here.get("name") if isinstance(step, int) and isinstance(here, dict) else None
            path.append(f"[{named or step}]" if isinstance(step, int) else f".{step}")
        message = "is not a known key" if item["type"] == "extra_forbidden" else item["msg"]
        yield f"{''.join(path).removeprefix('.') or 'document'}: {message}."


def _inside(here: Any, step: int | str) -> Any:
    if isinstance(here, list) and isinstance(step, int) and step < len(here):
        return here[step]
    return here.get(step) if isinstance(here, dict) else None


def _vertical_problems(name: str, document: VerticalDocument) -> Iterator[str]:
    """What only the whole document shows."""
    if not name.replace("_", "").isalnum() or not name[0].isalpha() or name != name.lower():
        yield f"the file's name {name!r} must be lower snake case, because it names the vertical."
    for entry in document.fields:
        yield from (f"fields[{entry.name}]: {problem}" for problem in _field_problems(entry.spec()))
    yield from _name_problems(document.fields)
    for required in document.consent.required:
        if required not in CONSENT_FIELDS:
            yield f"consent.required: {required!r} is not one of {', '.join(CONSENT_FIELDS)}."
    for state in document.consent.states:
        if state not in STATES:
            yield f"consent.states: {state!r} is not the two letters of a state."
    if len(set(document.dispositions)) < len(document.dispositions):
        yield "dispositions: a word occurs twice."
    yield from stage_problems(document.stages, document.dispositions)
    for code in document.scrub.keys() - (codes := {rule.code for rule in RULES}):
        yield f"scrub: {code!r} is no rule; there are {', '.join(sorted(codes))}."
    for name in document.no_filters:
        if name not in {entry.name for entry in document.fields}:
            yield f"no_filters: there is no field {name}."
    if problem := rule_problem(document.verifiers):
        yield f"verifiers: {problem}."
    names = {entry.name for entry in document.fields}
    yield from score_problems(document.score, names, document.dispositions, document.no_filters)


def _name_problems(fields: Sequence[FieldDocument]) -> Iterator[str]:
    spelled: dict[str, str] = {}
    for entry in fields:
        folded = _fold(entry.name)
        if folded in spelled:
            yield f"fields[{entry.name}]: is read the same as {spelled[folded]}; case and signs do not count in names."
        spelled[folded] = entry.name
    for entry in fields:
        for alias in entry.aliases:
            other = spelled.setdefault(_fold(alias), entry.name)
            if other != entry.name:
                yield f"fields[{entry.name}].aliases: {alias!r} already means {other}."


def _field_problems(spec: FieldSpec) -> Iterator[str]:
    types = field_types()
    if spec.name in CONTROL_FIELDS:
        yield "is a field of the exchange itself and cannot be one of a vertical."
    if spec.type not in types:
        yield f"type: {spec.type!r} is not one of {', '.join(types)}."
        return
    if spec.type == "choice" and not spec.allowed:
        yield "allowed: a choice needs its values."
    if spec.money and spec.type not in ("choice", "integer", "number", "amount"):
        yield f"money: a {spec.type} is no amount."
    if spec.allowed and spec.type not in ("choice", "state", "country"):
        yield f"allowed: a {spec.type} has no list of values."
    if spec.until and spec.type != "choice":
        yield f"until: a {spec.type} has no values that could end."
    elif unknown := [value for value, _ in spec.until if value not in spec.allowed]:
        yield f"until: {', '.join(unknown)} is not under allowed."
    elif len(spec.until) == len(spec.allowed) > 0:
        yield "until: one value at least must stay."
    if spec.required_from is not None and Presence.REQUIRED not in (spec.ping, spec.post):
        yield "required_from: the field is required neither in a ping nor in a post."
    if len(set(spec.allowed)) < len(spec.allowed):
        yield "allowed: a value occurs twice."
    if spec.least is not None and spec.most is not None and spec.least > spec.most:
        yield f"least: {spec.least} is above most, {spec.most}."
    if spec.personal and spec.ping is Presence.REQUIRED:
        yield "ping: a personal field must not be required in a ping."
    if spec.type in IDENTITY_TYPES and not (spec.personal and spec.ping is Presence.ABSENT):
        yield f"personal: a {spec.type} must be personal, and absent in a ping."
    if not _compiles(spec.pattern):
        yield f"pattern: {spec.pattern!r} is not a regular expression (RE2)."
        return
    if spec.example:
        answer = types[spec.type].parse(spec.example, spec, EXAMPLE_NOW)
        if isinstance(answer, Problem):
            yield f"example: {answer.message}"


def _compiles(pattern: str | None) -> bool:
    try:
        return pattern is None or re2.compile(pattern) is not None
    except re2.error:
        return False


def _fold(name: str) -> str:
    return "".join(char for char in name.lower() if char not in "-_. ")
