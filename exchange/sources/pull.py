"""A list at an address, fetched every so often: JSON, CSV or XML, each row a lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from exchange.sources.document import FieldName, PolledDocument, SecretName
from exchange.sources.place import compiles

SINCE = "{since}"


class PullDocument(PolledDocument):
    """`{since}` in the address is when it was last fetched, less an overlap; the first time, `first_days` ago.

    `rows` says where the rows are: of JSON as JMESPath, of XML as the name of their element. `key` names the field that
    is a row's own name; without it the row's text is. `authorization` names the secret that is sent as that header.
    """

    kind: Literal["pull"]
    url: Annotated[str, Field(min_length=1, max_length=2_000)]
    format: Literal["json", "csv", "xml"]
    rows: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    key: FieldName | None = None
    authorization: SecretName | None = None
    since: Literal["rfc3339", "date", "epoch_s", "epoch_ms"] = "rfc3339"
    first_days: Annotated[int, Field(ge=0, le=365)] = 1

    @model_validator(mode="after")
    def _says_where_rows_are(self) -> PullDocument:
        if self.format == "xml" and self.rows is None:
            raise ValueError("rows: say which element is a row")
        if self.format == "csv" and self.rows is not None:
            raise ValueError("rows: every row of a CSV file is one")
        if self.format == "json" and self.rows is not None:
            compiles(self.rows)
        return self

    def secret_names(self) -> tuple[str, ...]:
        return (self.authorization,) if self.authorization is not None else ()

    def urls(self) -> Mapping[str, str]:
        return {"url": self.url.replace(SINCE, "0")}
