"""From replies that are a yes and replies that are a no to rules that tell them apart: the smallest place that does.

What is proposed was tried: it reads every sample as it was given. A proposal never takes a no for a yes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from buyers.reading.amounts import BadAmount, read_amount
from buyers.reading.document import Shape
from buyers.reading.places import values_of
from buyers.reading.reader import Reader
from buyers.reading.rules import StageRules
from exchange.connector import BadReply
from exchange.model.teaching import Proposal
from exchange.model.wire import Reply

Values = Mapping[str, str]
_WORD_CHARACTERS = 40
_TELLING: Final = re.compile(
    r"(?:status|result|success|outcome|response|accepted|approved|state|decision|sold|matched|code|purchased|isvalid)$",
    re.IGNORECASE,
)
_NOT_TELLING: Final = re.compile(
    r"(?:price|amount|bid|payout|cost|revenue|id|uuid|guid|token|ref|reference|time|date|at|ms|url|redirect|link)$",
    re.IGNORECASE,
)
_PRICE: Final = re.compile(r"(?:price|payout|bid|amount|revenue)$", re.IGNORECASE)
_REFERENCE: Final = re.compile(r"(?:id|ref|reference|token|uuid|guid)$", re.IGNORECASE)
_REASON: Final = re.compile(r"(?:reason|message|msg|error|errors|description|detail|comment)$", re.IGNORECASE)
_REDIRECT: Final = re.compile(r"(?:redirect|url|link|location)$", re.IGNORECASE)
_DUPLICATE: Final = re.compile(r"\bdup", re.IGNORECASE)
_LAST: Final = re.compile(r"[A-Za-z0-9_\-]+(?=[\]\"\[0-9]*$)")
_INDEX: Final = re.compile(r"\[[0-9]+\]")


def propose(
    stage: str, accepted: Sequence[Reply], refused: Sequence[Reply], shape: Shape | None = None
) -> Proposal | None:
    """Rules for a stage out of at least one reply of each kind; None when nothing in them tells them apart."""
    if not accepted or not refused:
        return None
    yes = [dict(_spoken(reply, shape)) for reply in accepted]
    no = [dict(_spoken(reply, shape)) for reply in refused]
    carries = _carries(yes, no)
    for place, text in _ranked(_same_in_all(yes, no, of_words=True)):
        first = _outcome("accepted", {"where": place, "equals": text}, accepted, usual=(2,))
        for others in _refusals(stage, place, yes, no, refused):
            proposal = Proposal((first, *others), carries)
            if _holds(stage, proposal, accepted, refused, shape):
                return proposal
    return None


def _spoken(reply: Reply, shape: Shape | None) -> Iterator[tuple[str, str]]:
    return ((seen.place, seen.text) for seen in values_of(reply, shape))


def _same_in_all(these: Sequence[Values], those: Sequence[Values], *, of_words: bool) -> Iterator[tuple[str, str]]:
    """Places where all of these say the same and none of those says it."""
    for place, text in these[0].items():
        word = text.casefold()
        if of_words and not _may_decide(place, text):
            continue
        if place.startswith("header:") or any(other.get(place, "").casefold() != word for other in these[1:]):
            continue
        if all(other.get(place, "").casefold() != word for other in those):
            yield place, text


def _may_decide(place: str, text: str) -> bool:
    """Whether a yes may rest on it: a word somebody wrote, not an id, an amount or a moment that merely differs."""
    if place == "status" or len(text) > _WORD_CHARACTERS:
        return False
    name = _name(place)
    if _TELLING.search(name):
        return len(text) <= 3 or not text.replace(".", "").isdigit()
    return not _NOT_TELLING.search(name) and not any(character.isdigit() for character in text)


def _ranked(found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    def rank(one: tuple[str, str]) -> tuple[bool, int, int, str]:
        place, text = one
        return not _TELLING.search(_name(place)), place.count(".") + place.count("/"), len(place) + len(text), place

    return sorted(found, key=rank)


def _name(place: str) -> str:
    found = _LAST.search(_INDEX.sub("", place))
    return found[0] if found else place


def _refusals(
    stage: str, place: str, yes: Sequence[Values], no: Sequence[Values], refused: Sequence[Reply]
) -> Iterator[list[dict[str, Any]]]:
    """Ways to say what a no is: by the place of the yes where it has one, else each by what it alone says."""
    plain = "no_bid" if stage == "ping" else "rejected"
    if all(place in values for values in no):
        texts = dict.fromkeys(values[place] for values in no)
        yield [
            _outcome(_means(text, plain), {"where": place, "equals": text}, _saying(refused, no, place, text))
            for text in texts
        ]
    single: dict[tuple[str, str], list[Reply]] = {}
    for values, reply in zip(no, refused, strict=True):
        found = _ranked(_same_in_all([values], yes, of_words=False))
        if not found:
            return
        single.setdefault(found[0], []).append(reply)
    yield [
        _outcome(_means(text, plain), {"where": where, "equals": text}, replies)
        for (where, text), replies in single.items()
    ]


def _saying(replies: Sequence[Reply], values: Sequence[Values], place: str, text: str) -> list[Reply]:
    return [reply for reply, each in zip(replies, values, strict=True) if each[place] == text]


def _means(text: str, plain: str) -> str:
    return "duplicate" if _DUPLICATE.search(text) else plain


def _outcome(
    means: str, when: Mapping[str, Any], replies: Sequence[Reply], usual: tuple[int, ...] = (2, 4)
) -> dict[str, Any]:
    """A rule, with the HTTP statuses of its samples where they are not those a rule has by itself."""
    statuses = sorted({reply.status for reply in replies})
    told: dict[str, Any] = {"means": means, "when": dict(when)}
    if any(status // 100 not in usual or status == 429 for status in statuses):
        told["statuses"] = [str(status) for status in statuses]
    return told


def _carries(yes: Sequence[Values], no: Sequence[Values]) -> dict[str, Any]:
    wanted = (
        ("price", _PRICE, yes),
        ("reference", _REFERENCE, yes),
        ("redirect", _REDIRECT, yes),
        ("reason", _REASON, no),
    )
    found: dict[str, Any] = {}
    for part, pattern, samples in wanted:
        for place, text in samples[0].items():
            if pattern.search(_name(place)) and place != "status" and _fits(part, text):
                found[part] = {"where": place}
                break
    return found


def _fits(part: str, text: str) -> bool:
    if part == "redirect":
        return text.startswith(("http://", "https://"))
    if part != "price":
        return not text.startswith(("http://", "https://"))
    try:
        return read_amount(text).units >= 0
    except BadAmount:
        return False


def _holds(
    stage: str, proposal: Proposal, accepted: Sequence[Reply], refused: Sequence[Reply], shape: Shape | None
) -> bool:
    kind = (shape or Shape()).kind
    try:
        rules = StageRules.model_validate({"as": kind, "outcomes": proposal.outcomes, "carries": proposal.carries})
        reader = Reader.compile(rules, stage)
    except (ValidationError, ValueError):
        return False
    read = [_read(reader, reply) for reply in refused]
    return all(_read(reader, reply) == "accepted" for reply in accepted) and not {"accepted", None} & set(read)


def _read(reader: Reader, reply: Reply) -> str | None:
    try:
        return reader.read(reply).outcome
    except BadReply:
        return None
