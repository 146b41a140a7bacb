"""How well sources are known: rates, cohorts, and which sub ids are rotten and when that is found.

    python -m bench.sources --data FOLDER [--seeds 8]      the estimators alone, over real base rows and made streams
    python -m bench.sources --data FOLDER --replay 2       through the real flows and storage, day by day: Olist's
                                                           leads, and so many long streams made of real base rows
    python -m bench.sources --data FOLDER --replay 4 --seed 3001 --keep KEPT
                                                           the same streams with no rule acting, their evenings kept
    python -m bench.sources --kept KEPT                    all kept streams, judged again by the rules of now
    python -m bench.sources --data FOLDER --sketch 8 --seed 3005
                                                           the same streams within seconds, not sent through the flows
    python -m bench.sources --stream FILE [--truth FILE]   the same of a stream whose truth is known

A stream's outcomes are told day by day, and every evening the exchange says what it thinks of each sub id.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench import sources_made, sources_olist, stream_made
from bench.sources_kept import judged, record
from bench.sources_replay import (
    Found,
    Replayed,
    cohort_errors,
    foretold,
    found_by,
    mistakes,
    replayed,
)
from bench.sources_sketch import sketched
from exchange.demo.stream import truth_path

WEEKS = (4, 8)
FROM_DAY = 21
RECALL, PRECISION = 0.85, 0.90
FIRST_SEED = 1_000  # apart from those that anything was chosen by


def told(run: Replayed, from_day: int = FROM_DAY) -> Iterator[str]:
    """The lines to print of one stream."""
    weeks = [week for week in WEEKS if week * 7 <= run.days]
    sent = run.sent
    yield from rotten_lines({week: found_by(sent, run.evenings, week * 7) for week in weeks}, run.evenings.acts)
    whole = found_by(sent, run.evenings, WEEKS[0] * 7, whole=True)
    yield f"    of those rotten in the whole stream: recall {whole.recall:.3f} ({whole.found} of {whole.rotten})"
    if run.days >= max(WEEKS) * 7:
        yield from rate_lines(run, from_day)
    yield from mistakes(run)


def rotten_lines(found: dict[int, Found], ruled: bool = True) -> Iterator[str]:
    """`ruled`: a rule was on, or what it would have done was looked at."""
    for week, each in found.items():
        asked = f"  at least {RECALL}, {PRECISION:.2f}" if week == WEEKS[0] else ""
        yield (
            f"  rotten sub ids by week {week}: recall {each.recall:.3f} ({each.found} of {each.rotten}), precision "
            f"{each.precision:.3f} ({each.named} named){asked}"
        )
        yield f"    named still that evening: precision {each.held_precision:.3f} ({each.held})"
        if ruled:
            yield f"  good sub ids that a rule shut out by week {week}: {each.good_blocked}, none allowed"


def rate_lines(run: Replayed, from_day: int) -> Iterator[str]:
    rates = foretold(run, from_day)
    yield (
        f"  rates of sources, {rates.leads} leads: log loss {rates.loss:.4f} (one true rate for all "
        f"{rates.constant:.4f}), foretold for each that came {rates.ratio:.3f}, error of their rates {rates.error:.4f}"
    )
    yield (
        f"    whoever knew the true rate of each of these {rates.sources} sources would be off by {rates.floor:.4f}, "
        f"with bad luck by {rates.luck:.4f}; beyond that {rates.beyond:.4f}"
    )
    for ages, (raw, projected, shown) in cohort_errors(run, from_day).items():
        asked = sources_olist.ASKED[ages]
        yield (
            f"  cohorts {ages[0]} to {ages[1]} days old: error {projected:.4f} ({asked} over Olist's leads); "
            f"{raw:.4f} as shown, {shown:.0%} of it shown"
        )


def through_the_flows(data: Path, seeds: range) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield "\nOlist's leads of 2018, through the real flows and storage"
        stream, truth = stream_made.write_olist(data, folder)
        yield from rate_lines(replayed(stream, truth, data), sources_olist.FIRST_DAY)
        yield from summed(
            (f"A long stream made with seed {seed}", replayed(*stream_made.write(data, folder, seed), data))
            for seed in seeds
        )


def recorded(data: Path, seeds: range, kept: Path, days: int | None) -> Iterator[str]:
    """Send a stream of each seed through, with no rule acting, and keep its evenings."""
    kept.mkdir(parents=True, exist_ok=True)
    yield from summed(
        (
            f"A long stream made with seed {seed}",
            record(*stream_made.write(data, kept, seed), data, kept_of(kept, seed), days),
        )
        for seed in seeds
    )


def judged_again(kept: Path) -> Iterator[str]:
    """Every kept stream, by the rules of now."""
    streams = sorted(kept.glob("made_*.evenings"))
    yield from summed(
        (each.stem, judged(each.with_suffix(".jsonl"), truth_path(each.with_suffix(".jsonl")), each))
        for each in streams
    )


def sketches(data: Path, seeds: range) -> Iterator[str]:
    """Rotten sub ids of long streams by the rule alone, with what the screen sees drawn as it was measured."""
    sums = {week: Found() for week in WEEKS}
    for seed in seeds:
        sent, evenings = sketched(data, seed)
        found = {week: found_by(sent, evenings, week * 7) for week in WEEKS}
        sums = {week: sums[week].plus(each) for week, each in found.items()}
        yield f"\nA long stream made with seed {seed}, sketched"
        yield from rotten_lines(found, ruled=False)
    yield f"\nAll {len(seeds)} sketched streams"
    yield from rotten_lines(sums, ruled=False)


def kept_of(folder: Path, seed: int) -> Path:
    return folder / f"made_{seed}.evenings"


def summed(runs: Iterable[tuple[str, Replayed]]) -> Iterator[str]:
    """Each run under its name, and all of them together."""
    sums, count, ruled = {week: Found() for week in WEEKS}, 0, True
    for name, run in runs:
        yield f"\n{name}, through the real flows and storage"
        sent, count, ruled = run.sent, count + 1, run.evenings.acts
        sums = {week: sums[week].plus(found_by(sent, run.evenings, week * 7)) for week in WEEKS}
        yield from told(run)
    if count > 1:
        yield f"\nAll {count} long streams"
        yield from rotten_lines(sums, ruled)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="where the base tables lie")
    parser.add_argument("--seeds", type=int, default=8, help="how many streams the estimators alone are tried on")
    parser.add_argument("--replay", type=int, help="how many long streams go through the real flows and storage")
    parser.add_argument("--sketch", type=int, help="how many long streams are sketched, and judged by the rule alone")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="of the first long stream; the others follow it")
    parser.add_argument("--keep", type=Path, help="a folder for what each evening knew; no rule acts then")
    parser.add_argument("--days", type=int, help="with --keep: the first days of each alone; 28 tell of week four")
    parser.add_argument("--kept", type=Path, help="a folder made with --keep, judged again")
    parser.add_argument("--stream", type=Path)
    parser.add_argument("--truth", type=Path, help="left out: the file beside it with _truth in its name")
    given = parser.parse_args()
    if given.data is None and given.stream is None and given.kept is None:
        parser.error("say --data, --kept or --stream")
    if given.data is not None and given.sketch is not None:
        for line in sketches(given.data, range(given.seed, given.seed + given.sketch)):
            print(line, flush=True)
    elif given.data is not None and given.replay is None:
        print("Landing pages, foretold each morning from the day before")
        print("\n".join(sources_olist.lines(given.data)))
        print(f"\n{given.seeds} streams made of real base rows, with fraud drawn into them, by the estimators alone")
        print("\n".join(sources_made.lines(given.data, given.seeds)))
    if given.data is not None and given.replay is not None:
        seeds = range(given.seed, given.seed + given.replay)
        for line in (
            recorded(given.data, seeds, given.keep, given.days) if given.keep else through_the_flows(given.data, seeds)
        ):
            print(line, flush=True)
    if given.kept is not None:
        for line in judged_again(given.kept):
            print(line, flush=True)
    if given.stream is not None:
        print(f"\n{given.stream.name}, through the real flows and storage")
        run = replayed(given.stream, given.truth or truth_path(given.stream), given.stream.parent)
        print("\n".join(told(run)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
