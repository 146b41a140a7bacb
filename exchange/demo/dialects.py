"""How the demo's buyers answer: the wording of systems that buyers commonly run. An `Answer` in, a body out.

Each dialect also says under which names a request carries the exchange's reference and the buyer's own ping id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import orjson


class Verdict(Enum):
    YES = "yes"
    NO = "no"
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"  # asked about a lead this buyer never saw
    HELD = "held"  # on a ping, by a dialect that has a word for it; elsewhere a no


@dataclass(frozen=True, slots=True)
class Answer:
    """What a buyer decided. `price` is decimal text; `stage` is ping, post or ask."""

    stage: str
    verdict: Verdict
    reference: str
    price: str
    reason: str = ""
    redirect: str | None = None
    brands: tuple[tuple[str, str, str], ...] = ()  # id, name, price: companies behind a reseller


@dataclass(frozen=True, slots=True)
class Written:
    content_type: str
    body: str
    status: int = 200


Dialect = Callable[[Answer], Written]
JSON, XML, FORM, TEXT = "application/json", "text/xml", "application/x-www-form-urlencoded", "text/plain"


def _json(body: Mapping[str, object]) -> str:
    return orjson.dumps(body).decode()


def _elements(pairs: Mapping[str, str | None]) -> str:
    return "".join(f"<{name}>{escape(text)}</{name}>" for name, text in pairs.items() if text is not None)


def boberdoo(answer: Answer) -> Written:
    """XML labelled as HTML: Matched or Unmatched, with a lead id either way."""
    taken = answer.verdict is Verdict.YES
    fields = {"status": "Matched" if taken else "Unmatched", "lead_id": answer.reference}
    if taken:
        fields["price" if answer.stage == "ping" else "total_price"] = answer.price
    if answer.verdict is Verdict.DUPLICATE:
        fields = {"status": "Error", "error": f"Duplicate lead: {answer.reason}"}
    return Written("text/html", f'<?xml version="1.0" encoding="UTF-8"?>\n<response>{_elements(fields)}</response>')


def phonexa(answer: Answer) -> Written:
    """JSON: continue or reject on a ping, status 1 (sold), 2 (reject), 3 (in progress), 5 (unknown) later."""
    taken = answer.verdict is Verdict.YES
    body: dict[str, object]
    if answer.verdict is Verdict.HELD:
        body = {"status": "underwriting", "queue": "manual"}
    elif answer.stage == "ping":
        body = (
            {"status": "continue", "price": orjson.Fragment(answer.price), "promise": answer.reference}
            if taken
            else {
                "status": "reject",
                "reason": answer.reason,
            }
        )
    elif answer.verdict is Verdict.UNKNOWN:
        body = {"status": 5, "errors": [{"Not Found": ""}]}
    elif taken:
        body = {"lead_id": answer.reference, "status": 1, "status_text": "sold", "price": f"{answer.price}00"}
        body |= {"redirect_url": answer.redirect} if answer.redirect else {}
    else:
        word = "duplicate" if answer.verdict is Verdict.DUPLICATE else "reject"
        body = {"lead_id": answer.reference, "status": 2, "status_text": word, "reason": answer.reason}
    return Written(JSON, _json(body))


def _leadspedia_fields(answer: Answer) -> dict[str, str | None]:
    taken, ping = answer.verdict is Verdict.YES, answer.stage == "ping"
    what = "Ping" if ping else "Lead"
    if taken:
        fields: dict[str, str | None] = {"result": "success", "msg": f"{what} Accepted"}
        fields |= {"ping_id" if ping else "lead_id": answer.reference, "price": answer.price}
        return fields | ({"redirect_url": answer.redirect} if answer.redirect else {})
    word = "Duplicate" if answer.verdict is Verdict.DUPLICATE else f"{what} Rejected"
    return {"result": "failed", "msg": f"{word}: {answer.reason}", "price": "0.00"}


def leadspedia(answer: Answer) -> Written:
    """JSON: result success or failed."""
    return Written(JSON, _json(_leadspedia_fields(answer)))


def leadspedia_xml(answer: Answer) -> Written:
    """The same in XML."""
    return Written(
        XML, f'<?xml version="1.0" encoding="UTF-8"?>\n<response>{_elements(_leadspedia_fields(answer))}</response>'
    )


def leadexec(answer: Answer) -> Written:
    """A SOAP envelope with isValidPost; the price of a refusal is 0."""
    taken = answer.verdict is Verdict.YES
    kind = "Ping" if answer.stage == "ping" else "Post"
    types = {Verdict.YES: "No_Error", Verdict.NO: "Not_Wanted", Verdict.DUPLICATE: "Duplicate_Lead"}
    fields: dict[str, str | None] = {
        f"{kind}ID": answer.reference,
        f"isValid{kind}": "true" if taken else "false",
        "ResponseType": types.get(answer.verdict, "Not_Found"),
        "ResponseDetails": answer.reason or f"{kind} was accepted",
        "LeadIdentifier": answer.reference if taken else "0",
        "Price": answer.price if taken else "0",
        "RedirectURL": answer.redirect,
    }
    inner = f'<{kind}Response xmlns="urn:leads.example:v2">{_elements(fields)}</{kind}Response>'
    envelope = f'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>{inner}</soap:Body>'
    return Written(XML, f'<?xml version="1.0" encoding="utf-8"?>{envelope}</soap:Envelope>')


def px(answer: Answer) -> Written:
    """JSON: Success and Payout; a reseller lists its brands, each with a bid."""
    taken = answer.verdict is Verdict.YES
    body: dict[str, object] = {
        "TransactionId": answer.reference,
        "Success": taken,
        "Payout": orjson.Fragment(answer.price) if taken else None,
        "Message": None if taken else answer.reason,
        "Errors": None if taken else [answer.reason],
        "RedirectUrl": answer.redirect,
    }
    if taken and answer.brands:
        body["Brands"] = [
            {"PxId": id_, "Name": name, "Bid": orjson.Fragment(price)} for id_, name, price in answer.brands
        ]
    return Written(JSON, _json(body))


def cake(answer: Answer) -> Written:
    """XML where code 0 is success and 1 is not."""
    if answer.verdict is Verdict.YES:
        inner = _elements({"code": "0", "msg": "success", "leadid": answer.reference, "price": answer.price})
    else:
        word = "duplicate" if answer.verdict is Verdict.DUPLICATE else "error"
        inner = f"<code>1</code><msg>{word}</msg><errors>{_elements({'error': answer.reason})}</errors>"
    return Written(XML, f"<result>{inner}</result>")


def pairs(answer: Answer) -> Written:
    """key=value pairs on one line, answered as plain text."""
    taken, ping = answer.verdict is Verdict.YES, answer.stage == "ping"
    word = "accept" if taken else "duplicate" if answer.verdict is Verdict.DUPLICATE else "reject"
    fields = {"status": word, "ping_id" if ping else "lead_id": answer.reference}
    fields |= {"price": answer.price} if taken else {"reason": answer.reason}
    return Written(TEXT, urlencode(fields))


DIALECTS: Mapping[str, Dialect] = {
    "boberdoo": boberdoo,
    "phonexa": phonexa,
    "leadspedia": leadspedia,
    "leadspedia_xml": leadspedia_xml,
    "leadexec": leadexec,
    "px": px,
    "cake": cake,
    "pairs": pairs,
}
