"""What a nurture plan may say, which of its steps a lead comes to next, and its words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

from exchange.model.nurture import Plan, Step, StepKind
from exchange.model.party import StoreRule
from exchange.stages.store import store_problems

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
STEPS_MOST = 12
AGE_DAYS_MOST = 180
MESSAGES_MOST = 3
MESSAGES_APART_MS = DAY_MS  # to one consumer
BACK_DAYS_MOST = 90
STORE_DAYS_MOST = 90
NAME_CHARACTERS = 80
SUBJECT_CHARACTERS = 120
EMAIL_CHARACTERS = 4_000
TEXT_CHARACTERS = 300  # with the way out some three texts long
MACROS = ("first_name", "city", "state", "vertical")
MESSAGES = (StepKind.EMAIL, StepKind.TEXT)
GRADES = ("A", "B", "C", "D", "E", "F")
REASONS = (
    "no_eligible_buyer", "no_bid", "below_floor", "buyer_rejected", "timeout", "cap_reached", "post_failed",
)  # fmt: skip
"""Why a lead ended unsold, as a plan may ask for."""

KIND_WORDS: Mapping[StepKind, str] = {
    StepKind.CHECK: "Check it again",
    StepKind.AUCTION: "Ask buyers again",
    StepKind.STORE: "Put it in the store",
    StepKind.EMAIL: "Write an email",
    StepKind.TEXT: "Send a text",
}
_AGE = re.compile(r"([0-9]{1,4}) ?(m|min|h|d)")
_UNITS: Mapping[str, int] = {"m": MINUTE_MS, "min": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
_FALL = re.compile(r"([0-9]{1,3}) ?% after ([0-9]{1,4} ?(?:m|min|h|d))")
_MACRO = re.compile(r"\{([^{}]*)\}")


class BadPlan(ValueError):
    """What a plan may not say; the sentence names the field and the fix."""


def age_of(text: str, field: str = "age") -> int:
    """Milliseconds of `30 min`, `6 h` or `3 d`. Raises `BadPlan`."""
    found = _AGE.fullmatch(text.strip().lower())
    age_ms = int(found[1]) * _UNITS[found[2]] if found is not None else 0
    if not MINUTE_MS <= age_ms <= AGE_DAYS_MOST * DAY_MS:
        raise BadPlan(f"{field} is a time such as 30 min, 6 h or 3 d, of {AGE_DAYS_MOST} d at most. Got {text[:20]!r}.")
    return age_ms


def age_text(age_ms: int) -> str:
    """`30 min`, `6 h`, `3 d`; what is no whole number of hours is told in minutes."""
    for unit_ms, word in ((DAY_MS, "d"), (HOUR_MS, "h")):
        if age_ms >= unit_ms and age_ms % unit_ms == 0:
            return f"{age_ms // unit_ms} {word}"
    return f"{timedelta(milliseconds=age_ms) // timedelta(minutes=1)} min"


def falls_of(text: str) -> tuple[tuple[int, int], ...]:
    """`60 % after 1 h, 25 % after 1 d` as ages and percents; nothing is no fall. Raises `BadPlan`."""
    falls = []
    for part in (each.strip() for each in text.split(",")):
        if not part:
            continue
        found = _FALL.fullmatch(part)
        if found is None:
            raise BadPlan(f"falls are such as: 60 % after 1 h, 25 % after 1 d. Got {part[:40]!r}.")
        falls.append((age_of(found[2], "falls"), int(found[1])))
    return tuple(falls)


def falls_text(rule: StoreRule) -> str:
    return ", ".join(f"{percent} % after {age_text(after_ms)}" for after_ms, percent in rule.falls)


def plan_problem(plan: Plan) -> str | None:
    """The first thing that is wrong with a plan, as a sentence."""
    return next(_problems(plan), None)


def _problems(plan: Plan) -> Iterator[str]:
    if not (0 < len(plan.name) <= NAME_CHARACTERS and plan.name.isprintable()):
        yield f"name has 1 to {NAME_CHARACTERS} characters, on one line."
    if len(plan.steps) > STEPS_MOST:
        yield f"A plan has at most {STEPS_MOST} steps: remove one first."
    ages = [step.after_ms for step in plan.steps]
    if len(set(ages)) != len(ages):
        yield "age: another step stands at this age. Give each step an age of its own."
    sent = [step.after_ms for step in plan.steps if step.kind in MESSAGES]
    if len(sent) > MESSAGES_MOST:
        yield f"A plan writes to a consumer at most {MESSAGES_MOST} times: remove a message first."
    if any(later - one < MESSAGES_APART_MS for one, later in pairwise(sent)):
        yield "age: messages to a consumer lie at least 1 d apart."
    for step in plan.steps:
        yield from _step_problems(step, plan.currency)


def _step_problems(step: Step, currency: str) -> Iterator[str]:
    if step.least is not None and (step.least.units <= 0 or step.least.currency != currency):
        yield f"least: an amount above 0 in {currency}."
    if step.store is not None:
        for part, told in store_problems(step.store, currency).items():
            yield f"{'price' if part == 'first' else part} {told}."
        if not 1 <= step.store.days <= STORE_DAYS_MOST:
            yield f"days: 1 to {STORE_DAYS_MOST} days in the store."
        if not 1 <= step.store.sales <= 20:
            yield "sales: to 1 to 20 buyers."
    if step.kind in MESSAGES:
        yield from _message_problems(step)


def _message_problems(step: Step) -> Iterator[str]:
    most = EMAIL_CHARACTERS if step.kind is StepKind.EMAIL else TEXT_CHARACTERS
    if not 0 < len(step.text) <= most:
        yield f"text has 1 to {most} characters."
    if step.kind is StepKind.EMAIL and not (0 < len(step.subject) <= SUBJECT_CHARACTERS and step.subject.isprintable()):
        yield f"subject has 1 to {SUBJECT_CHARACTERS} characters, on one line."
    wrong = [name for name in _MACRO.findall(f"{step.subject} {step.text}") if name not in MACROS]
    if wrong:
        known = ", ".join(f"{{{name}}}" for name in MACROS)
        yield f"text: {{{wrong[0][:40]}}} means nothing here. What may stand there: {known}."


def with_step(plan_steps: Sequence[Step], step: Step) -> tuple[Step, ...]:
    """The steps with one more, the youngest age first."""
    return tuple(sorted((*plan_steps, step), key=lambda each: each.after_ms))


def next_key(steps: Sequence[Step]) -> str:
    """A name that no step of these has: `s4` after `s3`."""
    return f"s{max((int(step.key[1:]) for step in steps), default=0) + 1}"


def step_due(plan: Plan, passed_ms: int, age_ms: int) -> Step | None:
    """The step to do now: the oldest that is due. Those that it overtook are left out: their time is over."""
    due = [step for step in plan.steps if passed_ms < step.after_ms <= age_ms]
    return due[-1] if due else None


def step_after(plan: Plan, passed_ms: int) -> Step | None:
    return next((step for step in plan.steps if step.after_ms > passed_ms), None)


def filled(text: str, values: Mapping[str, str]) -> str:
    """A message with its macros written out, once: what a consumer typed is never read as a macro."""
    return _MACRO.sub(lambda found: values.get(found[1], ""), text)


def step_text(step: Step, names: Mapping[str, str]) -> str:
    """What it does, in words. `names` are those of contracts."""
    if step.kind is StepKind.CHECK:
        return "Asks the verifiers of its campaign again. A lead that one refuses leaves."
    if step.kind is StepKind.AUCTION:
        least = f"from {step.least.text} {step.least.currency} up" if step.least else "from the campaign's floor up"
        who = ", ".join(names.get(each, each) for each in step.contracts)
        return f"Asks {who or 'every buyer that was not posted to yet'}, {least}."
    if step.kind is StepKind.STORE and step.store is not None:
        rule, falls = step.store, falls_text(step.store)
        buyers = "1 buyer" if rule.sales == 1 else f"up to {rule.sales} buyers"
        price = ", ".join(part for part in (f"{rule.first.text} {rule.first.currency}", falls) if part)
        return f"Lists it at {price}, for {rule.days} d, to {buyers}."
    return f"Subject: {step.subject}" if step.kind is StepKind.EMAIL else step.text
