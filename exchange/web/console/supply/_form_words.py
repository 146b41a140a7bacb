"""A form's document as the fields of a page, and back: steps are lines of text, so that no script is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.model.form import Form
from exchange.model.vertical import FieldSpec, Presence, Vertical
from exchange.sources.form import DEFAULT_CONSENT
from exchange.stages.standard_fields import Goes, standard_fields

_PARTS = ("label", "help")
_REQUIRED = "required"
_NOT_ASKED = frozenset({Goes.TRACKING, Goes.CONSENT, Goes.CONTROL, Goes.IGNORED})


def document_of(given: Mapping[str, str]) -> dict[str, Any]:
    """The document that the fields of the page make. It is checked where it is saved."""
    document: dict[str, Any] = {
        "title": given.get("title", "").strip(),
        "intro": given.get("intro", "").strip(),
        "campaign": given.get("campaign", ""),
        "mode": given.get("form_mode", "live"),
        "steps": steps_of(given.get("steps", "")),
        "hosts": given.get("hosts", "").split(),
        "redirect": given.get("redirect", "").strip(),
        "accent": given.get("accent", "blue"),
        "theme": given.get("look", "auto"),
        "least_seconds": _number(given.get("least_seconds", "")),
        "trustedform": bool(given.get("trustedform")),
        "jornaya": given.get("jornaya", "").strip(),
    }
    document |= {name: given[name].strip() for name in ("button", "thanks") if given.get(name, "").strip()}
    if given.get("asks_consent"):
        texts = {"text": "consent_text", "label": "consent_label", "partners": "consent_partners"}
        words: dict[str, Any] = {
            name: given[field].strip() for name, field in texts.items() if given.get(field, "").strip()
        }
        document["consent"] = {**words, "named": bool(given.get("consent_named"))}
    return document


def fields_of(form: Form) -> dict[str, str]:
    """A form as its page shows it."""
    consent = form.consent
    return {
        "title": form.title,
        "intro": form.intro,
        "campaign": form.campaign_id,
        "form_mode": form.mode.value,
        "steps": "\n\n".join(
            "\n".join(
                [f"# {step.title}", *(_line(each.name, each.label, each.help, each.required) for each in step.fields)]
            )
            for step in form.steps
        ),
        "hosts": "\n".join(form.hosts),
        "redirect": form.redirect,
        "accent": form.accent,
        "look": form.theme,
        "least_seconds": str(form.least_seconds),
        "trustedform": "yes" if form.evidence.trustedform else "",
        "jornaya": form.evidence.jornaya,
        "button": form.button,
        "thanks": form.thanks,
        "asks_consent": "yes" if consent is not None else "",
        "consent_text": consent.text if consent is not None else DEFAULT_CONSENT,
        "consent_label": consent.label if consent is not None else "",
        "consent_partners": consent.partners if consent is not None else "",
        "consent_named": "yes" if consent is not None and consent.named else "",
    }


def suggested(campaign_id: str, vertical: Vertical) -> dict[str, str]:
    """A form to begin with: what a ping needs first, who it is last."""
    askable = [spec for spec in vertical.fields if is_askable(spec) and spec.post is Presence.REQUIRED]
    first = [spec.name for spec in askable if not spec.personal and spec.name != "state"]
    last = [spec.name for spec in askable if spec.personal]
    parts = [("About your request", first), ("How to reach you", last)]
    return {
        "title": vertical.title,
        "campaign": campaign_id,
        "steps": "\n\n".join("\n".join([f"# {title}", *names]) for title, names in parts if names),
        "asks_consent": "yes",
        "consent_text": DEFAULT_CONSENT,
        "consent_named": "yes" if vertical.consent.by_name else "",
        "trustedform": "yes" if "trustedform_cert_url" in vertical.consent.required else "",
        "least_seconds": "3",
    }


def is_askable(spec: FieldSpec) -> bool:
    """Whether a form may ask for it; the rest the exchange knows by itself."""
    usual = standard_fields().get(spec.name)
    return usual is None or usual[1] not in _NOT_ASKED


def steps_of(text: str) -> list[dict[str, Any]]:
    """`# Title` begins a step; each further line is `field | label | help | required`, all but the field optional."""
    steps: list[dict[str, Any]] = []
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("#"):
            steps.append({"title": line.lstrip("# "), "fields": []})
        elif line:
            if not steps:
                steps.append({"title": "Your request", "fields": []})
            steps[-1]["fields"].append(_field(line))
    return steps


def _field(line: str) -> str | dict[str, Any]:
    name, *more = (part.strip() for part in line.split("|"))
    if not more:
        return name
    required = more[-1].lower() == _REQUIRED
    words = dict(zip(_PARTS, more[:-1] if required else more, strict=False))
    return {"name": name, **words, "required": required}


def _line(name: str, label: str, help: str, required: bool) -> str:
    parts = [name, label, help, *([_REQUIRED] if required else [])]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return " | ".join(parts)


def _number(text: str) -> int | str:
    return int(text) if text.strip().isascii() and text.strip().isdigit() else text or 3
