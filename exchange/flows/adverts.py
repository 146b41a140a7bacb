"""Advertising platforms are told what became of their clicks: once each, and again when a sale is returned.

Intent before the wire: a word is written down with the job that tells it. A repeat is the same word to the platform,
because it carries the lead's id. Nobody who took their consent back is told of, and nothing of them but hashes leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from exchange.connector import Conversation
from exchange.courier.addresses import Network, check_url
from exchange.courier.call import Call
from exchange.flows.by_hand import audit_line
from exchange.flows.job_ends import ComeBack, DestinationDown, Ended
from exchange.flows.jobs import CONVERT, job
from exchange.flows.market import Market
from exchange.flows.stored_lead import stored_lead
from exchange.model.actor import Actor
from exchange.model.advert import (
    BY_PERSON,
    CLICKS,
    CONVERSION,
    CORRECTED,
    GOOGLE,
    META,
    MICROSOFT,
    PLATFORMS,
    RESTATEMENT,
    RETRACTION,
    SECRETS,
    AdAccount,
    AdEvent,
    AdTerms,
    ConversionRow,
    Heard,
    Refused,
)
from exchange.model.attribution import CLICK_IDS
from exchange.model.lead import Lead
from exchange.model.money import Money
from exchange.stages.adverts import google, meta, microsoft, tiktok
from exchange.stages.adverts.hashing import person_of
from exchange.storage.adverts import (
    Standing,
    ad_accounts,
    end_conversion,
    leads_that_moved,
    looked_up_to,
    plan_conversion,
    read_account,
    read_conversion,
    save_account,
    standing_of,
)
from exchange.storage.follow_views import is_revoked
from exchange.storage.selling import read_lead

BY_FILE = "by_file"
STATES = ("active", BY_FILE, "ended")
NO_CLICK = "There is no click id of the platform."
NAME_CHARACTERS = 80
_VALUE_CHARACTERS = 500
_SECONDS = 30.0
_AT_ONCE = 200
_ROUNDS = 20  # in one look
_OVERLAP_MS = 120_000
_AFTER_MS = 5_000
_OLDEST_MS = 90 * 86_400_000  # no platform takes a conversion of a click that is older


class CannotAdvertise(Exception):
    """What is wrong with an account, as a sentence. `field` is where."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


async def keep_account(
    market: Market, fields: Mapping[str, str], actor: Actor, allowed: tuple[Network, ...], account_id: str = ""
) -> AdAccount:
    """A new account, or other terms of one. Secrets that are left empty stay. Raises `CannotAdvertise`."""
    found = await market.db.read(read_account, account_id) if account_id else None
    if account_id and found is None:
        raise CannotAdvertise("account", "There is no such account.")
    before = found[0] if found is not None else None
    platform = before.platform if before is not None else fields.get("platform", "")
    if platform not in PLATFORMS:
        raise CannotAdvertise("platform", f"platform is one of {', '.join(PLATFORMS)}.")
    name = " ".join(fields.get("name", "").split())
    if not 0 < len(name) <= NAME_CHARACTERS:
        raise CannotAdvertise("name", f"name must have 1 to {NAME_CHARACTERS} characters.")
    terms, now = _terms(market, platform, fields, allowed), market.clock.now()
    secrets = {each: fields.get(each, "").strip() for each in SECRETS[platform]}
    given = [each for each, value in secrets.items() if value]
    state = fields.get("state", "").strip() or "active"
    if state not in STATES:
        raise CannotAdvertise("state", f"state is one of {', '.join(STATES)}.")
    has_some = found is not None and found[1] is not None
    if (given and len(given) < len(secrets)) or (not given and not has_some and state == "active"):
        missing = next(each for each, value in secrets.items() if not value)
        raise CannotAdvertise(missing, f"{missing} is needed: an account is told with {', '.join(secrets)}.")
    account = AdAccount(
        before.id if before is not None else market.ids.new("ada", now), platform, name, terms,
        state, before.since if before is not None else now, now,
    )  # fmt: skip
    sealed = market.vault.seal_secret(account_secret(account.id), orjson.dumps(secrets)) if given else None
    after = {"platform": platform, "name": name, "account": terms.account, "state": account.state}
    line = audit_line(market.ids, now, actor, "ad_account.kept", f"ad_account:{account.id}", after=after)
    await market.db.write(save_account, account, sealed, line)
    return account


