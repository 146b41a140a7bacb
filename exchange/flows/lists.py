"""The suppression lists as this process asks them: files mapped into memory, and what came or went since.

A look-up reads nothing and waits for nobody. Other processes' changes are taken up within a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from exchange.log import logger
from exchange.model.suppression import ListRow, Scope
from exchange.stages.suppression.forms import EMAIL, PERSON, PHONE, PLAIN, spellings
from exchange.storage.database import Db
from exchange.storage.key_file import BadKeyFile, KeyFile
from exchange.storage.suppression import News, news_since
from exchange.vault import Vault

_LOG = logger(__name__)
_FOLDER = "lists"
_KEY_BYTES = 8


class OpenList:
    """One list. `late` are single changes that are not in its file: by key, with which version and whether it came."""

    def __init__(self, row: ListRow) -> None:
        self.row = row
        self.file: KeyFile | None = None
        self.late: dict[int, tuple[int, bool]] = {}
        self.unreadable = False

    def holds(self, key: int) -> bool:
        late = self.late.get(key)
        if late is not None:
            return late[1]
        return self.file is not None and key in self.file


class Found(NamedTuple):
    """What the lists said: those the consumer is on, those that could not be asked, and how many were."""

    hits: tuple[ListRow, ...]
    unreadable: tuple[ListRow, ...]
    asked: int


class Lists:
    """All lists. It is changed by `take_up` alone, between two look-ups."""

    def __init__(self, files_dir: Path, vault: Vault) -> None:
        self.folder = files_dir / _FOLDER
        self._vault = vault
        self.seen = 0
        self._open: dict[str, OpenList] = {}
        self._groups: dict[tuple[str, str], list[OpenList]] = {}

    def __iter__(self) -> Iterator[OpenList]:
        return iter(self._open.values())

    def get(self, list_id: str) -> OpenList | None:
        return self._open.get(list_id)

    @property
    def kinds(self) -> frozenset[str]:
        """What the lists go by, and what every lead is known by, listed or not."""
        return frozenset({PHONE, EMAIL, *(kind for kind, _ in self._groups)})

    def key(self, kind: str, hash_name: str, token: str) -> int:
        """What stands for a value in the files: cut from a keyed hash, so that a file alone tells nobody anything."""
        return int.from_bytes(self._vault.index(f"list:{kind}:{hash_name}", token)[:_KEY_BYTES])

    def look(
        self, values: Mapping[str, str], digests: Mapping[tuple[str, str], str], vertical: str | None = None
    ) -> Found:
        """Where a consumer stands: plain values by kind, and digests by kind and hash, as far as they are known.

        Lists of other verticals are not asked; None asks all.
        """
        hits: list[ListRow] = []
        unreadable: list[ListRow] = []
        asked = 0
        for (kind, hash_name), lists in self._groups.items():
            keys = self._keys(kind, hash_name, values, digests)
            if not keys:
                continue
            for each in lists:
                row = each.row
                if row.scope is Scope.VERTICAL and vertical is not None and row.party != vertical:
                    continue
                asked += 1
                if each.unreadable:
                    unreadable.append(row)
                elif any(map(each.holds, keys)):
                    hits.append(row)
        return Found(tuple(hits), tuple(unreadable), asked)

    def _keys(
        self, kind: str, hash_name: str, values: Mapping[str, str], digests: Mapping[tuple[str, str], str]
    ) -> list[int]:
        tokens: tuple[str, ...] = ()
        value = values.get(kind)
        if value is not None:
            tokens = (value,) if kind == PERSON else spellings(kind, hash_name, value)
        digest = digests.get((kind, hash_name))
        if digest is not None:
            tokens = (*tokens, digest)
        return [self.key(kind, hash_name, token) for token in tokens]

    def take_up(self, news: News) -> None:
        """What changed elsewhere. A file that cannot be opened is told; its list then counts as one not to be asked."""
        for list_id in news.removed:
            self._close(self._open.pop(list_id, None))
        for row in news.lists:
            opened = self._open.get(row.id)
            if opened is None:
                opened = self._open[row.id] = OpenList(row)
            if opened.file is None or opened.row.file != row.file:
                self._reopen(opened, row)
            opened.row = row
            opened.late = {key: late for key, late in opened.late.items() if late[0] > row.folded}
        for change in news.changes:
            listed = self._open.get(change.list_id)
            if listed is not None and change.version > listed.row.folded:
                listed.late[change.key] = (change.version, change.listed)
        self._groups = {}
        for each in self._open.values():
            self._groups.setdefault((each.row.kind, each.row.hash or PLAIN), []).append(each)
        self.seen = news.version

    def again(self) -> None:
        """Try once more to open what could not be opened."""
        for each in self._open.values():
            if each.unreadable:
                self._reopen(each, each.row)

    def close(self) -> None:
        for each in self._open.values():
            self._close(each)
        self._open, self._groups, self.seen = {}, {}, 0

    def _reopen(self, opened: OpenList, row: ListRow) -> None:
        self._close(opened)
        opened.unreadable = False
        if not row.file:
            return
        try:
            opened.file = KeyFile(self.folder / row.file)
        except (OSError, BadKeyFile) as error:
            opened.unreadable = True
            _LOG.error("The file of a suppression list cannot be read", list=row.id, why=type(error).__name__)

    def _close(self, opened: OpenList | None) -> None:
        if opened is not None and opened.file is not None:
            opened.file.close()
            opened.file = None


async def take_up_lists(db: Db, lists: Lists) -> bool:
    """Take up what changed elsewhere. True when anything did."""
    news = await db.read(news_since, lists.seen)
    if news is None:
        lists.again()
        return False
    lists.take_up(news)
    return True


def of_buyers(rows: Iterable[ListRow]) -> dict[str, str]:
    """By buyer, the name of a list of its own among these."""
    return {row.party: row.name for row in rows if row.scope is Scope.BUYER}
