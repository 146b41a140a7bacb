"""A second factor: codes of an authenticator app (TOTP, RFC 6238), and codes on paper for whoever lost it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from hashlib import sha256

import orjson
import pyotp

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.flows.security_news import SECOND_OFF, about
from exchange.flows.sign_in import SECOND, Started, enter, hash_of
from exchange.flows.slowing import count_for, was_right, was_wrong
from exchange.limits import SIGN_IN_TRIES, STEP_SECONDS
from exchange.model.actor import Actor
from exchange.model.sign_in import Place, Way
from exchange.storage.accounts import Account, read_account
from exchange.storage.second_factor import clear_second, set_codes, set_totp, take_code, take_step
from exchange.storage.sign_in import add_step, count_step, find_step, use_step
from exchange.storage.users import Session, UserRow, find_user_by_id

CODES = 10
_CODE_LETTERS = 16  # of base 32: 80 bits
_SEED_LETTERS = 32
_STEP_MS = 30_000
_SETTING_UP = "totp"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class WrongCode(Exception):
    """The sentence says what to do."""


class StepGone(Exception):
    """The step to the second factor is over: sign in again from the beginning."""


@dataclass(frozen=True, slots=True)
class Seed:
    """What an authenticator app is told: as an address for its camera, and as letters to type."""

    letters: str = field(repr=False)
    address: str = field(repr=False)


async def begin_totp(market: Market, session: Session) -> Seed:
    """A seed that counts once a code of it was given; the same one until then."""
    now, step = market.clock.now(), _setting_up(session)
    found = await market.db.read(find_step, step, _SETTING_UP, now)
    if found is not None:
        letters = market.vault.open_secret(totp_secret(session.user.id), bytes.fromhex(found.document)).decode()
    else:
        letters = "".join(_ALPHABET[each % 32] for each in market.ids.bytes(_SEED_LETTERS))
        sealed = market.vault.seal_secret(totp_secret(session.user.id), letters.encode()).hex()
        await market.db.write(add_step, step, _SETTING_UP, session.user.id, sealed, now + STEP_SECONDS * 1000)
    address = pyotp.TOTP(letters).provisioning_uri(name=session.user.email, issuer_name=market.name)
    return Seed(letters, address)


async def turn_on_totp(market: Market, session: Session, code: str, ip: str) -> list[str]:
    """Returns the recovery codes, which are kept nowhere. Raises `WrongCode` and `TooMany`."""
    now, user = market.clock.now(), session.user
    found = await market.db.read(find_step, _setting_up(session), _SETTING_UP, now)
    if found is None:
        raise WrongCode("code: the picture was too old. Scan the new one.")
    letters = market.vault.open_secret(totp_secret(user.id), bytes.fromhex(found.document)).decode()
    counted = await count_for(market, f"second:{user.id}", ip)
    step = _step_of(letters, code, now)
    if step is None:
        await was_wrong(market, counted, user.id, "a code to begin with")
        raise WrongCode("code: not the one the app shows now. Is the clock of your phone right?")
    await was_right(market, counted)
    await market.db.write(use_step, _setting_up(session), _SETTING_UP, now)
    codes, hashes = _new_codes(market, user.id)
    line = audit_line(market.ids, now, user.actor, "user.two_factor_on", f"user:{user.id}", ip=ip)
    sealed = market.vault.seal_secret(totp_secret(user.id), letters.encode())
    await market.db.write(set_totp, user.id, sealed, step, hashes, session.hash, line)
    return codes


async def new_recovery_codes(market: Market, session: Session, ip: str) -> list[str]:
    """Those before are worth nothing from now on."""
    user = session.user
    codes, hashes = _new_codes(market, user.id)
    line = audit_line(market.ids, market.clock.now(), user.actor, "user.codes_made", f"user:{user.id}", ip=ip)
    await market.db.write(set_codes, user.id, hashes, line)
    return codes


async def turn_off_totp(market: Market, user: UserRow, actor: Actor, ip: str, *, passkeys: bool = False) -> None:
    """Turn the app off; with `passkeys` everything beside the password. It is told by mail."""
    after = {"passkeys": "removed"} if passkeys else None
    line = audit_line(
        market.ids, market.clock.now(), actor, "user.two_factor_off", f"user:{user.id}", after=after, ip=ip
    )
    jobs = about(market, SECOND_OFF, user, "/account", by=actor.name)
    await market.db.write(clear_second, user.id, line, jobs, passkeys=passkeys)


async def whose_step(market: Market, step: str) -> Account | None:
    """Who is between their first factor and their second."""
    found = await market.db.read(find_step, hash_of(step), SECOND, market.clock.now())
    return await market.db.read(read_account, found.user_id) if found is not None else None


async def sign_in_by_code(market: Market, step: str, code: str, place: Place) -> Started:
    """Raises `WrongCode`, `StepGone` and `TooMany`."""
    account = await whose_step(market, step)
    if account is None:
        raise StepGone
    counted = await count_for(market, f"second:{account.user.id}", place.ip)
    if not await market.db.write(count_step, hash_of(step), SIGN_IN_TRIES):
        raise StepGone
    if not await _take(market, account, code, place.ip):
        await was_wrong(market, counted, account.user.id, "a code")
        raise WrongCode("code: not right, or used before. The app shows another one every 30 seconds.")
    await was_right(market, counted)
    return await finish_step(market, step, place)


async def finish_step(market: Market, step: str, place: Place) -> Started:
    """The second factor was given: the step ends in a session. Raises `StepGone`."""
    used = await market.db.write(use_step, hash_of(step), SECOND, market.clock.now())
    user = await market.db.read(find_user_by_id, used.user_id) if used is not None else None
    if used is None or user is None:
        raise StepGone
    entered = await enter(market, user, Way(orjson.loads(used.document)["way"]), place, second=True)
    assert isinstance(entered, Started)
    return entered


async def _take(market: Market, account: Account, code: str, ip: str) -> bool:
    """Use a code of the app or one of those on paper. Each is good once."""
    user, now = account.user, market.clock.now()
    plain = "".join(code.split()).replace("-", "").upper()
    if len(plain) == 6 and plain.isdecimal():
        if account.totp is None:
            return False
        letters = market.vault.open_secret(totp_secret(user.id), account.totp).decode()
        step = _step_of(letters, plain, now)
        return step is not None and await market.db.write(take_step, user.id, step)
    if len(plain) != _CODE_LETTERS:
        return False
    line = audit_line(market.ids, now, user.actor, "user.code_used", f"user:{user.id}", ip=ip)
    return await market.db.write(take_code, user.id, _code_hash(market, user.id, plain), line)


def _step_of(letters: str, code: str, now: int) -> int | None:
    """The step a code is of: this one, or the one before or after, as clocks differ. All are compared."""
    current, plain = now // _STEP_MS, "".join(code.split())
    totp = pyotp.TOTP(letters)
    found = None
    for step in (current - 1, current, current + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), plain.encode()):
            found = step
    return found


def _new_codes(market: Market, user_id: str) -> tuple[list[str], list[bytes]]:
    made = ["".join(_ALPHABET[each % 32] for each in market.ids.bytes(_CODE_LETTERS)) for _ in range(CODES)]
    shown = ["-".join(code[at : at + 4] for at in range(0, _CODE_LETTERS, 4)) for code in made]
    return shown, [_code_hash(market, user_id, code) for code in made]


def _code_hash(market: Market, user_id: str, code: str) -> bytes:
    return market.vault.index("recovery code", f"{user_id}:{code}")


def _setting_up(session: Session) -> bytes:
    return sha256(b"totp" + session.hash).digest()


def totp_secret(user_id: str) -> str:
    """The name a seed is sealed as."""
    return f"users.totp:{user_id}"
