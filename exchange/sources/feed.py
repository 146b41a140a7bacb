"""A feed whose entries are leads: RSS or Atom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from exchange.sources.document import PolledDocument, SecretName


class FeedDocument(PolledDocument):
    """`authorization` names the secret that is sent as the header of that name, such as `Basic dXNlcjpwYXNz`."""

    kind: Literal["feed"]
    url: Annotated[str, Field(min_length=1, max_length=2_000)]
    authorization: SecretName | None = None

    def secret_names(self) -> tuple[str, ...]:
        return (self.authorization,) if self.authorization is not None else ()

    def urls(self) -> Mapping[str, str]:
        return {"url": self.url}
