"""The builder of filters in plain language: rules and groups of rules as fields of a form, sentences of what they say.

`tree.py` reads a form and writes it, `view.py` is what the template shows, `builder.html` draws it. It works by plain
steps, each a button of the form; `filters.js` takes them without leaving the page.
"""

from __future__ import annotations

from exchange.web.filters.tree import Rule, RuleGroup, apply_step, read_tree, tree_of
from exchange.web.filters.view import Builder, build, filter_of

__all__ = ["Builder", "Rule", "RuleGroup", "apply_step", "build", "filter_of", "read_tree", "tree_of"]
