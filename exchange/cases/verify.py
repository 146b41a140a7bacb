"""Runs cases against a verifier. Hostile replies, broken ones and errors must never read as good, or as kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from exchange.cases.compare import message_problems
from exchange.cases.document import Case, Exchanged, KeptShape, VerdictShape, lead_of, terms_of
from exchange.cases.hostile import broken_off, hostile_replies
from exchange.cases.run import EMAIL, PERSONAL_CHARACTERS, PHONE, CaseResult, hold
from exchange.connector import BadReply, Conversation, Retains, Verifier
from exchange.model.verification import Kept, Verdict, Verified
from exchange.model.wire import Reply

STAGES = ("verify", "retain")


def run_verifier_cases(verifier: Verifier, cases: Sequence[Case]) -> list[CaseResult]:
    """A result for each case, then one for each stage that a case speaks, fed with hostile replies."""
    results = [CaseResult(case.name, tuple(_run(verifier, case))) for case in cases]
    for stage in STAGES:
        spoken = [case for case in cases if getattr(case, stage)]
        if spoken:
            problems = [problem for case in spoken for problem in _spoil(verifier, stage, case)]
            problems += _assail(verifier, stage, spoken[0])
            results.append(CaseResult(f"hostile replies to {stage}", tuple(problems)))
    return results


def _run(verifier: Verifier, case: Case) -> Iterator[str]:
    stages = [stage for stage in STAGES if getattr(case, stage)]
    if not stages:
        yield "a case of a verifier has `verify` or `retain`"
    for stage in stages:
        exchanges: list[Exchanged] = getattr(case, stage)
        messages, answer = hold(_talk(verifier, stage, case), [each.reply.reply() for each in exchanges])
        if len(messages) != len(exchanges):
            yield f"{stage}: {len(messages)} messages were sent, the case has {len(exchanges)}"
        for message, exchanged in zip(messages, exchanges, strict=False):
            yield from (f"{stage}: {problem}" for problem in message_problems(exchanged.expect, message))
        yield from (f"{stage}: {problem}" for problem in _answer_problems(case, answer))
        yield from (f"{stage}: {problem}" for problem in _told_of_somebody(case, answer))


def _talk(verifier: Verifier, stage: str, case: Case) -> Conversation[Any]:
    lead, terms, settings = lead_of(case), terms_of(case), case.contract.settings
    if stage == "verify":
        return verifier.verify(lead, terms, settings)
    return verifier.retain(lead, terms, settings) if isinstance(verifier, Retains) else _keeps_nothing()


def _keeps_nothing() -> Conversation[Any]:
    yield from ()
    return BadReply("this verifier keeps nothing")


def _answer_problems(case: Case, answer: Any) -> Iterator[str]:
    then = case.then
    if isinstance(answer, str):
        yield answer
    elif then.bad_reply is not None:
        if not isinstance(answer, BadReply):
            yield f"bad_reply expected, {_told(answer)} came"
        elif then.bad_reply.unmapped not in (None, answer.unmapped):
            yield f"unmapped {then.bad_reply.unmapped} expected, {answer.unmapped} came"
    elif then.verdict is not None:
        yield from _verdict_problems(then.verdict, answer)
    elif then.retained is not None:
        yield from _kept_problems(then.retained, answer)
    else:
        yield "`then` says verdict, retained or bad_reply"


def _verdict_problems(told: VerdictShape, answer: Any) -> Iterator[str]:
    if not isinstance(answer, Verified) or answer.verdict.value != told.verdict:
        yield f"{told.verdict} expected, {_told(answer)} came"
        return
    came = {"said": answer.said, "facts": dict(answer.facts), "appends": dict(answer.appends)}
    for name, got in came.items():
        expected = getattr(told, name)
        if expected is not None and expected != got:
            yield f"{name} {expected!r} expected, {got!r} came"


def _kept_problems(told: KeptShape, answer: Any) -> Iterator[str]:
    if not isinstance(answer, Kept):
        yield f"an answer about keeping expected, {_told(answer)} came"
        return
    for name in sorted(told.model_fields_set):
        if getattr(told, name) != getattr(answer, name):
            yield f"{name} {getattr(told, name)!r} expected, {getattr(answer, name)!r} came"


def _told(answer: Any) -> str:
    if isinstance(answer, Verified):
        return answer.verdict.value
    if isinstance(answer, BadReply):
        return f"bad_reply ({answer.why})"
    return "an answer about keeping" if isinstance(answer, Kept) else "nothing"


def _told_of_somebody(case: Case, answer: Any) -> Iterator[str]:
    """What is told of an answer stands in timelines for ever: nothing of the person, whatever the vendor repeats."""
    if not isinstance(answer, Verified):
        return
    told = " ".join([answer.said, *(text for _, text in answer.facts)])
    for name, value in case.lead.items():
        if len(value) >= PERSONAL_CHARACTERS and value.casefold() in told.casefold():
            yield f"{name} of the lead is in what is told"
    if EMAIL.search(told) or PHONE.search(told):
        yield "something that looks like an email address or a phone is in what is told"


def _is_yes(answer: Any) -> bool:
    if isinstance(answer, Verified):
        return answer.verdict is Verdict.GOOD
    return isinstance(answer, Kept) and answer.kept


def _last(verifier: Verifier, stage: str, case: Case, reply: Reply) -> Any:
    """The answer when the case's last reply is this one instead."""
    exchanges: list[Exchanged] = getattr(case, stage)
    return hold(_talk(verifier, stage, case), [*(each.reply.reply() for each in exchanges[:-1]), reply])[1]


def _assail(verifier: Verifier, stage: str, case: Case) -> Iterator[str]:
    for name, reply in hostile_replies():
        answer = _last(verifier, stage, case, reply)
        if isinstance(answer, str):
            yield f"{name}: {answer}"
        elif _is_yes(answer):
            yield f"{name}: was taken for a yes"


def _spoil(verifier: Verifier, stage: str, case: Case) -> Iterator[str]:
    exchanges: list[Exchanged] = getattr(case, stage)
    reply = exchanges[-1].reply.reply()
    if not _is_yes(_last(verifier, stage, case, reply)):
        return
    half = broken_off(reply)
    if half is not None and _is_yes(_last(verifier, stage, case, half)):
        yield f"{case.name}: half of the reply was taken for a yes"
    if _is_yes(_last(verifier, stage, case, Reply(500, reply.headers, reply.body))):
        yield f"{case.name}: the same reply with HTTP 500 was taken for a yes"
