"""A form that consumers fill in: its steps, its words, how it looks, and who may show it inside a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from exchange.model.lead import Mode


class FormField(NamedTuple):
    """One field of a step. Its type and rules are the vertical's; an empty `label` or `help` is the vertical's too."""

    name: str
    label: str = ""
    help: str = ""
    required: bool = False


class FormStep(NamedTuple):
    title: str
    fields: tuple[FormField, ...]


@dataclass(frozen=True, slots=True)
class ConsentWords:
    """What the consumer agrees to. `{buyers}` in `text` becomes the companies by name, or `partners` without any."""

    text: str
    label: str
    partners: str
    named: bool  # ask for the price before this is shown, so that the companies can be named


@dataclass(frozen=True, slots=True)
class Evidence:
    """Which makers of certificates watch the form being filled in. `jornaya` is the account's id there."""

    trustedform: bool = False
    jornaya: str = ""

    @property
    def wanted(self) -> bool:
        return self.trustedform or bool(self.jornaya)


@dataclass(frozen=True, slots=True)
class Form:
    """`version` is a digest of the document. `hosts` are origins such as `https://acme.example`."""

    name: str
    version: str
    title: str
    intro: str
    campaign_id: str
    mode: Mode
    steps: tuple[FormStep, ...]
    consent: ConsentWords | None
    button: str
    thanks: str
    redirect: str
    accent: str
    theme: str
    hosts: tuple[str, ...]
    least_seconds: int
    evidence: Evidence = Evidence()
