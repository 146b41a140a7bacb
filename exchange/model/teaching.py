"""What an operator teaches a connection: values seen in a reply, rules made of them, what a sample request means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from exchange.model.wire import Reply


class Seen(NamedTuple):
    """One value of a reply and the place a rule finds it by, `json:result.price`."""

    place: str
    text: str


class Taught(NamedTuple):
    """What somebody said about one value: that it `means` an outcome, or that it is a `part` (price, reference …).

    Exactly one of the two is not empty. `first` puts an outcome before the others instead of after them; `final` says
    for whom a refusal closes the lead: buyer, again or everyone.
    """

    place: str
    text: str
    means: str = ""
    part: str = ""
    final: str = "buyer"
    first: bool = False


class Proposal(NamedTuple):
    """Rules that read all given samples right: outcomes and parts, as a document has them under `reading`."""

    outcomes: tuple[Mapping[str, Any], ...]
    carries: Mapping[str, Any]


class Guess(NamedTuple):
    """What a buyer's sample request seems to mean. `body` is a mapping, `fields` which of ours each of their names is
    (empty: kept as the text it has), `missing` the usual contact fields that were not found."""

    connector: str
    body: Mapping[str, Any]
    fields: Mapping[str, str]
    missing: tuple[str, ...]


class Ask(NamedTuple):
    """One thing a template has to be told. `place` is where it stands in the document, `account.sid`; a `secret` is
    kept by itself, and the document names it; `many` are written with commas; `options` are all there is to choose."""

    name: str
    label: str
    place: str
    example: str = ""
    usual: str = ""
    optional: bool = False
    secret: bool = False
    many: bool = False
    options: tuple[str, ...] = ()


class Template(NamedTuple):
    """A usual buyer of one kind: what has to be asked, and what its document says beside it."""

    name: str
    label: str
    about: str
    asks: tuple[Ask, ...]
    says: Mapping[str, Any]


class Sample(NamedTuple):
    """A reply that was kept, and how it must be read: `expected` is an outcome of the rules."""

    id: str
    connection: str
    stage: str
    label: str
    expected: str
    reply: Reply
    made_at: int
    made_by: str


class Reread(NamedTuple):
    """A sample read by rules that are not saved yet: what it is `now` and what it would be; empty means unmapped."""

    sample: Sample
    now: str
    then: str

    @property
    def differs(self) -> bool:
        return self.now != self.then

    @property
    def wrong(self) -> bool:
        return self.then != self.sample.expected
