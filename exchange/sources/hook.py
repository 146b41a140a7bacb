"""A form builder or an advertising platform that sends leads to an address of ours; presets say how each writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from exchange.sources.document import FieldName, Name, Part, SecretName, SourceDocument
from exchange.sources.place import Place


class Signature(Part):
    """HMAC-SHA256 of the raw body under the secret, in this header, after this prefix."""

    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,60}$")]
    prefix: Annotated[str, Field(max_length=20)] = ""
    encoding: Literal["hex", "base64"] = "hex"


class PairsDocument(Part):
    """A list whose elements each are one field: where its name is in an element, and where its value."""

    list: Place
    name: Place
    value: Place


class FetchDocument(Part):
    """A message that only says where the lead is: `GET {base}/{id}` with the access token brings it.

    `proof` adds the token's HMAC under the secret to the address, as `appsecret_proof`.
    """

    base: Annotated[str, Field(min_length=1, max_length=500)]
    id: Place
    fields: Annotated[str, Field(pattern=r"^[a-z_,]{0,300}$")] = ""
    proof: bool = False
    gone: Place = "`false`"
    """Whether the answer to a request that was refused says that there is no such lead."""


class HookDocument(SourceDocument):
    """`address` names the secret that is the last part of the address, `secret` what signs or is sent along.

    A message is a JSON object, or a form; `json_in` names the form's field whose text is the object. `items` finds the
    leads in it when it may hold several, `key` what each is called, `test` whether it is a test. The fields of a lead
    are the `pairs` and the members of the objects at `members`, whose names are taken as they are.
    """

    kind: Literal["hook"]
    preset: Name | None = None
    address: SecretName
    secret: SecretName | None = None
    signature: Signature | None = None
    key_at: Place | None = None
    verify: SecretName | None = None
    access_token: SecretName | None = None
    json_in: FieldName | None = None
    items: Place | None = None
    key: Place | None = None
    test: Place | None = None
    told: Place | None = None
    pairs: tuple[PairsDocument, ...] = ()
    members: tuple[Place, ...] = ()
    fetch: FetchDocument | None = None

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> HookDocument:
        if self.secret is None and (self.signature is not None or self.key_at is not None):
            raise ValueError("secret: is needed, because what comes is checked with it")
        if self.fetch is not None and self.access_token is None:
            raise ValueError("access_token: is needed to fetch the leads")
        if self.fetch is not None and self.fetch.proof and self.secret is None:
            raise ValueError("secret: is needed for the proof that goes with the access token")
        if not self.pairs and not self.members:
            raise ValueError("preset: name one, or say where the fields are in pairs or members")
        return self

    def secret_names(self) -> tuple[str, ...]:
        named = (self.address, self.secret, self.verify, self.access_token)
        return tuple(dict.fromkeys(name for name in named if name is not None))

    def urls(self) -> Mapping[str, str]:
        return {"fetch.base": self.fetch.base} if self.fetch is not None else {}
