"""A case as people write it, and the model values it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from exchange.connector import Terms
from exchange.model.auction import Award, Bid
from exchange.model.lead import Consent, FieldValue, Kind, Lead, Mode, Offer
from exchange.model.money import Money
from exchange.model.party import Contract, SaleMode, State
from exchange.model.wire import Reply

CASE_NOW = 1_795_000_000_000
REFERENCE = "ref-case-1"


class BadCase(ValueError):
    """The file holds no case: every problem, one a line, with file and path."""


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _text(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError("write this value in quotes")
    return str(value)


Text = Annotated[str, BeforeValidator(_text)]
Amount = Annotated[str, Field(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,4})?$")]


class Expected(Shape):
    """What the connector must send. A `body` mapping is compared as decoded pairs or JSON, text as bytes or as XML."""

    method: str | None = None
    url: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    body: str | dict[str, Any] | None = None


class Answered(Shape):
    status: int = 200
    headers: dict[str, str] = Field(default_factory=dict)
    body: str = ""
    hex: str | None = None  # bytes that no text can hold

    def reply(self) -> Reply:
        content = bytes.fromhex(self.hex) if self.hex is not None else self.body.encode()
        return Reply(self.status, {name.lower(): value for name, value in self.headers.items()}, content)


class Exchanged(Shape):
    """One message and its reply."""

    expect: Expected = Expected()
    reply: Answered


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Exchanges = Annotated[list[Exchanged], BeforeValidator(_listed), Field(min_length=1)]


class BidShape(Shape):
    price: Amount
    reference: str | None = None
    leg: str | None = None
    leg_reference: str | None = None
    exclusive: bool | None = None
    expires_at: int | None = None


class RefusedShape(Shape):
    reason: str | None = None
    detail: str | None = None
    final: Literal["buyer", "again", "everyone"] | None = None
    reference: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"detail": value} if isinstance(value, str) else value or {}


class AcceptedShape(Shape):
    price: Amount | None = None
    reference: str | None = None
    redirect: str | None = None


class BadReplyShape(Shape):
    unmapped: bool | None = None


class VerdictShape(Shape):
    """What a vendor is understood to say. Only what is told is compared; `facts` and `appends` whole when told."""

    verdict: Literal["good", "bad", "unknown"] = Field(alias="is")
    said: str | None = None
    facts: dict[str, Text] | None = None
    appends: dict[str, Text] | None = None


class KeptShape(Shape):
    kept: bool
    detail: str | None = None
    reference: str | None = None
    until: int | None = None


class Then(Shape):
    """The answer expected: one of the first group for a ping, one of the second for a post or a question, one of the
    last for a verifier."""

    bid: BidShape | None = None
    bids: list[BidShape] | None = None
    no_bid: RefusedShape | None = None
    accepted: AcceptedShape | None = None
    rejected: RefusedShape | None = None
    pending: RefusedShape | None = None
    later: RefusedShape | None = None
    bad_reply: BadReplyShape | None = None
    verdict: VerdictShape | None = None
    retained: KeptShape | None = None


class ContractShape(Shape):
    currency: str = "USD"
    max_bid: Amount = "500.00"
    price: Amount | None = None
    shared_price: Amount | None = None
    zero_price: bool = False
    sale_mode: Literal["exclusive", "shared", "either", "leftover"] = "exclusive"
    settings: dict[str, Text] = Field(default_factory=dict)


class AwardShape(Shape):
    price: Amount = "12.50"
    reference: str | None = None
    leg: str = "leg"
    leg_reference: str | None = None
    brand: str | None = None


class Case(Shape):
    """One captured exchange. `waives` names hostile replies that this connection may accept, each with its reason."""

    name: str
    kind: Literal["exemplary", "supplemental"] = "exemplary"
    mode: Literal["live", "test"] = "live"
    now: int = CASE_NOW
    our_reference: str = REFERENCE
    contract: ContractShape = ContractShape()
    secrets: dict[str, str] = Field(default_factory=dict)
    links: dict[str, str] = Field(default_factory=dict)
    zone: str | None = None
    tries: int = 1
    offer: dict[str, Text] = Field(default_factory=dict)
    lead: dict[str, Text] = Field(default_factory=dict)
    tracking: dict[str, Text] = Field(default_factory=dict)
    consent: dict[str, Text] = Field(default_factory=dict)
    award: AwardShape = AwardShape()
    reserve: Amount = "5.00"
    ping: Exchanges | None = None
    post: Exchanges | None = None
    ask: Exchanges | None = None
    verify: Exchanges | None = None
    retain: Exchanges | None = None
    then: Then
    waives: dict[str, str] = Field(default_factory=dict)


def read_cases(text: str, where: str) -> list[Case]:
    """All cases of a file; documents are separated by `---`. Raises `BadCase`."""
    try:
        documents = [document for document in YAML(typ="safe", pure=True).load_all(text) if document is not None]
    except YAMLError as error:
        raise BadCase(f"{where}: {error}") from None
    except RecursionError:
        raise BadCase(f"{where}: is nested too deeply") from None
    cases: list[Case] = []
    problems: list[str] = []
    for number, document in enumerate(documents):
        try:
            named = {"name": f"{where} {number + 1}", **document} if isinstance(document, Mapping) else document
            cases.append(Case.model_validate(named))
        except ValidationError as error:
            for item in error.errors():
                path = ".".join(str(part) for part in item["loc"])
                problems.append(f"{where} {number + 1}: {path}: {item['msg']}")
    if problems or not documents:
        raise BadCase("\n".join(problems or [f"{where}: no case"]))
    return cases


def contract_of(case: Case) -> Contract:
    terms = case.contract
    return Contract(
        id="con_case",
        version=1,
        buyer_id="buyer_case",
        name="Case",
        vertical="case",
        leg="leg",
        state=State.ACTIVE,
        mode=Mode(case.mode),
        sale_mode=SaleMode(terms.sale_mode),
        tier=1,
        connection="case",
        price=_money(terms.price, terms.currency),
        shared_price=_money(terms.shared_price, terms.currency),
        max_bid=Money.parse(terms.max_bid, terms.currency),
        zero_price=terms.zero_price,
        settings=tuple(terms.settings.items()),
    )


def _money(text: str | None, currency: str) -> Money | None:
    return None if text is None else Money.parse(text, currency)


def _personal(texts: Mapping[str, str]) -> dict[str, FieldValue]:
    return {name: FieldValue(text, text, "•") for name, text in texts.items()}


def _public(texts: Mapping[str, str]) -> dict[str, FieldValue]:
    return {name: FieldValue(text, text, text) for name, text in texts.items()}


def offer_of(case: Case) -> Offer:
    reserve = Money.parse(case.reserve, case.contract.currency)
    return Offer("ld_case", "case", Mode(case.mode), _public(case.offer), case.tracking, reserve, 1, "seller-a", "A")


def lead_of(case: Case) -> Lead:
    """The lead has all the offer has."""
    given = case.consent
    consent = Consent(
        given=True,
        text=given.get("text"),
        agreed_at=int(given["agreed_at"]) if "agreed_at" in given else None,
        trustedform_url=given.get("trustedform_url"),
        jornaya_leadid=given.get("jornaya_leadid"),
        buyers=(),
        ip_address=given.get("ip_address"),
        page_url=given.get("page_url"),
        received_at=case.now,
    )
    return Lead(
        id="ld_case",
        request_id="req_case",
        seller_id="seller",
        campaign_id="campaign",
        vertical="case",
        mode=Mode(case.mode),
        kind=Kind.POST,
        values=_public(case.offer) | _personal(case.lead),
        consent=consent,
        tracking=case.tracking,
        seller_lead_id="their-1",
        ping_id="png_case",
        min_price=None,
        timeout_ms=None,
        test_outcome=None,
        grade="A",
        received_at=case.now,
        month="2026-11",
    )


def award_of(case: Case) -> Award:
    told = case.award
    price = Money.parse(told.price, case.contract.currency)
    bid = Bid("con_case", told.leg, price, True, told.reference, None, told.brand, told.leg_reference)
    return Award(bid, 1, case.our_reference)


def terms_of(case: Case) -> Terms:
    return Terms(case.now, case.our_reference, case.secrets, case.links, case.zone, case.tries)
