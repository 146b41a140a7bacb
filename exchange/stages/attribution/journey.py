"""What somebody saw before a lead, as one path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exchange.model.attribution import CLICK_IDS, PLATFORM_OF, Touch

WINDOW_MS = 90 * 86_400_000
"""What lies further back brought nobody."""
TOUCHES_MOST = 50
_SAME_MS = 30 * 60_000
_CHARACTERS = 120


def tags_of(tags: Mapping[str, str], seller: str = "") -> tuple[str, str, str, str]:
    """Source, campaign, creative and sub id that the tags of an address or of a lead say.

    Without a source, that is whose click id there is, or the seller.
    """
    platform = next((platform for name, platform in PLATFORM_OF if tags.get(name)), "")
    source = tags.get("utm_source", "").strip().lower() or platform or seller
    return (
        source[:_CHARACTERS],
        tags.get("utm_campaign", "").strip()[:_CHARACTERS],
        tags.get("utm_content", "").strip()[:_CHARACTERS],
        tags.get("sub_id1", "").strip()[:_CHARACTERS],
    )


def says_something(tags: Mapping[str, str]) -> bool:
    """Whether the tags name a source, a campaign or a platform's click."""
    return any(tags.get(name) for name in ("utm_source", "utm_campaign", "utm_content", *CLICK_IDS))


def path_of(seen: Sequence[Touch], tags: Mapping[str, str], seller: str, campaign: str, arrived_at: int) -> list[Touch]:
    """The touches of a lead, oldest first. What the lead says itself is the last one, unless that was just seen.

    A lead that nothing is known of came by its seller.
    """
    path = [touch for touch in seen if arrived_at - WINDOW_MS <= touch.at <= arrived_at][-TOUCHES_MOST:]
    source, media, creative, sub_id = tags_of(tags, seller)
    own = Touch(arrived_at, source, media or ("" if says_something(tags) else campaign), creative, sub_id)
    if not path:
        return [own]
    last = path[-1]
    if not says_something(tags):
        return [*path[:-1], last._replace(sub_id=last.sub_id or sub_id)]
    same = (last.source, last.campaign) == (own.source, own.campaign) and arrived_at - last.at <= _SAME_MS
    return [*path[:-1], last._replace(sub_id=last.sub_id or sub_id)] if same else [*path, own]