def _terms(market: Market, platform: str, fields: Mapping[str, str], allowed: tuple[Network, ...]) -> AdTerms:
    texts = ("account", "action", "action_name", "login", "test_code", "url", "token_url")
    given = {name: fields.get(name, "").strip() for name in texts}
    for name, value in given.items():
        if len(value) > _VALUE_CHARACTERS or not value.isprintable() or (name in ("account", "action") and not value):
            raise CannotAdvertise(name, f"{name} must have 1 to {_VALUE_CHARACTERS} characters of one line.")
    if not all(char.isalnum() or char in "-_" for char in given["account"]):
        raise CannotAdvertise("account", "account is the number or id of the account: letters, digits, - and _ alone.")
    for name in ("url", "token_url"):
        if given[name] and (told := check_url(given[name], allowed)) is not None:
            raise CannotAdvertise(name, f"{name}: {told}")
    verticals = tuple(dict.fromkeys(each.strip() for each in fields.get("verticals", "").split(",") if each.strip()))
    if not verticals or any(each not in market.verticals for each in verticals):
        known = ", ".join(sorted(market.verticals))
        raise CannotAdvertise("verticals", f"verticals names those whose leads are told, of: {known}.")
    return AdTerms(verticals=verticals, hashed=bool(fields.get("hashed")) and platform in BY_PERSON, **given)


def account_secret(account_id: str) -> str:
    return f"ad account {account_id}"


async def plan_conversions(market: Market) -> int:
    """The duty: what each account is to be told. Returns how many words were written down."""
    accounts = [each for each in await market.db.read(ad_accounts) if each.state != "ended"]
    return sum([await _plan_all(market, account) for account in accounts])


async def _plan_all(market: Market, account: AdAccount) -> int:
    count = 0
    for _ in range(_ROUNDS):
        planned, upto, full = await _plan(market, account)
        count, account = count + planned, account._replace(seen_at=upto)
        if not full:
            break
    return count


async def _plan(market: Market, account: AdAccount) -> tuple[int, int, bool]:
    """How many words were written down, up to when was looked, and whether there is more."""
    now, count, by_call = market.clock.now(), 0, account.state == "active"
    rows = await market.db.read(leads_that_moved, account, account.seen_at, _AT_ONCE)
    for row in rows:
        stands = await market.db.read(standing_of, account.id, row["lead_id"])
        word = _next_word(account, row["lead_id"], stands, now) if stands is not None else None
        if word is not None:
            payload: dict[str, object] = {
                "account_id": account.id, "lead_id": word.lead_id, "number": word.number,
            }  # fmt: skip
            made = job(market, f"convert:{account.id}", CONVERT, payload, now, now) if by_call else None
            count += await market.db.write(plan_conversion, word, made)
    upto = rows[-1]["at"] if len(rows) == _AT_ONCE else now - _OVERLAP_MS
    if upto > account.seen_at:
        await market.db.write(looked_up_to, account.id, upto)
    return count, max(upto, account.seen_at), len(rows) == _AT_ONCE and upto > account.seen_at


def _next_word(account: AdAccount, lead_id: str, stands: Standing, now: int) -> ConversionRow | None:
    """What is still to be told: the sale, or that its worth is another one. Nothing when the last word holds."""
    last = stands.last
    if last is None:
        if stands.units <= 0 or stands.sold_at < now - _OLDEST_MS:
            return None
        kind, number, units = CONVERSION, 0, stands.units
    else:
        units = max(stands.units, 0)
        if last.units == units or last.state in ("skipped", "refused"):
            return None
        kind, number = RETRACTION if not units else RESTATEMENT, last.number + 1
    return ConversionRow(
        account.id, lead_id, number, kind, "waiting", "", units, stands.currency, stands.sold_at, now, None
    )


