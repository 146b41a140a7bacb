"""Passkeys (WebAuthn): a key that lives in somebody's device and signs in by itself, with a finger, a face or a PIN."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import orjson

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.flows.security_news import PASSKEY_ADDED, SECOND_OFF, about
from exchange.flows.sign_in import Started, enter, hash_of, require_network
from exchange.flows.slowing import count_for, was_right, was_wrong
from exchange.limits import PASSKEYS_OF_A_USER, STEP_SECONDS
from exchange.model.sign_in import Place, Way
from exchange.storage.second_factor import (
    PasskeyRow,
    add_passkey,
    find_passkey,
    passkeys_of,
    remove_passkey,
    use_passkey,
)
from exchange.storage.sign_in import add_step, use_step
from exchange.storage.users import Session, find_user_by_id

_ADDING, _SIGNING_IN = "passkey", "passkey sign-in"
_CHALLENGE_BYTES = 32
_NAME_CHARACTERS = 60
_TIMEOUT_MS = 120_000


class BadPasskey(Exception):
    """The sentence says what is wrong, never which part of a signature."""


def has_name(public_url: str) -> bool:
    """Browsers have passkeys for hosts with a name only."""
    try:
        ip_address(urlsplit(public_url).hostname or "")
    except ValueError:
        return True
    return False


async def begin_adding(market: Market, session: Session) -> str:
    """What the browser is asked to make, as JSON."""
    from webauthn import generate_registration_options, options_to_json  # large, and few have one
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    user, challenge = session.user, market.ids.bytes(_CHALLENGE_BYTES)
    known = await market.db.read(passkeys_of, user.id)
    options = generate_registration_options(
        rp_id=_host(market),
        rp_name=market.name,
        user_name=user.email,
        user_id=sha256(user.id.encode()).digest(),
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=bytes(row["credential"])) for row in known],
    )
    until = market.clock.now() + STEP_SECONDS * 1000
    await market.db.write(add_step, _adding(session), _ADDING, user.id, _text(challenge), until)
    return options_to_json(options)


async def add(market: Market, session: Session, credential: str, name: str, ip: str) -> None:
    """Keep what the browser made. Raises `BadPasskey`."""
    from webauthn import verify_registration_response  # large, and few have one
    from webauthn.helpers.exceptions import WebAuthnException

    user, now = session.user, market.clock.now()
    name = " ".join(name.split())[:_NAME_CHARACTERS]
    if not name:
        raise BadPasskey("name: say what to call it, such as the device it is in.")
    step = await market.db.write(use_step, _adding(session), _ADDING, now)
    if step is None:
        raise BadPasskey("This took longer than ten minutes, or was done already: begin again.")
    try:
        made = verify_registration_response(
            credential=_json(credential),
            expected_challenge=_bytes(step.document),
            expected_rp_id=_host(market),
            expected_origin=_origin(market),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise BadPasskey("What the browser made is no passkey for this exchange: begin again.") from None
    row = PasskeyRow(
        market.ids.new("pk", now), user.id, made.credential_id, made.credential_public_key, made.sign_count, name, now
    )
    line = audit_line(market.ids, now, user.actor, "user.passkey_added", f"user:{user.id}", after={"name": name}, ip=ip)
    jobs = about(market, PASSKEY_ADDED, user, "/account", name=name, ip=ip or "an unknown address")
    if not await market.db.write(add_passkey, row, PASSKEYS_OF_A_USER, session.hash, line, jobs):
        raise BadPasskey(f"It is here already, or there are {PASSKEYS_OF_A_USER} of yours: remove one first.")


async def remove(market: Market, session: Session, passkey_id: str, ip: str) -> bool:
    """False when it is none of theirs."""
    user = session.user
    line = audit_line(
        market.ids, market.clock.now(), user.actor, "user.passkey_removed", f"user:{user.id}",
        before={"id": passkey_id}, ip=ip,
    )  # fmt: skip
    jobs = about(market, SECOND_OFF, user, "/account", by=user.email)
    return await market.db.write(remove_passkey, user.id, passkey_id, line, jobs)


async def begin_sign_in(market: Market, step: str) -> str:
    """What the browser is asked for, as JSON. `step` is kept in its cookie: no answer serves another browser."""
    from webauthn import generate_authentication_options, options_to_json  # large, and few have one
    from webauthn.helpers.structs import UserVerificationRequirement

    challenge = market.ids.bytes(_CHALLENGE_BYTES)
    options = generate_authentication_options(
        rp_id=_host(market),
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    until = market.clock.now() + STEP_SECONDS * 1000
    await market.db.write(add_step, _asking(step), _SIGNING_IN, "", _text(challenge), until)
    return options_to_json(options)


async def sign_in_by_passkey(market: Market, step: str, credential: str, place: Place) -> Started:
    """Device and person in one: nothing else is asked. Raises `BadPasskey`, `NotFromHere` and `TooMany`."""
    counted = await count_for(market, f"passkeys:{place.ip}", place.ip, address=True)
    found, user_id = await _proved(market, step, credential)
    user = await market.db.read(find_user_by_id, user_id) if found is not None else None
    if found is None or user is None:
        await was_wrong(market, counted, user_id, "passkey")
        raise BadPasskey("This passkey is not known here, or its answer was not right.")
    await require_network(market, user, place)
    await was_right(market, counted)
    entered = await enter(market, user, Way.PASSKEY, place, second=True)
    assert isinstance(entered, Started)
    return entered


async def _proved(market: Market, step: str, credential: str) -> tuple[PasskeyRow | None, str]:
    """The passkey that signed our challenge, once; and whose it would be."""
    from webauthn import verify_authentication_response  # large, and few have one
    from webauthn.helpers.exceptions import WebAuthnException

    now = market.clock.now()
    asked = await market.db.write(use_step, _asking(step), _SIGNING_IN, now)
    try:
        answer = _json(credential)
        known = await market.db.read(find_passkey, _bytes(str(answer["rawId"])))
        if asked is None or known is None:
            return None, known.user_id if known is not None else ""
        verified = verify_authentication_response(
            credential=answer,
            expected_challenge=_bytes(asked.document),
            expected_rp_id=_host(market),
            expected_origin=_origin(market),
            credential_public_key=known.public_key,
            credential_current_sign_count=known.uses,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None, ""
    moved = await market.db.write(use_passkey, known.id, known.uses, verified.new_sign_count, now)
    return (known if moved else None), known.user_id


def _json(credential: str) -> dict[str, Any]:
    read = orjson.loads(credential)
    if not isinstance(read, dict):
        raise ValueError("no object")
    return read


def _host(market: Market) -> str:
    return urlsplit(market.public_url).hostname or "localhost"


def _origin(market: Market) -> str:
    parts = urlsplit(market.public_url)
    return f"{parts.scheme}://{parts.netloc}"


def _adding(session: Session) -> bytes:
    return sha256(b"passkey" + session.hash).digest()


def _asking(step: str) -> bytes:
    return hash_of(f"passkey sign-in {step}")


def _text(challenge: bytes) -> str:
    return urlsafe_b64encode(challenge).decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
