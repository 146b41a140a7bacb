"""What a contract would have bid that was not asked: one of its own recorded answers to like leads, drawn by lot.

Like leads are those of the same state and grade; with too few of them those of the state, then all. The lot falls by
the seed, the lead and the contract alone: the same seed gives the same numbers, whatever else is simulated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from hashlib import blake2b

from exchange.model.auction import Bid
from exchange.stages.simulate.record import Recorded

ENOUGH = 8  # answers; with fewer the next wider kind of lead is taken
_WHOLE = 1 << 64


def draw(seed: int, *about: str) -> float:
    """Uniform in [0, 1), the same whenever it is drawn."""
    text = f"{seed}:{':'.join(about)}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest()) / _WHOLE


class Usual:
    """How contracts answered, and how many of their posts were taken."""

    def __init__(self, leads: Iterable[Recorded]) -> None:
        self._answers: Mapping[tuple[str, ...], list[tuple[Bid, ...]]] = defaultdict(list)
        self._posts: dict[str, list[int]] = defaultdict(lambda: [0, 0])  # all, and those that were taken
        self._took: dict[str, list[int]] = defaultdict(lambda: [0, 0])  # answers, and milliseconds in all
        self._pings: dict[str, list[int]] = defaultdict(lambda: [0, 0])  # those with a price, and those posted
        for lead in leads:
            self._note(lead)

    def _note(self, lead: Recorded) -> None:
        for each in (lead.ping, lead.post):
            for contract_id, answer in each.asked.items() if each is not None else ():
                if answer.cut:
                    continue
                for kind in _kinds(contract_id, lead):
                    self._answers[kind].append(answer.bids)
                took = self._took[contract_id]
                took[0] += 1
                took[1] += answer.took_ms
        if lead.ping is not None and (lead.post is not None or lead.state == "quoted"):
            pings = self._pings[lead.campaign.id]
            pings[0] += 1
            pings[1] += lead.post is not None
        for contract_id, posts in lead.post.posts.items() if lead.post is not None else ():
            for post in posts:
                if post.state in ("accepted", "rejected"):
                    found = self._posts[contract_id]
                    found[0] += 1
                    found[1] += post.state == "accepted"

    def bids(self, contract_id: str, lead: Recorded, seed: int) -> tuple[Bid, ...] | None:
        """None for a contract that was never asked: nothing is known of it."""
        widest: list[tuple[Bid, ...]] = []
        for kind in _kinds(contract_id, lead):
            widest = self._answers.get(kind, widest)
            if len(widest) >= ENOUGH:
                break
        if not widest:
            return None
        return widest[int(draw(seed, lead.id, contract_id, "bid") * len(widest))]

    def takes(self, contract_id: str, lead: Recorded, seed: int) -> bool:
        """Whether it would have taken the post; always, as long as little is known."""
        posts, taken = self._posts.get(contract_id, (0, 0))
        return posts < ENOUGH or draw(seed, lead.id, contract_id, "post") * posts < taken

    def posts(self, lead: Recorded, seed: int) -> bool:
        """Whether its seller would have posted a ping that it never had a price for."""
        pings, posted = self._pings.get(lead.campaign.id, (0, 0))
        return draw(seed, lead.id, "seller") * pings < posted if pings else True

    def took_ms(self, contract_id: str) -> int:
        answers, total = self._took.get(contract_id, (0, 0))
        return total // answers if answers else 0


def _kinds(contract_id: str, lead: Recorded) -> tuple[tuple[str, ...], ...]:
    """The narrowest first."""
    state, grade = lead.us_state or "", lead.grade or ""
    return ((contract_id, state, grade), (contract_id, state), (contract_id,))
