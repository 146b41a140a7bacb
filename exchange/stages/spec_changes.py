"""What is different between two versions of posting instructions, one sentence each, what breaks posts first. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from exchange.model.spec import FieldLine, Spec

_CALLS = ("ping", "post")


def changes(before: Spec, after: Spec) -> tuple[str, ...]:
    """Empty when only what nobody reads changed."""
    old = {line.name: line for line in before.fields}
    new = {line.name: line for line in after.fields}
    told: list[str] = []
    for name in new:
        told += _changed(old[name], new[name]) if name in old else [_came(new[name])]
    told += [f"{name} is no longer a field." for name in old if name not in new]
    return (*told, *_terms(before, after))


def _came(line: FieldLine) -> str:
    required = [call for call in _CALLS if (line.ping if call == "ping" else line.post) == "required"]
    how = f"required on {' and '.join(required)}{_from(line)}" if required else "optional"
    return f"{line.name} is new, {how}."


def _from(line: FieldLine) -> str:
    return f" from {day(line.required_from)}" if line.required_from is not None else ""


def _changed(old: FieldLine, new: FieldLine) -> Iterator[str]:
    for call in _CALLS:
        was, now = (old.ping, new.ping) if call == "ping" else (old.post, new.post)
        if now != was:
            word = {"absent": "no longer sent", "optional": "now optional", "required": "now required"}[now]
            when = _from(new) if now == "required" else ""
            yield f"{new.name} is {word} on {call}{when}."
    if old.required_from != new.required_from and old.post == new.post and old.ping == new.ping:
        when = day(new.required_from) if new.required_from is not None else "now on"
        yield f"{new.name} is required from {when}."
    yield from (f"{new.name} takes {value}." for value in new.allowed if value not in old.allowed)
    yield from (f"{new.name} no longer takes {value}." for value in old.allowed if value not in new.allowed)
    ends = dict(old.retiring)
    for value, at in new.retiring:
        if ends.get(value) != at:
            yield f"{new.name} takes {value} until {day(at)} only."
    if not new.allowed and old.rule != new.rule:
        yield f"{new.name} is now: {new.rule}."
    if added := [alias for alias in new.aliases if alias not in old.aliases]:
        yield f"{new.name} is also read as {', '.join(added)}."
    if gone := [alias for alias in old.aliases if alias not in new.aliases]:
        yield f"{new.name} is no longer read as {', '.join(gone)}."


def _terms(before: Spec, after: Spec) -> Iterator[str]:
    if before.hold_ms != after.hold_ms:
        yield f"A ping's price is held {after.hold_ms // 1000} seconds, before {before.hold_ms // 1000}."
    if before.timeout_ms != after.timeout_ms:
        yield f"Answers come within {after.timeout_ms / 1000:g} seconds, before {before.timeout_ms / 1000:g}."
    if before.per_second != after.per_second:
        yield f"Up to {after.per_second:g} requests a second, before {before.per_second:g}."
    if before.duplicate_days != after.duplicate_days:
        yield f"A consumer is a duplicate for {after.duplicate_days} days, before {before.duplicate_days}."
    if before.consent != after.consent:
        yield " ".join(after.consent) or "Consent may have been given in any way."
    yield from (f"New: {each}" for each in after.gate if each not in before.gate)
    yield from (f"No longer: {each}" for each in before.gate if each not in after.gate)
    if before.duplicate_unsold_days != after.duplicate_unsold_days:
        yield (
            f"A consumer nobody bought is a duplicate for {after.duplicate_unsold_days} days, "
            f"before {before.duplicate_unsold_days}."
        )
    if before.answers != after.answers:
        yield f"Answers have the form {after.answers}, before {before.answers}."
    if before.always_200 != after.always_200:
        yield "Every answer has HTTP status 200." if after.always_200 else "HTTP statuses tell errors again."


def day(at: int) -> str:
    """`18 Nov 2026`, in UTC, as dates of the configuration are."""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return f"{moment.day} {moment:%b %Y}"