async def tell_platform(market: Market, payload: Mapping[str, Any]) -> Ended | None:
    """The job: say one word to one platform. Raises `ComeBack` while an earlier word waits.

    Raises `DestinationDown` when no answer came that can be used: all that waits for the platform rests a while, and
    no word uses up its tries.
    """
    account_id, lead_id, number = str(payload["account_id"]), str(payload["lead_id"]), int(payload["number"])
    row = await market.db.read(read_conversion, account_id, lead_id, number)
    found = await market.db.read(read_account, account_id)
    if row is None or row.state != "waiting" or found is None:
        return Ended.UNASKED
    account, sealed = found
    before = await market.db.read(read_conversion, account_id, lead_id, number - 1) if number else None
    if before is not None and before.state == "waiting":
        raise ComeBack(market.clock.now() + _AFTER_MS)
    if account.state == BY_FILE or sealed is None:  # it waits for a file
        return Ended.UNASKED
    why = await why_not(market, account, before, row)
    event = await event_of(market, account, row) if why is None else None
    if event is None or (not has_click(account, event) and event.person is None):
        why = why or ("Its values were erased." if event is None else NO_CLICK)
        await market.db.write(end_conversion, row, "skipped", why, market.clock.now())
        return Ended.UNASKED
    secrets: dict[str, str] = orjson.loads(market.vault.open_secret(account_secret(account.id), bytes(sealed)))
    told = await _ask(market, account, _conversation(account, secrets, event))
    state, why = ("sent", "") if isinstance(told, Heard) else ("refused", told.why)
    await market.db.write(end_conversion, row, state, why, market.clock.now())
    return None


async def why_not(market: Market, account: AdAccount, before: ConversionRow | None, row: ConversionRow) -> str | None:
    """Why nothing is told, as a sentence. A correction without anything personal goes out whatever was taken back."""
    if account.state == "ended":
        return "The account has ended."
    if before is not None and before.state != "sent":
        return "The platform never had what would be corrected."
    personal = row.kind == CONVERSION or account.platform not in CORRECTED
    if personal and await market.db.read(is_revoked, row.lead_id):
        return "The consumer took the consent back."
    return None


async def event_of(market: Market, account: AdAccount, row: ConversionRow) -> AdEvent | None:
    """The word in full. None when the lead's values were erased; a person only where the account may tell of one."""
    lead_row = await market.db.read(read_lead, row.lead_id)
    campaign = market.deals.campaigns.get(lead_row["campaign_id"]) if lead_row is not None else None
    lead = await stored_lead(market, lead_row, campaign) if lead_row is not None and campaign is not None else None
    if lead is None:
        return None
    clicks = {name: lead.tracking[name] for name in CLICK_IDS if lead.tracking.get(name)}
    told = account.terms.hashed and account.platform in BY_PERSON
    if told and row.kind != CONVERSION and account.platform in CORRECTED:
        told = not _clicked(account, clicks) and not await market.db.read(is_revoked, row.lead_id)
    return AdEvent(
        row.lead_id,
        row.number,
        row.kind,
        row.happened_at,
        row.made_at,
        Money(row.units, row.currency),
        clicks,
        lead.received_at,
        _page(lead),
        person_of(lead) if told else None,
        (lead.tracking.get("user_agent") or lead.consent.user_agent or "") if told else "",
    )


def _page(lead: Lead) -> str:
    """The landing page without what stands behind it."""
    return (lead.tracking.get("landing_page_url") or lead.consent.page_url or "").partition("?")[0].partition("#")[0]


def has_click(account: AdAccount, event: AdEvent) -> bool:
    return _clicked(account, event.clicks)


def _clicked(account: AdAccount, clicks: Mapping[str, str]) -> bool:
    return any(clicks.get(name) for name in CLICKS[account.platform])


def _conversation(account: AdAccount, secrets: Mapping[str, str], event: AdEvent) -> Conversation[Heard | Refused]:
    tell = {GOOGLE: google.tell, META: meta.tell, MICROSOFT: microsoft.tell}.get(account.platform, tiktok.tell)
    return tell(account.terms, secrets, event)


async def _ask(market: Market, account: AdAccount, conversation: Conversation[Heard | Refused]) -> Heard | Refused:
    result = await market.courier.converse(
        Call(f"adverts:{account.id}", conversation, delivers=True), market.clock.monotonic() + _SECONDS
    )
    if result.error is not None:
        raise DestinationDown(result.error.why)
    if result.lost is not None:
        raise DestinationDown(result.lost.detail or result.lost.why.slug)
    answer: Heard | Refused = result.answer
    return answer
