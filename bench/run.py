"""The whole exchange beside a bare program, on the same machine in the same minutes.

    python -m bench.run [--pings 10 25] [--rounds 5] [--seconds 5] [--connections 16]

Both get the same leads over the same kind of connections and ask the same buyers. Rounds alternate, so that a machine
that is busy for a while is busy for both; the ratio is the median over rounds. Trust ratios and processor time more
than rates.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import orjson

from bench.market import lead_body, write_market
from bench.processes import ROOT, NotStarted, processor_seconds, running

BUYERS_PORT, BARE_PORT, EXCHANGE_PORT = 9100, 9200, 9300
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

    def __init__(self, body: Path, connections: int, seconds: float) -> None:
        self._body, self._connections, self._seconds, self._first = body, connections, seconds, 0

    def measure(self, subject: Subject) -> Round:
        """Load one program for the set time. Raises `NotStarted` when it answered nothing."""
        before = processor_seconds(subject.pid)
        command = [sys.executable, "-m", "bench.load", subject.url, "--body", str(self._body)]
        command += ["--connections", str(self._connections), "--first", str(self._first)]
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


def compare(pings: int, rounds: int, leads: Leads, folder: Path) -> dict[str, list[Round]]:
    """Both programs at `pings` pings per lead, in alternating rounds."""
    log = folder / "programs.log"
    settings = asyncio.run(write_market(folder, pings, BUYERS_PORT, EXCHANGE_PORT))
    with ExitStack() as stack:
        stack.enter_context(
            running("bench.bidders", "--count", str(pings), "--port", str(BUYERS_PORT), port=BUYERS_PORT, log=log)
        )
        ports = ("--port", str(BARE_PORT), "--buyers-port", str(BUYERS_PORT))
        bare = stack.enter_context(running("bench.bare", "--pings", str(pings), *ports, port=BARE_PORT, log=log))
        told = {"EXCHANGE_CONFIG": str(settings)}
        whole = stack.enter_context(running("exchange", "serve", port=EXCHANGE_PORT, log=log, environment=told))
        subjects = (
            Subject("bare", f"http://127.0.0.1:{BARE_PORT}/lead", bare),
            Subject("exchange", f"http://127.0.0.1:{EXCHANGE_PORT}/api/v1/pingpost", whole),
        )
        results: dict[str, list[Round]] = {subject.name: [] for subject in subjects}
        for number in range(rounds):
            for subject in subjects if number % 2 == 0 else subjects[::-1]:
                results[subject.name].append(leads.measure(subject))
    return results


def table(pings: int, results: dict[str, list[Round]]) -> str:
    """The medians of a comparison and the ratios over its rounds."""
    lines = [
        f"{pings} pings per lead",
        f"  {'':10}{'leads/s':>10}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'CPU µs':>9}{'refused':>9}",
    ]
    for name, rounds in results.items():
        cells = [
            f"{_median(rounds, 'leads_per_second'):10.0f}",
            *(f"{_median(rounds, field):9.1f}" for field in ("p50_ms", "p95_ms", "p99_ms")),
            f"{_median(rounds, 'cpu_us'):9.0f}",
            f"{sum(each.refused for each in rounds):9d}",
        ]
        lines.append(f"  {name:10}{''.join(cells)}")
    pairs = list(zip(results["exchange"], results["bare"], strict=True))
    speed = median(ours.leads_per_second / theirs.leads_per_second for ours, theirs in pairs)
    cost = median(theirs.cpu_us / ours.cpu_us for ours, theirs in pairs if ours.cpu_us)
    lines.append(f"  exchange / bare: {speed:.2f} of its leads a second, {cost:.2f} of its leads per processor second")
    return "\n".join(lines)


def _median(rounds: Sequence[Round], field: str) -> float:
    return median(float(getattr(each, field)) for each in rounds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pings", type=int, nargs="+", default=[10, 25])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=16)
    given = parser.parse_args()
    print("The exchange (SQLite, every answer durable) beside a bare program that only fans out and posts.")
    for pings in given.pings:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            body = folder / "lead.json"
            body.write_bytes(lead_body())
            try:
                results = compare(pings, given.rounds, Leads(body, given.connections, given.seconds), folder)
            except NotStarted as error:
                print(f"stopped: {error}", file=sys.stderr)
                return 1
            print("\n" + table(pings, results), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
