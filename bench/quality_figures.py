"""How well bad leads are told from good ones: every figure that is judged, from what was made of a stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bench.quality_cost import Cost
from bench.quality_stream import Seen, Truth

FARM, BURST = "lead_farm", "velocity_burst"
EXACT, NEAR, RECYCLED = "dup_exact", "dup_fuzzy", "dup_recycled"
TRAPS = ("call_center", "mail_out", "household", "odd_mail")


class Judged(NamedTuple):
    seen: Seen
    truth: Truth


@dataclass(frozen=True, slots=True)
class Figure:
    """A share of `hits` in `of`, and what is asked of it: at least, or at most; None when nothing is."""

    name: str
    hits: int
    of: int
    least: float | None = None
    most: float | None = None

    @property
    def share(self) -> float:
        return self.hits / self.of if self.of else 0.0

    @property
    def met(self) -> bool:
        if not self.of:
            return True
        return (self.least is None or self.share >= self.least) and (self.most is None or self.share <= self.most)

    def line(self) -> str:
        asked = f"at least {self.least:.3f}" if self.least is not None else ""
        asked = asked or (f"at most {self.most:.4f}" if self.most is not None else "")
        mark = "" if not asked or not self.of else "  met" if self.met else "  SHORT"
        return f"  {self.name:44}{self.hits:6} of {self.of:<6}{self.share:8.4f}  {asked:16}{mark}"


def figures(judged: Sequence[Judged]) -> Iterator[tuple[str, list[Figure]]]:
    """Sections of figures, in the order of the judgement."""
    yield "Refusing bad, fraud and duplicate rows", _refusing(judged)
    yield "Recall by class", _recall(judged, lambda truth: (truth.kind,) if truth.reject else ())
    yield "Recall by what is wrong", _recall(judged, lambda truth: truth.dirt if truth.reject else ())
    yield "Good leads lost", _lost(judged)
    yield "Harmless look-alikes refused", [_trap(judged, trap) for trap in TRAPS]
    yield "Duplicates, farms and bursts", _repeats(judged)
    yield "Canonical values right", _canonical(judged)


def _refusing(judged: Sequence[Judged]) -> list[Figure]:
    refused = [each for each in judged if each.seen.refused]
    wanted = [each for each in judged if each.truth.reject]
    right = sum(each.truth.reject for each in refused)
    return [
        Figure("precision", right, len(refused), least=0.995),
        Figure("recall", right, len(wanted), least=0.95),
    ]


def _recall(judged: Sequence[Judged], kinds: Callable[[Truth], Iterable[str]]) -> list[Figure]:
    found, of = Counter[str](), Counter[str]()
    for seen, truth in judged:
        for kind in kinds(truth):
            of[kind] += 1
            found[kind] += seen.refused
    return [Figure(kind, found[kind], of[kind]) for kind in sorted(of)]


def _lost(judged: Sequence[Judged]) -> list[Figure]:
    def lost(name: str, of: Callable[[Truth], bool], most: float) -> Figure:
        rows = [seen for seen, truth in judged if of(truth)]
        return Figure(name, sum(seen.refused for seen in rows), len(rows), most=most)

    return [
        lost("clean", lambda truth: truth.kind == "clean", 0.001),
        lost("fixable", lambda truth: truth.kind == "fixable", 0.003),
        lost("later converting", lambda truth: truth.converted, 0.0015),
    ]


def _trap(judged: Sequence[Judged], trap: str) -> Figure:
    rows = [seen for seen, truth in judged if truth.trap == trap]
    return Figure(trap, sum(seen.refused for seen in rows), len(rows), most=0.01)


def _repeats(judged: Sequence[Judged]) -> list[Figure]:
    """A pair is right when both rows repeat the same first one."""
    first = {truth.lead_id: truth.dup_of or truth.lead_id for _, truth in judged}

    def rows(code: str) -> list[Seen]:
        return [seen for seen, truth in judged if code in truth.dirt]

    def found(name: str, code: str, least: float | None) -> Figure:
        return Figure(name, sum(seen.refused for seen in rows(code)), len(rows(code)), least=least)

    paired = [(seen, truth) for seen, truth in judged if truth.kind == "duplicate" and seen.duplicate_of is not None]
    right = sum(first.get(seen.duplicate_of or "") == first[truth.lead_id] for seen, truth in paired)
    bursts = rows(BURST)
    return [
        found("exact duplicates", EXACT, 0.995),
        found("near duplicates", NEAR, 0.99),
        found("recycled leads", RECYCLED, None),
        Figure("duplicates paired with the right row", right, sum(t.kind == "duplicate" for _, t in judged), 0.99),
        found("lead farms", FARM, 0.95),
        found("bursts, at intake", BURST, 0.60),
        Figure("bursts, flagged at intake or later", sum(map(_flagged, bursts)), len(bursts), 0.90),
    ]


def _flagged(seen: Seen) -> bool:
    """Whether the row is known for what it is: refused, held, or flagged by any check but the scrub's."""
    marks = (outcome for check, outcome, _ in seen.found if not check.startswith("scrub"))
    return seen.refused or any(outcome in ("flagged", "held", "refused") for outcome in marks)


