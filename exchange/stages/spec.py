"""The posting instructions of a campaign, made from what `normalize` and `admit` go by. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from exchange.model.party import Campaign, Disclosure, Seller
from exchange.model.spec import FieldLine, Spec
from exchange.model.vertical import FieldSpec, Vertical
from exchange.stages.duplicates.windows import windows_of
from exchange.stages.field_names import Known, Names
from exchange.stages.gate import gate_words
from exchange.stages.spec_words import consent_words, example_of, rule_of
from exchange.stages.standard_fields import Goes, standard_fields

_FIRST = ("campaign_key", "ping_id", "sub_id1", "seller_lead_id")
"""Told before the vertical's own fields, because every integration begins with them."""

_NOTES: Mapping[str, str] = MappingProxyType(
    {
        "campaign_key": "Or the header Authorization: Bearer … or X-Api-Key.",
        "campaign_id": "The key is enough.",
        "ping_id": "Leave it out to post without a ping.",
        "sub_id1": "Your own tracking; sub_id2 to sub_id10 likewise.",
        "seller_lead_id": "Your own ID, returned in every answer and postback.",
        "format": "json, xml or nvp; else the answer comes as you sent.",
        "idempotency_key": "Or the header Idempotency-Key: the same again gives the first answer.",
        "test": "With a test key only.",
        "test_outcome": "With a test key only: see test values.",
        "timeout_ms": "How long you wait for an answer, in milliseconds.",
        "min_price": "Do not sell for less.",
        "ip_address": "The consumer's address, not your server's.",
        "user_agent": "The consumer's.",
        "phone": "Any punctuation is fine.",
        "tcpa_consent_text": "The exact words the consumer saw.",
    }
)
_GROUPS: Mapping[Goes, str] = MappingProxyType(
    {Goes.IGNORED: "access", Goes.CONTROL: "access", Goes.TRACKING: "tracking", Goes.CONSENT: "consent"}
)


def build_spec(campaign: Campaign, seller: Seller, vertical: Vertical, names: Names) -> Spec:
    """`names` must be made for this campaign and vertical."""
    windows = windows_of(campaign, vertical)
    return Spec(
        campaign.name,
        seller.name,
        vertical.title,
        tuple(_lines(campaign, vertical, names)),
        campaign.price_hold_ms,
        campaign.timeout_ms,
        campaign.rate.per_second,
        campaign.rate.burst,
        windows.sold,
        campaign.duplicate_scope,
        campaign.slots,
        campaign.disclosure.value,
        campaign.expired,
        campaign.mismatch.value,
        answers=campaign.answers,
        always_200=campaign.always_200,
        query_string=campaign.query_string,
        postbacks=campaign.postback_url is not None,
        consent=tuple(consent_words(vertical.consent)),
        duplicate_unsold_days=windows.unsold,
        gate=tuple(gate_words(campaign, vertical, filters=campaign.disclosure is Disclosure.FULL)),
    )


def _lines(campaign: Campaign, vertical: Vertical, names: Names) -> Iterator[FieldLine]:
    """The first ones, the vertical's, then whatever else is read. Contact data the vertical does not ask for is not."""
    shown = {name: known for name, known in names.known.items() if known.declared or known.goes is not Goes.CONTACT}
    usual = standard_fields()
    order = [*_FIRST, *(spec.name for spec in vertical.fields), *shown]
    for name in dict.fromkeys(order):
        line = _line(name, shown[name], _aliases(name, shown[name].spec, campaign, names, usual))
        yield _with_consent(line, (*vertical.consent.required, *campaign.gate.consent))


def _line(name: str, known: Known, aliases: tuple[str, ...]) -> FieldLine:
    spec = known.spec
    notes = tuple(dict.fromkeys(note for note in (spec.help, _NOTES.get(name, "")) if note))
    ping, post = spec.ping.value, spec.post.value
    if name == "campaign_key":
        ping = post = "required"
    elif name == "ping_id":
        ping = "absent"
    return FieldLine(
        name,
        spec.label,
        "lead" if known.declared else _GROUPS[known.goes],
        ping,
        post,
        spec.type,
        rule_of(spec),
        example_of(spec),
        spec.allowed,
        aliases,
        notes,
        spec.personal,
        spec.required_from,
        spec.until,
    )


def _aliases(
    name: str, spec: FieldSpec, campaign: Campaign, names: Names, usual: Mapping[str, tuple[FieldSpec, Goes]]
) -> tuple[str, ...]:
    """The other names it is really read under: an alias may have been taken by another field."""
    own = [alias for alias, field in campaign.aliases if field == name]
    every = (*own, *spec.aliases, *(usual[name][0].aliases if name in usual else ()))
    return tuple(dict.fromkeys(alias for alias in every if names.canonical(alias) == name))


def _with_consent(line: FieldLine, required: tuple[str, ...]) -> FieldLine:
    """What a post must prove is required in it, whatever the field itself says."""
    if line.name not in required:
        return line
    note = "A post without it is rejected with consent_missing."
    if line.name == "tcpa_consent":
        note = "A post without it, or without other proof of consent, is rejected with consent_missing."
    return replace(line, post="required", notes=(*line.notes, note))
