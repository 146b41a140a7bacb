"""How well sources are known: rates, cohorts, and which sub ids are rotten and when that is found.

    python -m bench.sources --data FOLDER [--seeds 4]              over real base rows, and streams made of them
    python -m bench.sources --stream stream.jsonl [--truth FILE]   over a stream whose truth is known, by the real flows

A stream's outcomes are told day by day, and every evening the exchange says what it thinks of each sub id.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench import sources_made, sources_olist
from bench.quality_stream import DAY_MS, Cost, Truth, read_truths, replay
from exchange.demo.stream import Row, read_rows, seller_slug
from exchange.flows.market import Market
from exchange.flows.quality import keep_quality
from exchange.stages.quality.standing import Band, Standing

Key = tuple[str, str, str]
WEEKS = (4, 8)
ROTTEN_SHARE, LARGE, FROM_WEEK = 0.3, 10, 3


class Evenings:
    """What was said each evening. `named` is the first evening a sub id was called rotten."""

    def __init__(self, began: int) -> None:
        self.began = began
        self.named: dict[Key, int] = {}
        self.rates: dict[int, dict[str, Standing]] = {}  # by day of the stream, how sources stood when it began

    async def __call__(self, market: Market) -> None:
        live = market.live.standings
        live.at = live.counted_at = 0  # at once, whatever the time since the last look
        await keep_quality(market)
        day = (market.clock.now() - self.began) // DAY_MS
        self.rates[market.clock.now() // DAY_MS] = dict(live.verticals)
        for vertical, told in live.verticals.items():
            for (seller, sub_id), source in told.sources.items():
                if source.band is Band.ROTTEN:
                    self.named.setdefault((vertical, seller, sub_id), day)


def key_of(row: Row) -> Key:
    return row.vertical, seller_slug(row.seller_id), row.values.get("sub_id1", "")


def run(stream: Path, truth: Path) -> Iterator[str]:
    """The lines to print of one stream."""
    truths = read_truths(truth)
    rows = [row for row in read_rows(stream) if row.lead_id in truths]
    evenings = Evenings(rows[0].at)
    with tempfile.TemporaryDirectory() as folder:
        seen = asyncio.run(replay(Path(folder), rows, truths, Cost(), stream.parent, evenings))
    yield from found(rows, truths, evenings)
    yield from foretold([each.row for each in seen if each.status == "accepted"], truths, evenings)


def foretold(sold: Sequence[Row], truths: Mapping[str, Truth], evenings: Evenings) -> Iterator[str]:
    """How well the rates of the evening before foretold the conversions of sold leads from the fourth week on."""
    cases = []
    for row in sold:
        held = evenings.rates.get(row.at // DAY_MS, {}).get(row.vertical)
        if held is not None and row.at >= evenings.began + FROM_WEEK * 7 * DAY_MS:
            source = held.sources.get((seller_slug(row.seller_id), row.values.get("sub_id1", "")))
            seller = held.sellers.get(seller_slug(row.seller_id))
            known = source or seller
            rate = known.rates["conversion"].value if known is not None else held.base["conversion"]
            cases.append((min(max(rate, 1e-3), 1 - 1e-3), truths[row.lead_id].converted))
    came = sum(converted for _, converted in cases)
    if came:
        loss = -sum(math.log(rate if converted else 1 - rate) for rate, converted in cases) / len(cases)
        base = came / len(cases)
        constant = -(base * math.log(base) + (1 - base) * math.log(1 - base))
        ratio = sum(rate for rate, _ in cases) / came
        yield (
            f"  rates of sources, {len(cases)} leads from week {FROM_WEEK + 1} on: log loss {loss:.4f} (one true rate "
            f"for all {constant:.4f}), foretold for each that came {ratio:.3f}"
        )


def found(rows: Sequence[Row], truths: Mapping[str, Truth], evenings: Evenings) -> Iterator[str]:
    """How many of the rotten sub ids had been named by the weeks asked for, and who was named wrongly."""
    leads: dict[Key, Counter[str]] = defaultdict(Counter)
    for row in rows:
        counts, fraud = leads[key_of(row)], truths[row.lead_id].kind == "fraud"
        counts["all"] += 1
        counts["fraud"] += fraud
        for week in WEEKS:
            counts[f"week {week}"] += row.at < evenings.began + week * 7 * DAY_MS
    share = {key: counts["fraud"] / counts["all"] for key, counts in leads.items()}
    for week in WEEKS:
        rotten = {
            key for key, counts in leads.items() if share[key] >= ROTTEN_SHARE and counts[f"week {week}"] >= LARGE
        }
        named = {key for key, day in evenings.named.items() if day <= week * 7}
        right = {key for key in named if share.get(key, 0.0) >= ROTTEN_SHARE}
        recall = len(rotten & named) / len(rotten) if rotten else 1.0
        precision = len(right) / len(named) if named else 1.0
        yield (
            f"  rotten sub ids (from {LARGE} leads) by week {week}: recall {recall:.3f} ({len(rotten & named)} of "
            f"{len(rotten)}), precision {precision:.3f} ({len(named)} named)"
        )
    for key in sorted(evenings.named, key=evenings.named.__getitem__):
        counts = leads[key]
        yield (
            f"    day {evenings.named[key]:3}: {key[1]} {key[2]}: {counts['fraud']} of {counts['all']} leads were fraud"
        )
    missed = [key for key in leads if share[key] >= ROTTEN_SHARE and leads[key]["all"] >= LARGE]
    for key in sorted(set(missed) - evenings.named.keys()):
        yield f"    never:   {key[1]} {key[2]}: {leads[key]['fraud']} of {leads[key]['all']} leads were fraud"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="where the base tables lie")
    parser.add_argument("--seeds", type=int, default=4, help="how many streams are made")
    parser.add_argument("--stream", type=Path)
    parser.add_argument("--truth", type=Path, help="left out: the file beside it with _truth in its name")
    given = parser.parse_args()
    if given.data is None and given.stream is None:
        parser.error("say --data or --stream")
    if given.data is not None:
        print("Landing pages, foretold each morning from the day before")
        print("\n".join(sources_olist.lines(given.data)))
        print(f"\n{given.seeds} streams made of real base rows, with fraud drawn into them")
        print("\n".join(sources_made.lines(given.data, given.seeds)))
    if given.stream is not None:
        truth = given.truth or given.stream.with_name(f"{given.stream.stem}_truth{given.stream.suffix}")
        print(f"\n{given.stream.name}, through the real flows")
        print("\n".join(run(given.stream, truth)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
