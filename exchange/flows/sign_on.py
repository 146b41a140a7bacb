"""Sign-on by a company's own accounts (OpenID Connect): code flow with PKCE, state and nonce, for its people alone.

The provider is asked for its addresses and keys at every sign-in: they are rare, and a key that was changed holds at
once. Its word is believed only as far as its signature, its issuer, our client id and this sign-in's nonce go.
"""

from __future__ import annotations

import hmac
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Generator, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from exchange.courier.courier import Call
from exchange.flows.market import Market
from exchange.flows.sign_in import Started, enter, hash_of, require_network
from exchange.flows.sign_on_people import NotKnown, person_of
from exchange.flows.slowing import count_for, was_right, was_wrong
from exchange.limits import STEP_SECONDS
from exchange.model.sign_in import Place, SignOn, Way
from exchange.model.wire import HttpMessage, Message, Reply
from exchange.storage.sign_in import add_step, use_step

BACK = "/login/sign-on/back"
_KIND = "sign-on"
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
"""Those with a public key: a provider that signs with our secret, or not at all, is not believed."""
_SECONDS = 10.0
_LEEWAY_SECONDS = 60


class SignOnFailed(Exception):
    """The sentence says what to do; what exactly was wrong with an answer is in the log alone."""


async def begin_sign_on(market: Market, sign_on: SignOn, step: str) -> str:
    """Where the browser is sent. `step` is kept in its cookie. Raises `SignOnFailed`."""
    provider = await _discover(market, sign_on)
    state, nonce, verifier = (market.ids.token(32) for _ in range(3))
    document = orjson.dumps({"state": state, "nonce": nonce, "verifier": verifier}).decode()
    until = market.clock.now() + STEP_SECONDS * 1000
    await market.db.write(add_step, _hash(step), _KIND, "", document, until)
    query = {
        "response_type": "code",
        "client_id": sign_on.client_id,
        "redirect_uri": _back(market),
        "scope": "openid email profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    address = provider["authorization_endpoint"]
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


async def finish_sign_on(market: Market, sign_on: SignOn, step: str, query: Mapping[str, str], place: Place) -> Started:
    """Somebody comes back with a code. Raises `SignOnFailed`, `NotKnown`, `NotFromHere` and `TooMany`."""
    counted = await count_for(market, f"sign-on:{place.ip}", place.ip, address=True)
    claims = await _claims(market, sign_on, step, query)
    if claims is None:
        await was_wrong(market, counted, "", "sign-on")
        raise SignOnFailed("The sign-on was not whole, was used before, or took longer than ten minutes: begin again.")
    try:
        user = await person_of(market, sign_on, claims, place.ip)
    except NotKnown:
        await was_wrong(market, counted, "", "sign-on")
        raise
    await require_network(market, user, place)
    await was_right(market, counted)
    entered = await enter(market, user, Way.SIGN_ON, place, second=True)
    assert isinstance(entered, Started)
    return entered


async def _claims(market: Market, sign_on: SignOn, step: str, query: Mapping[str, str]) -> Mapping[str, Any] | None:
    """What the provider says of whoever this code is of; None when it is not this sign-in's, or not the provider's."""
    begun = await market.db.write(use_step, _hash(step), _KIND, market.clock.now())
    if begun is None:
        return None
    kept = orjson.loads(begun.document)
    if not hmac.compare_digest(query.get("state", "").encode(), kept["state"].encode()):
        return None
    if query.get("iss", sign_on.issuer).rstrip("/") != sign_on.issuer or not query.get("code"):
        return None
    provider = await _discover(market, sign_on)
    token = await _token(market, sign_on, provider, query["code"], kept["verifier"])
    keys = await _asked(market, HttpMessage("GET", provider["jwks_uri"], {"Accept": "application/json"}))
    return _believed(token, keys, sign_on, str(provider["issuer"]), kept["nonce"], market.clock.now() // 1000)


def _believed(
    token: str, keys: dict[str, Any], sign_on: SignOn, issuer: str, nonce: str, now: int
) -> Mapping[str, Any] | None:
    """The claims of an ID token, when it is signed by the provider, for us, for this sign-in, and still good."""
    try:
        usable = [each for each in keys.get("keys", []) if each.get("kty") in ("RSA", "EC", "OKP")]
        read = jwt.decode(token, KeySet.import_key_set({"keys": usable}), algorithms=_ALGORITHMS)
        claims = read.claims
        jwt.JWTClaimsRegistry(
            now=now,
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": sign_on.client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        ).validate(claims)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != sign_on.client_id:
        return None
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        return None
    return claims if hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()) else None


async def _discover(market: Market, sign_on: SignOn) -> dict[str, Any]:
    """The provider's addresses, as it publishes them. Raises `SignOnFailed`."""
    url = f"{sign_on.issuer}/.well-known/openid-configuration"
    found = await _asked(market, HttpMessage("GET", url, {"Accept": "application/json"}))
    needed = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
    if any(not isinstance(found.get(name), str) for name in needed) or found["issuer"].rstrip("/") != sign_on.issuer:
        raise SignOnFailed("The sign-on provider is not the one that is set: sign_on_issuer in exchange.toml.")
    if any(not _as_safe(found[name], sign_on.issuer) for name in needed[1:]):
        raise SignOnFailed("The sign-on provider names an address that is not encrypted.")
    return found


def _as_safe(url: str, issuer: str) -> bool:
    """Plain HTTP only where the provider itself is on this machine."""
    return urlsplit(url).scheme == "https" or (
        urlsplit(issuer).scheme == "http" and urlsplit(url).hostname == urlsplit(issuer).hostname
    )


async def _token(market: Market, sign_on: SignOn, provider: dict[str, Any], code: str, verifier: str) -> str:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _back(market),
        "code_verifier": verifier,
        "client_id": sign_on.client_id,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    methods = provider.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if "client_secret_basic" in methods:
        both = f"{quote(sign_on.client_id, safe='')}:{quote(sign_on.client_secret, safe='')}"
        headers["Authorization"] = f"Basic {b64encode(both.encode()).decode()}"
    else:
        form["client_secret"] = sign_on.client_secret
    secrets = (sign_on.client_secret, code, verifier)
    message = HttpMessage(
        "POST", provider["token_endpoint"], headers, urlencode(form).encode(), delivers=False, secrets=secrets
    )
    return str((await _asked(market, message)).get("id_token", ""))


async def _asked(market: Market, message: HttpMessage) -> dict[str, Any]:
    """What the provider answers, as JSON. Raises `SignOnFailed`."""
    deadline = market.clock.monotonic() + _SECONDS
    result = await market.courier.converse(Call("sign-on", _once(message), delivers=False), deadline)
    outcome = result.records[-1].outcome if result.records else None
    if not isinstance(outcome, Reply) or outcome.status != 200:
        raise SignOnFailed("The sign-on provider does not answer as it should. Sign in by your password meanwhile.")
    try:
        read = orjson.loads(outcome.body)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise SignOnFailed("The sign-on provider answers something that is no JSON.")
    return read


def _once(message: HttpMessage) -> Generator[Message, Reply, Reply]:
    return (yield message)


def _back(market: Market) -> str:
    return f"{market.public_url}{BACK}"


def _hash(step: str) -> bytes:
    return hash_of(f"sign-on {step}")
