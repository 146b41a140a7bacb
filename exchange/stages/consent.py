"""The consent record of a lead, and whether it is what the vertical asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256

from exchange.model.lead import Consent, FieldValue, Kind, Lead
from exchange.model.reason import Reason
from exchange.model.vertical import Vertical

NAMED_BUYERS_MOST = 50
_SEPARATORS = re.compile(r"[,;|]")


def consent_record(found: Mapping[str, FieldValue], tracking: Mapping[str, str], received_at: int) -> Consent:
    """`found` holds the consent fields that were sent. Without a yes or no, any proof counts as given."""
    text, at = found.get("tcpa_consent_text"), found.get("tcpa_consent_at")
    certificate, leadid = found.get("trustedform_cert_url"), found.get("jornaya_leadid")
    answer, page = found.get("tcpa_consent"), found.get("consent_page_url")
    named, signed = found.get("consented_buyers"), found.get("authorization_signed_at")
    given = answer.clean == "yes" if answer else any(proof is not None for proof in (text, certificate, leadid))
    return Consent(
        given,
        text.clean if text else None,
        int(at.parts["epoch_ms"]) if at else None,
        certificate.clean if certificate else None,
        leadid.clean if leadid else None,
        _names(named.clean) if named else (),
        tracking.get("ip_address"),
        page.clean if page else tracking.get("landing_page_url"),
        received_at,
        text_hash(text.clean) if text else None,
        _clean(found, "consent_version"),
        _clean(found, "consent_method"),
        tracking.get("user_agent"),
        tracking.get("time_zone"),
        int(signed.parts["epoch_ms"]) if signed else None,
    )


def text_hash(text: str) -> str:
    """What a consent text is known by: the SHA-256 of its UTF-8, in hex."""
    return sha256(text.encode()).hexdigest()


def _clean(found: Mapping[str, FieldValue], name: str) -> str | None:
    value = found.get(name)
    return value.clean if value is not None else None


def _names(text: str) -> tuple[str, ...]:
    names = (name.strip() for name in _SEPARATORS.split(text))
    return tuple(dict.fromkeys(name for name in names if name))[:NAMED_BUYERS_MOST]


def consent_problem(lead: Lead, vertical: Vertical) -> Reason | None:
    """Why the consent that came with a post is not enough; None when it is, and always for a ping."""
    if lead.kind is Kind.PING or not vertical.consent.required:
        return None
    if any(not consent_part(lead.consent, name) for name in vertical.consent.required if name != "tcpa_consent"):
        return Reason.CONSENT_MISSING
    if lead.consent.given:
        return None
    # Proof beside a plain "no" is a consent that does not hold; nothing at all is a missing one.
    proof = lead.consent.trustedform_url or lead.consent.jornaya_leadid or lead.consent.text
    return Reason.CONSENT_INVALID if proof else Reason.CONSENT_MISSING


def names_companies(consent: Consent) -> bool:
    """Whether somebody agreed, by a click, to hear from companies by name: then no other company may have the lead."""
    return consent.given and consent.method == "click" and bool(consent.buyers)


def consent_part(consent: Consent, name: str) -> bool:
    """Whether one named part of the record is there."""
    return bool(
        {
            "tcpa_consent": consent.given,
            "tcpa_consent_text": consent.text,
            "tcpa_consent_at": consent.agreed_at,
            "trustedform_cert_url": consent.trustedform_url,
            "jornaya_leadid": consent.jornaya_leadid,
            "consented_buyers": consent.buyers,
            "ip_address": consent.ip_address,
            "consent_page_url": consent.page_url,
            "consent_version": consent.version,
            "consent_method": consent.method,
            "user_agent": consent.user_agent,
            "authorization_signed_at": consent.authorized_at,
        }.get(name)
    )
