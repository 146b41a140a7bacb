"""Every figure by which the exchange's choice of leads is judged, over a stream whose truth is known.

    python -m bench.quality --stream stream.jsonl --truth stream_truth.jsonl [--most 500] [--mistakes]
    python -m bench.quality --stream stream.jsonl --suppressed 10000000 --past 1000000   # in an old, full exchange

The rows go through the real flows, on a SQLite file and on the stream's own clock, with a buyer that takes everything.
Nothing personal is printed: a mistake is told by its row's id.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from bench.crowd import Crowd
from bench.quality_cost import Cost
from bench.quality_figures import Judged, cost_lines, figures, mistakes, outcomes, who_refused
from bench.quality_score import score_lines
from bench.quality_stream import NOBODY, read_truths, replay
from exchange.demo.stream import read_rows


def run(stream: Path, truth: Path, most: int | None = None, crowd: Crowd = NOBODY) -> tuple[list[Judged], Cost]:
    """What the exchange did with each row of the stream that the truth knows."""
    truths, cost = read_truths(truth), Cost()
    rows = [row for row in islice(read_rows(stream), most) if row.lead_id in truths]
    with tempfile.TemporaryDirectory() as folder:
        seen = asyncio.run(replay(Path(folder), rows, truths, cost, stream.parent, crowd=crowd))
    return [Judged(each, truths[each.row.lead_id]) for each in seen], cost


def report(judged: list[Judged], cost: Cost, with_mistakes: bool) -> bool:
    """Print everything; whether every figure is met."""
    met = True
    for title, lines in figures(judged):
        print(f"\n{title}")
        for figure in lines:
            print(figure.line())
            met = met and figure.met
    print("\nConversion score, sold leads of weeks 4 to 8")
    print("\n".join(score_lines(judged)))
    print("\nProcessor time a lead")
    print("\n".join(cost_lines(cost)))
    print("\nWho refused, by class")
    for name, counts in sorted(who_refused(judged).items()):
        print(f"  {name:44}" + ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())))
    print("\nFindings")
    for name, counts in sorted(outcomes(judged).items()):
        print(f"  {name:44}" + ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    if with_mistakes:
        print("\nMistakes")
        print("\n".join(mistakes(judged)))
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stream", type=Path, required=True)
    parser.add_argument("--truth", type=Path, help="left out: the file beside it with _truth in its name")
    parser.add_argument("--most", type=int, help="the first rows only")
    parser.add_argument("--mistakes", action="store_true", help="the ids of the rows judged wrongly")
    parser.add_argument("--suppressed", type=int, default=0, help="how many phones a suppression list has")
    parser.add_argument("--past", type=int, default=0, help="how many other leads came before the first row")
    given = parser.parse_args()
    truth = given.truth or given.stream.with_name(f"{given.stream.stem}_truth{given.stream.suffix}")
    for path in (given.stream, truth):
        if not path.is_file():
            print(f"There is no file {path}.", file=sys.stderr)
            return 5
    began = time.monotonic()
    judged, cost = run(given.stream, truth, given.most, Crowd(given.suppressed, given.past))
    met = report(judged, cost, given.mistakes)
    print(f"\n{len(judged)} rows in {time.monotonic() - began:.0f} s")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
