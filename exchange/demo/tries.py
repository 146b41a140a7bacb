"""Six things to try in the demo, each with its page. What was done is read from the records, or seen as it happens.

What is done stays done, and what was dismissed is not shown again, as long as the demo's folder is there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from exchange.demo.founding import OPERATOR
from exchange.flows.market import Market
from exchange.flows.specs import PATH, page_of
from exchange.storage.tried import FACTS, done_by_hand, newest_resold
from exchange.web.to_try import Thing

FILE = "tries.json"
LAST = "Ready for your own? Run exchange init."
_LEAD = re.compile(r"/console/leads/(ld_[0-9A-Z]{26})")


class Tries:
    """The six things of one demo."""

    last = LAST

    def __init__(
        self,
        market: Market,
        folder: Path,
        campaign: str = "acme-solar",
        buyer: str = "brightroof",
        operator: str = OPERATOR,
    ) -> None:
        """In a market with this campaign and this buyer; `operator` is who tries."""
        self._market, self._path = market, folder / FILE
        self._campaign, self._buyer, self._operator = campaign, buyer, operator
        kept = json.loads(self._path.read_text("utf-8")) if self._path.exists() else {}
        self._done: set[str] = set(kept.get("done", ()))
        self._dismissed = bool(kept.get("dismissed"))
        self._lead = ""

    async def things(self) -> Sequence[Thing]:
        if self._dismissed:
            return ()
        db = self._market.db
        if waiting := [name for name in FACTS if name not in self._done]:
            self._note_done(*await db.read(done_by_hand, waiting, self._campaign, self._operator))
        if not self._lead:
            lead_id = await db.read(newest_resold)
            self._lead = lead_id or ""
        things = self._six()
        return () if all(thing.done for thing in things) else things

    async def note(self, request: web.Request, response: web.StreamResponse) -> None:
        found = _LEAD.match(request.path) if request.method == "GET" and response.status == 200 else None
        if found is None or {"follow", "why"} <= self._done:
            return
        if request.query.get("compare") == "now" or request.path.endswith("/now"):
            self._note_done("why")
            return
        resold = await self._market.db.read(newest_resold, found[1])
        if resold is not None:
            self._note_done("follow")

    def dismiss(self) -> None:
        self._dismissed = True
        self._keep()

    def _note_done(self, *names: str) -> None:
        if not self._done.issuperset(names):
            self._done.update(names)
            self._keep()

    def _keep(self) -> None:
        """A stop at any moment leaves the file as it was or as it is now."""
        made = self._path.with_name(f"{FILE}.new")
        made.write_text(json.dumps({"done": sorted(self._done), "dismissed": self._dismissed}), "utf-8")
        made.replace(self._path)

    def _six(self) -> list[Thing]:
        lead = f"/console/leads/{self._lead}" if self._lead else "/console/leads?status=sold"
        page = f"{PATH}{page_of(self._market, self._campaign)}?call=ping#try"
        rows = (
            ("follow", "Follow a lead that was rejected and resold", "Its timeline has both posts, word by word.",
             lead),
            ("why", "Ask why a buyer was not pinged", "Each buyer's reason then, and what would differ now.",
             f"{lead}?compare=now#now" if self._lead else lead),
            ("ping", "Send a broken ping and read the answer", "Leave a field out: the answer names it.", page),
            ("return", "Decide a return", "With the evidence, the buyer's record and a suggestion.",
             "/console/returns"),
            ("pause", "Pause a buyer and watch the tree change", "Its band runs dry; the others take over.",
             f"/console/buyers/{self._buyer}/pause"),
            ("floor", "Change a floor price in the simulator", "Recorded leads are sold again under your rule.",
             f"/console/simulator?edit=campaign:{self._campaign}"),
        )  # fmt: skip
        return [Thing(name, title, about, href, name in self._done) for name, title, about, href in rows]
