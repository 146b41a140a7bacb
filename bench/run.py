"""The whole exchange beside a bare program, on the same machine in the same minutes.

    python -m bench.run [--pings 10 25] [--rounds 5] [--seconds 5] [--connections 16 64 256] [--workers 1 2]

Both get the same leads over the same kind of connections and ask the same buyers. Rounds alternate, so that a machine
that is busy for a while is busy for both; the ratio is the median over rounds. Trust ratios and processor time more
than rates. The exchange has as many workers as `exchange serve` starts by itself; `--workers 1 2` measures it with one
and with two, in the same rounds.

Each connection has one lead under way. Few of them show how long a lead takes; many show how many leads there can be,
because a durable answer waits for the disk, and while it waits only another lead can use the processors. So there is a
table for each number of connections, and the bare program gets the same number.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import orjson

from bench.market import lead_body, write_market
from bench.processes import ROOT, NotStarted, processor_seconds, running

BUYERS_PORT, BARE_PORT, EXCHANGE_PORT = 9100, 9200, 9300  # and the ports after the last, one for each `--workers`
BARE = "bare"
WARM_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Subject:
    """A program under load: its name in the table, where leads go, and its process."""

    name: str
    url: str
    pid: int


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement. `cpu_us` is processor time per lead over all the program's processes, in microseconds."""

    leads_per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu_us: float
    refused: int


class Leads:
    """Numbers leads over the whole run, so that none is a duplicate of another."""

    def __init__(self, body: Path, seconds: float) -> None:
        self._body, self._seconds, self._first = body, seconds, 0

    def measure(self, subject: Subject, connections: int) -> Round:
        """Load one program for the set time. Raises `NotStarted` when it answered nothing."""
        before = processor_seconds(subject.pid)
        command = [sys.executable, "-m", "bench.load", subject.url, "--body", str(self._body)]
        command += ["--connections", str(connections), "--first", str(self._first)]
        command += ["--warm", str(WARM_SECONDS), "--seconds", str(self._seconds)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        if done.returncode != 0:
            raise NotStarted(done.stderr.decode(errors="replace")[-1_000:])
        found = orjson.loads(done.stdout)
        if not found["leads"]:
            raise NotStarted(f"{subject.name} answered nothing")
        used = processor_seconds(subject.pid) - before
        self._first += found["sent"]
        return Round(
            found["leads_per_second"],
            found["p50_ms"],
            found["p95_ms"],
            found["p99_ms"],
            used / found["sent"] * 1e6,
            found["leads"] - found["statuses"].get("accepted", 0),
        )


Results = dict[str, list[Round]]
"""The rounds of each program, by its name."""


def compare(
    pings: int, rounds: int, connections: Sequence[int], leads: Leads, folder: Path, workers: Sequence[int]
) -> dict[int, Results]:
    """The bare program and the exchange with so many workers (0: as it comes), in alternating rounds.

    By the number of connections: all of them in each round.
    """
    log = folder / "programs.log"
    with ExitStack() as stack:
        stack.enter_context(
            running("bench.bidders", "--count", str(pings), "--port", str(BUYERS_PORT), port=BUYERS_PORT, log=log)
        )
        ports = ("--port", str(BARE_PORT), "--buyers-port", str(BUYERS_PORT))
        bare = stack.enter_context(running("bench.bare", "--pings", str(pings), *ports, port=BARE_PORT, log=log))
        subjects = [Subject(BARE, f"http://127.0.0.1:{BARE_PORT}/lead", bare)]
        for number, count in enumerate(workers):
            subjects.append(
                stack.enter_context(exchange(pings, count, folder / str(count), EXCHANGE_PORT + number, log))
            )
        results: dict[int, Results] = {each: {subject.name: [] for subject in subjects} for each in connections}
        for number in range(rounds):
            for each in connections:
                for subject in subjects if number % 2 == 0 else subjects[::-1]:
                    results[each][subject.name].append(leads.measure(subject, each))
        return results


@contextmanager
def exchange(pings: int, workers: int, folder: Path, port: int, log: Path) -> Iterator[Subject]:
    """An exchange with a database of its own; `workers` 0 leaves their number to it."""
    folder.mkdir()
    told = {"EXCHANGE_CONFIG": str(asyncio.run(write_market(folder, pings, BUYERS_PORT, port)))}
    named = ("--workers", str(workers)) if workers else ()
    with running("exchange", "serve", *named, port=port, log=log, environment=told) as process:
        name = f"exchange, {workers}" if workers else "exchange"
        yield Subject(name, f"http://127.0.0.1:{port}/api/v1/pingpost", process)


def table(pings: int, connections: int, results: Results) -> str:
    """The medians of a comparison and the ratios over its rounds."""
    lines = [
        f"{pings} pings per lead, {connections} connections",
        f"  {'':12}{'leads/s':>10}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'CPU µs':>9}{'refused':>9}",
    ]
    for name, rounds in results.items():
        cells = [
            f"{_median(rounds, 'leads_per_second'):10.0f}",
            *(f"{_median(rounds, field):9.1f}" for field in ("p50_ms", "p95_ms", "p99_ms")),
            f"{_median(rounds, 'cpu_us'):9.0f}",
            f"{sum(each.refused for each in rounds):9d}",
        ]
        lines.append(f"  {name:12}{''.join(cells)}")
    lines += [_compared(name, rounds, results[BARE]) for name, rounds in results.items() if name != BARE]
    return "\n".join(lines)


def _compared(name: str, ours: Sequence[Round], bare: Sequence[Round]) -> str:
    pairs = list(zip(ours, bare, strict=True))
    speeds = [ours.leads_per_second / theirs.leads_per_second for ours, theirs in pairs]
    cost = median(theirs.cpu_us / ours.cpu_us for ours, theirs in pairs if ours.cpu_us)
    return (
        f"  {name} / bare: {median(speeds):.2f} of its leads a second ({min(speeds):.2f} to {max(speeds):.2f}), "
        f"{cost:.2f} of its leads per processor second"
    )


def _median(rounds: Sequence[Round], field: str) -> float:
    return median(float(getattr(each, field)) for each in rounds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pings", type=int, nargs="+", default=[10, 25])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument(
        "--connections", type=int, nargs="+", default=[16, 64, 256], help="leads under way at once, a table for each"
    )
    parser.add_argument(
        "--workers", type=int, nargs="+", default=[0], help="processes of the exchange, one row for each"
    )
    given = parser.parse_args()
    print("The exchange (SQLite, every answer durable) beside a bare program that only fans out and posts.")
    for pings in given.pings:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            body = folder / "lead.json"
            body.write_bytes(lead_body())
            try:
                leads = Leads(body, given.seconds)
                results = compare(pings, given.rounds, given.connections, leads, folder, given.workers)
            except NotStarted as error:
                print(f"stopped: {error}", file=sys.stderr)
                return 1
            for connections, found in results.items():
                print("\n" + table(pings, connections, found), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