def _canonical(judged: Sequence[Judged]) -> list[Figure]:
    right, of = Counter[str](), Counter[str]()
    changed = alike = 0
    for seen, truth in judged:
        for field, value in truth.canonical.items():
            of[field] += 1
            right[field] += same(field, seen.values.get(field), value)
        if truth.trap == "odd_mail":
            alike += 1
            changed += _domain(seen.values.get("email")) != _domain(seen.row.values.get("email"))
    every = Figure("all", sum(right.values()), sum(of.values()), least=0.97)
    single = [Figure(field, right[field], of[field], 0.90 if field == "email" else None) for field in sorted(of)]
    return [every, *single, Figure("real look-alike domains changed", changed, alike, most=0.0)]


def same(field: str, ours: str | None, theirs: str) -> bool:
    """Whether our canonical value says what the truth says; ours of a phone is E.164."""
    return ours == (f"+1{theirs}" if field == "phone" else theirs)


def _domain(email: str | None) -> str:
    return (email or "").rpartition("@")[2].strip().lower()


def who_refused(judged: Sequence[Judged]) -> Mapping[str, Counter[str]]:
    """By what refused: how many rows of each class."""
    table: dict[str, Counter[str]] = {}
    for seen, truth in judged:
        if seen.refused:
            table.setdefault(f"{seen.status} {seen.by}", Counter())[truth.kind] += 1
    return table


def outcomes(judged: Sequence[Judged]) -> Mapping[str, Counter[str]]:
    """By check: how often each outcome."""
    table: dict[str, Counter[str]] = {}
    for seen, _ in judged:
        for check, outcome, _ in seen.found:
            table.setdefault(check, Counter())[outcome] += 1
    return table


def mistakes(judged: Sequence[Judged]) -> Iterator[str]:
    """Every row judged wrongly, by its id, without a personal value."""
    for seen, truth in judged:
        if seen.refused != truth.reject:
            what = "refused" if seen.refused else "let through"
            why = ",".join(truth.dirt) or truth.trap or ""
            yield f"  {truth.lead_id} {truth.kind} {why}: {what} {seen.by}".rstrip()
        if truth.dup_of is not None and seen.refused and seen.duplicate_of != truth.dup_of:
            yield f"  {truth.lead_id} {truth.kind}: repeats {truth.dup_of}, paired with {seen.duplicate_of or 'none'}"
        wrong = [name for name, value in truth.canonical.items() if not same(name, seen.values.get(name), value)]
        if wrong:
            yield f"  {truth.lead_id} {truth.kind} {','.join(truth.dirt)}: {', '.join(wrong)} not as it should be"


JUDGING = ("check_suppression", "check_duplicates", "check_screen")


def cost_lines(cost: Cost) -> Iterator[str]:
    leads = max(cost.leads, 1)
    yield f"  {'reading and scrubbing':44}{cost.begin / leads * 1e6:8.0f} µs"
    yield f"  {'search for earlier leads':44}{cost.search / leads * 1e6:8.0f} µs"
    for name, seconds in cost.checks.items():
        yield f"  {name:44}{seconds / leads * 1e6:8.0f} µs"
    together = cost.begin + cost.search + sum(cost.checks.get(name, 0.0) for name in JUDGING)
    yield f"  {'scrub, lists, duplicates and screen':44}{together / leads * 1e6:8.0f} µs, goal 1,000"
    yield f"  {'the whole request, storing and selling':44}{cost.whole / leads * 1e6:8.0f} µs"
