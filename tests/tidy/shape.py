"""How code is shaped: lengths, names, module state, frozen nouns, page pairs."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from tests.tidy.source import CODE, Finding, Source

FILE_LINES = 400
FUNCTION_LINES = 70
MEASURED = frozenset({".py", ".html", ".sql", ".css", ".js"})
SAYS_NOTHING = re.compile(r"_*(util|helper|manager|handler|processor|common|base)s?", re.IGNORECASE)
MAKES_MUTABLE = frozenset({"list", "dict", "set", "bytearray", "defaultdict", "deque", "OrderedDict", "Counter"})
CHANGES = frozenset(
    {
        "add",
        "append",
        "clear",
        "discard",
        "extend",
        "insert",
        "pop",
        "popitem",
        "remove",
        "setdefault",
        "sort",
        "update",
    }
)
PAGES = tuple(f"exchange/web/{place}/" for place in ("console", "buyer_portal", "seller_portal", "public"))
IGNORE = re.compile(r"#\s*type:\s*ignore(?P<code>\[[\w, -]+\])?(?P<reason>.*)")
LATER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def files_stay_short(source: Source) -> Iterator[Finding]:
    """No Python, template, SQL, style or script file passes 400 lines; vendored *.min.* files are not ours."""
    count = source.text.count("\n")
    if source.suffix in MEASURED and ".min." not in source.path and count > FILE_LINES:
        yield Finding(
            FILE_LINES + 1, f"A file has at most {FILE_LINES} lines; this has {count}: split it by what it says."
        )


def functions_fit_a_screen(source: Source) -> Iterator[Finding]:
    """No function passes 70 lines."""
    if source.suffix != ".py":
        return
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            count = (node.end_lineno or node.lineno) - node.lineno + 1
            if count > FUNCTION_LINES:
                yield Finding(
                    node.lineno, f"{node.name} has {count} lines; a function fits a screen ({FUNCTION_LINES})."
                )


def names_say_something(source: Source) -> Iterator[Finding]:
    """No module or folder is called utils, helpers, manager, handler, processor, base or common."""
    if source.suffix != ".py" or source.top not in CODE:
        return
    for part in PurePosixPath(source.path).with_suffix("").parts:
        if SAYS_NOTHING.fullmatch(part):
            yield Finding(1, f"{part} says nothing: name the module after what it does.")


def modules_hold_constants_only(source: Source) -> Iterator[Finding]:
    """At module level nothing can change.

    A list, dict or set there is wrapped (tuple, frozenset, MappingProxyType), or it is a constant: UPPER_CASE, filled
    where it stands, and changed nowhere. No `global`, and no cache without a bound on a function that takes arguments.
    """
    if source.suffix != ".py" or source.top not in ("exchange", "buyers", "verifiers"):
        return
    for statement in source.tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value and _is_mutable(statement.value):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for name in map(ast.unparse, targets):
                if name != "__all__" and not (name.isupper() and _is_filled(statement.value)):
                    yield Finding(
                        statement.lineno, f"{name} could change: make it a tuple, or a filled UPPER_CASE constant."
                    )
    for node in source.nodes:
        if name := _changed_constant(node):
            yield Finding(getattr(node, "lineno", 1), f"{name} is a constant, and is changed here.")
        if isinstance(node, ast.Global):
            yield Finding(node.lineno, "No function changes its module: pass the value in, return the new one.")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.args.args:
            if any(_is_unbounded_cache(source, decorator) for decorator in node.decorator_list):
                yield Finding(node.lineno, f"{node.name} keeps everything it ever saw: bound the cache.")


def _is_mutable(value: ast.expr) -> bool:
    if isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp):
        return True
    name = ast.unparse(value.func).split(".")[-1] if isinstance(value, ast.Call) else ""
    return name in MAKES_MUTABLE


def _is_filled(value: ast.expr) -> bool:
    """Whether a literal says all it will ever hold."""
    if isinstance(value, ast.Dict):
        return bool(value.keys)
    if isinstance(value, ast.Call):
        return bool(value.args) and ast.unparse(value.func) in ("dict", "list", "set")
    return bool(value.elts) if isinstance(value, ast.List | ast.Set) else True


def _changed_constant(node: ast.AST) -> str:
    """The UPPER_CASE name whose content this node changes, if it does: `TABLE[x] = 1`, `TABLE.add(x)`, `TABLE |= …`."""
    target: ast.AST | None = None
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        target = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
        target = node.func.value
    elif isinstance(node, ast.AugAssign):
        target = node.target
    name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
    return name if name.isupper() else ""


def _is_unbounded_cache(source: Source, decorator: ast.expr) -> bool:
    if isinstance(decorator, ast.Call):
        is_lru = source.full_name(decorator.func) == "functools.lru_cache"
        sizes = [*decorator.args, *(word.value for word in decorator.keywords if word.arg == "maxsize")]
        return is_lru and any(isinstance(size, ast.Constant) and size.value is None for size in sizes)
    return source.full_name(decorator) == "functools.cache"


def nouns_are_frozen(source: Source) -> Iterator[Finding]:
    """Every dataclass of model, fields and stages is frozen; a private one may gather while a value is made."""
    if source.suffix != ".py" or not source.module.startswith(("exchange.model", "exchange.fields", "exchange.stages")):
        return
    for node in source.nodes:
        if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):
            continue
        for decorator in node.decorator_list:
            name = source.full_name(decorator.func if isinstance(decorator, ast.Call) else decorator)
            words = decorator.keywords if isinstance(decorator, ast.Call) else []
            frozen = any(word.arg == "frozen" and getattr(word.value, "value", False) is True for word in words)
            if name == "dataclasses.dataclass" and not frozen:
                yield Finding(node.lineno, f"{node.name} could be edited: stages take frozen values and return them.")


def _in_comments(source: Source, wanted: re.Pattern[str]) -> Iterator[tuple[int, re.Match[str]]]:
    """Where a comment says it. Most files say it nowhere, and are not taken apart for it."""
    if not wanted.search(source.text):
        return
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT and (found := wanted.search(token.string)):
            yield token.start[0], found


def ignored_types_have_a_reason(source: Source) -> Iterator[Finding]:
    """`# type: ignore` names its error and is followed by the reason: `# type: ignore[misc]  # stubs lag behind`."""
    if source.suffix != ".py":
        return
    for line, found in _in_comments(source, IGNORE):
        if not found["code"] or len(found["reason"].strip(" #")) < 8:
            yield Finding(line, "A silenced type error names its code and its reason on the same line.")


def unfinished_work_is_not_left(source: Source) -> Iterator[Finding]:
    """No comment says to do it later, no function raises NotImplementedError."""
    if source.suffix != ".py":
        return
    for line, _ in _in_comments(source, LATER):
        yield Finding(line, "What is left to do is an issue, not a comment.")
    for node in source.nodes:
        if isinstance(node, ast.Raise) and node.exc and "NotImplementedError" in ast.unparse(node.exc):
            yield Finding(node.lineno, "Half a thing is no thing: finish it or leave it out.")


def pages_come_in_pairs(sources: Iterable[Source]) -> Iterator[tuple[str, Finding]]:
    """A page is leads.py beside leads.html. Parts shared by pages start with an underscore and stand alone."""
    paths = {source.path for source in sources if source.path.startswith(PAGES)}
    for path in sorted(paths):
        page = PurePosixPath(path)
        other = {".py": ".html", ".html": ".py"}.get(page.suffix)
        if other and not page.name.startswith("_") and page.with_suffix(other).as_posix() not in paths:
            yield path, Finding(1, f"A page is a pair: {page.name} has no {page.stem}{other} beside it.")
