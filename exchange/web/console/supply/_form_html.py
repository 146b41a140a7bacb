"""A form as plain HTML, for pages that take no script and no frame: every step one below the other."""

from __future__ import annotations

from markupsafe import Markup, escape

from exchange.flows.form_visit import Place
from exchange.stages.consent import text_hash
from exchange.stages.forms import Control, consent_text
from exchange.web.public.form import TRAP

_INDENT = "  "
_TRAP = f'<p hidden><label>Leave this empty <input name="{TRAP}" tabindex="-1" autocomplete="off"></label></p>'


def pasted_html(place: Place, address: str) -> str:
    """What to copy. The words of the consent go with their hash: what is kept is what this page said."""
    lines = [Markup('<form method="post" action="{}">').format(address)]
    for step in place.steps:
        lines.append(Markup("  <h2>{}</h2>").format(step.title))
        lines += [Markup("{}{}").format(_INDENT, _control(control)) for control in step.controls]
    words = place.form.consent
    if words is not None:
        text = consent_text(words, ())
        lines.append(Markup("  <p>{}</p>").format(text))
        lines.append(Markup('  <input type="hidden" name="_words" value="{}">').format(text_hash(text)))
        lines.append(
            Markup('  <p><label><input type="checkbox" name="_agree" value="yes"> {}</label></p>').format(words.label)
        )
    lines += [Markup(_INDENT + _TRAP), Markup("  <button>{}</button>").format(place.form.button), Markup("</form>")]
    return "\n".join(str(line) for line in lines)


def _control(control: Control) -> Markup:
    label, need = escape(control.label), Markup(" required") if control.required else Markup("")
    if control.kind in ("radio", "select"):
        options = Markup("").join(
            Markup('<option value="{}">{}</option>').format(value, word)
            for value, word in (("", "Choose"), *control.choices)
        )
        return Markup('<p><label>{} <select name="{}"{}>{}</select></label></p>').format(
            label, control.name, need, options
        )
    if control.kind == "area":
        return Markup('<p><label>{} <textarea name="{}"{}></textarea></label></p>').format(label, control.name, need)
    return Markup('<p><label>{} <input type="{}" name="{}" autocomplete="{}"{}></label></p>').format(
        label, control.kind, control.name, control.autocomplete, need
    )
