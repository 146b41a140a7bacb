"""What every source's document says, whatever its kind: whose leads they are and what their fields mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from exchange import limits
from exchange.model.lead import Mode

_UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_EVERY = re.compile(r"(\d{1,6})(s|m|h|d)")


def _literal_keys(value: Any) -> Any:
    """YAML reads the name 1.3 as a number, which would lose the 0 of 1.10."""
    if isinstance(value, Mapping):
        numbers = [str(key) for key in value if not isinstance(key, str)]
        if numbers:
            raise ValueError(f"write the name {numbers[0]} in quotes, so that it is taken literally")
    return value


def _often_enough(text: str) -> str:
    found = _EVERY.fullmatch(text)
    if found is None:
        raise ValueError("write a number and s, m, h or d, such as 15m")
    if every_ms(text) < limits.POLL_MS_LEAST:
        raise ValueError(f"a source is polled every {limits.POLL_MS_LEAST // 1000} s at most")
    return text


def every_ms(text: str) -> int:
    """`15m` in milliseconds."""
    return int(text[:-1]) * _UNITS_MS[text[-1]]


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Text = Annotated[str, Field(max_length=200)]
FieldName = Annotated[str, Field(max_length=limits.FIELD_NAME_CHARACTERS)]
Value = Annotated[str, Field(max_length=limits.FIELD_CHARACTERS)]
SecretName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Every = Annotated[str, AfterValidator(_often_enough)]
Columns = Annotated[Mapping[FieldName, FieldName], BeforeValidator(_literal_keys)]


class Part(BaseModel):
    """Anything inside a source's document. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceDocument(Part):
    """`columns` gives their names ours, each taken literally; an empty name of ours leaves the field out."""

    name: Name = Field(alias="source")
    title: Text = ""
    campaign: Annotated[str, Field(min_length=1, max_length=120)]
    mode: Literal["live", "test"] = "live"
    columns: Columns = Field(default_factory=dict)
    constants: Mapping[FieldName, Value] = Field(default_factory=dict)

    @property
    def kind_of(self) -> str:
        """Its kind, such as `feed`: each kind has a document of its own with `kind: Literal[…]`."""
        return str(getattr(self, "kind", ""))

    def secret_names(self) -> tuple[str, ...]:
        """The secrets it names."""
        return ()

    def urls(self) -> Mapping[str, str]:
        """The addresses it names, by their place in it: they must be public, or allowed."""
        return {}


class PolledDocument(SourceDocument):
    """A source that is looked at every so often."""

    every: Every = "15m"


@dataclass(frozen=True, slots=True)
class Source:
    """A document ready for use. A secret that nobody gave is empty."""

    document: SourceDocument
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        return self.document.name

    @property
    def title(self) -> str:
        return self.document.title or self.document.name

    @property
    def kind(self) -> str:
        return self.document.kind_of

    @property
    def campaign_id(self) -> str:
        return self.document.campaign

    @property
    def mode(self) -> Mode:
        return Mode(self.document.mode)

    @property
    def every_ms(self) -> int | None:
        """How long to wait between two polls; None for a source that is sent to and never polled."""
        return every_ms(self.document.every) if isinstance(self.document, PolledDocument) else None
