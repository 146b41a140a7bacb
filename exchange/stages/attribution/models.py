"""Six ways to share the worth of conversions among what was seen before them. Pure, and sums are kept to the last unit.

A path is what somebody saw, oldest first, and how it ended. `count` conversions of it are worth `units` in all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

CHANNELS_MOST = 100
"""So many are told apart in chains; the rarest beyond them are one."""
OTHERS = "others"
HALF_LIFE_MS = 7 * 86_400_000
_HOUR_MS = 3_600_000
_POSITION = (40, 20, 40)
_WHOLE = 1_000_000_000_000
_START, _WON, _NULL = "\0start", "\0won", "\0null"


class Path(NamedTuple):
    """`channels` with the moment of each touch in `at` (empty where no model asks for it), and `ended` after them.

    `conversions` may be 0: then somebody saw all that and did nothing, `lost` times.
    """

    channels: tuple[str, ...]
    conversions: int = 0
    units: int = 0
    lost: int = 0
    at: tuple[int, ...] = ()
    ended: int = 0


class Credit(NamedTuple):
    """What one channel gets: conversions in millionths, and money units."""

    conversions_millionths: int
    units: int


Weigh = Callable[[Path], Sequence[int]]


def first(path: Path) -> Sequence[int]:
    return [1, *[0] * (len(path.channels) - 1)]


def last(path: Path) -> Sequence[int]:
    return [*[0] * (len(path.channels) - 1), 1]


def linear(path: Path) -> Sequence[int]:
    return [1] * len(path.channels)


def position(path: Path) -> Sequence[int]:
    """Two fifths each to the first and the last, a fifth among those between; halves when there are two."""
    count = len(path.channels)
    if count < 3:
        return [1] * count
    begin, middle, end = _POSITION
    between = count - 2
    return [begin * between, *[middle] * between, end * between]


def decay(path: Path) -> Sequence[int]:
    """A touch counts half as much for every week that lies between it and the conversion, by whole hours."""
    if len(path.at) != len(path.channels):
        return linear(path)
    return [
        max(int(_WHOLE * 0.5 ** (max(path.ended - at, 0) // _HOUR_MS * _HOUR_MS / HALF_LIFE_MS)), 1) for at in path.at
    ]


RULES: Mapping[str, Weigh] = MappingProxyType(
    {"first": first, "last": last, "linear": linear, "position": position, "decay": decay}
)
MODELS = (*RULES, "markov")


def credit(model: str, paths: Iterable[Path]) -> dict[str, Credit]:
    """What each channel gets under a model of `MODELS`. The sums are those of the paths, exactly."""
    known = [path for path in paths if path.channels]
    if model == "markov":
        return _by_shares(removal_effects(known), known)
    weigh = RULES[model]
    conversions: dict[str, int] = defaultdict(int)
    units: dict[str, int] = defaultdict(int)
    for path in known:
        if not path.conversions and not path.units:
            continue
        weights = weigh(path)
        for channel, millionths, part in zip(
            path.channels,
            shared(path.conversions * 1_000_000, weights),
            shared(path.units, weights),
            strict=True,
        ):
            conversions[channel] += millionths
            units[channel] += part
    return {channel: Credit(conversions[channel], units[channel]) for channel in conversions}


def shared(units: int, weights: Sequence[int]) -> Sequence[int]:
    """`units` in parts by weight that sum to it: what rounding leaves goes to the largest remainders, then in order.

    A negative sum (more was returned than sold) is shared the same way.
    """
    return (units,) if len(weights) == 1 else _shared(units, tuple(weights))


@lru_cache(maxsize=65_536)  # prices and paths are few: most are shared again and again
def _shared(units: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    total, sign = sum(weights), -1 if units < 0 else 1
    amount = abs(units)
    parts = [amount * weight // total for weight in weights]
    left = amount - sum(parts)
    if left:
        order = sorted(range(len(weights)), key=lambda place: (-(amount * weights[place] % total), place))
        for place in order[:left]:
            parts[place] += 1
    return tuple(sign * part for part in parts)


def _by_shares(effects: Mapping[str, float], paths: Sequence[Path]) -> dict[str, Credit]:
    conversions, units = sum(path.conversions for path in paths), sum(path.units for path in paths)
    if not effects or not conversions:
        return {}
    names = sorted(effects)
    weights = [round(effects[name] * _WHOLE) for name in names]
    if not sum(weights):
        weights = [1] * len(names)
    counts = shared(conversions * 1_000_000, weights)
    return {name: Credit(*each) for name, *each in zip(names, counts, shared(units, weights), strict=True)}


def removal_effects(paths: Iterable[Path]) -> dict[str, float]:
    """For each channel, the share of all conversions that its removal would cost, in a chain of order 1.

    What goes into a removed channel is lost. Of a chain, that is: the chance to come by the channel, times the chance
    to convert from it on.
    """
    counts = _transitions(_folded(paths))
    channels = sorted({name for name in counts if name != _START})
    place = {name: number for number, name in enumerate([_START, *channels])}
    flow = [[0.0] * len(place) for _ in place]
    wins = [0.0] * len(place)
    for name, row in counts.items():
        total = sum(row.values())
        wins[place[name]] = row.get(_WON, 0) / total
        for target, count in row.items():
            if target in place:
                flow[place[name]][place[target]] = count / total
    visits = _inverse([[float(i == j) - flow[i][j] for j in range(len(place))] for i in range(len(place))])
    chance = [sum(visit * win for visit, win in zip(row, wins, strict=True)) for row in visits]
    if not chance or chance[0] <= 0:
        return {}
    return {
        name: visits[0][place[name]] / visits[place[name]][place[name]] * chance[place[name]] / chance[0]
        for name in channels
    }


def _folded(paths: Iterable[Path]) -> list[Path]:
    """With the rarest channels beyond `CHANNELS_MOST` as one."""
    known = list(paths)
    seen: dict[str, int] = defaultdict(int)
    for path in known:
        for channel in path.channels:
            seen[channel] += path.conversions + path.lost
    if len(seen) <= CHANNELS_MOST:
        return known
    kept = set(sorted(seen, key=lambda name: (-seen[name], name))[: CHANNELS_MOST - 1])
    return [path._replace(channels=tuple(name if name in kept else OTHERS for name in path.channels)) for path in known]


def _transitions(paths: Iterable[Path]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for path in paths:
        times = path.conversions + path.lost
        if not times or not path.channels:
            continue
        for one, other in zip((_START, *path.channels), path.channels, strict=False):
            counts[one][other] += times
        end = counts[path.channels[-1]]
        end[_WON] += path.conversions
        end[_NULL] += path.lost
    return counts


def _inverse(matrix: list[list[float]]) -> list[list[float]]:
    """Of a matrix that has one, as every chain with a way out: Gauss and Jordan, with the largest pivot."""
    size = len(matrix)
    rows = [[*row, *(float(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda i: abs(rows[i][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        scale = rows[column][column]
        rows[column] = [value / scale for value in rows[column]]
        lead = rows[column]
        for i in range(size):
            if i != column and rows[i][column]:
                factor = rows[i][column]
                rows[i] = [value - factor * other for value, other in zip(rows[i], lead, strict=True)]
    return [row[size:] for row in rows]
