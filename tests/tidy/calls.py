"""What may be called where: time, randomness, sleeping, printing, patching, floats."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.tidy.source import Finding, Source

TIME = frozenset(
    f"time.{name}" for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
) | frozenset({"datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today"})
RANDOM = re.compile(r"(random|uuid|secrets)\.(?!compare_digest$)\w+|os\.(urandom|getrandom)")
MONEY = re.compile(
    r"exchange/(model/(money|ledger)|storage/ledger\w*|stages/(price|auction|settle|payout|invoice))(/\w+)?\.py"
)
NEVER_IN_TESTS = frozenset({"monkeypatch", "mocker"})
SKIPS = re.compile(r"pytest\.(skip|importorskip|xfail|mark\.(skip|skipif|xfail))")


def may_measure(source: Source) -> bool:
    return source.top in ("tests", "bench")


def time_has_one_home(source: Source) -> Iterator[Finding]:
    """Only exchange/clock.py asks the system for the time; tests and bench may measure."""
    if source.suffix != ".py" or may_measure(source) or source.path == "exchange/clock.py":
        return
    for node, name in source.uses():
        if name in TIME:
            yield Finding(node.lineno, f"Only clock.py asks for the time: take `now` or a Clock instead of {name}.")


def randomness_has_one_home(source: Source) -> Iterator[Finding]:
    """Only exchange/ids.py asks for randomness; the demo's generator may use random.Random(seed)."""
    if source.suffix != ".py" or may_measure(source) or source.path == "exchange/ids.py":
        return
    for node, name in source.uses():
        seeded = source.path.startswith("exchange/demo/") and name.startswith("random.Random")
        if RANDOM.fullmatch(name) and not seeded:
            yield Finding(node.lineno, f"Only ids.py asks for randomness: take Ids or a number instead of {name}.")


def only_the_command_prints(source: Source) -> Iterator[Finding]:
    """print() belongs to exchange/cli and to bench; everything else logs or returns."""
    if source.suffix != ".py" or source.top == "bench" or source.module.startswith(("exchange.cli", "exchange.__main")):
        return
    for node in source.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield Finding(node.lineno, "Only the command prints: log or return it.")


def nothing_sleeps(source: Source) -> Iterator[Finding]:
    """Nobody calls time.sleep; asyncio.sleep is for clock.py and bench, and asyncio.sleep(0) merely yields."""
    if source.suffix != ".py":
        return
    for node in source.nodes:
        if not isinstance(node, ast.Call):
            continue
        name = source.full_name(node.func)
        if name == "time.sleep":
            yield Finding(node.lineno, "time.sleep holds everybody up: use the clock, or wait for an event.")
        yields = len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0
        at_home = source.path == "exchange/clock.py" or source.top == "bench"
        if name == "asyncio.sleep" and not yields and not at_home:
            yield Finding(node.lineno, "Only clock.py sleeps: use clock.sleep, or wait for an event.")


def tests_use_real_parts(source: Source) -> Iterator[Finding]:
    """No mock, no patch, no skipped test."""
    if source.suffix != ".py" or source.top != "tests":
        return
    for node in source.nodes:
        if isinstance(node, ast.arg) and node.arg in NEVER_IN_TESTS:
            yield Finding(node.lineno, f"Tests use real parts, never {node.arg}.")
        if isinstance(node, ast.ImportFrom | ast.Import):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
            names = [f"{modules[0]}.{a.name}" for a in node.names] if isinstance(node, ast.ImportFrom) else modules
            if any(re.match(r"(unittest\.mock|mock|pytest_mock)(\.|$)", name) for name in names):
                yield Finding(node.lineno, "Tests use real parts, never mock.")
    for expression, name in source.uses():
        if SKIPS.fullmatch(name):
            yield Finding(expression.lineno, f"A skipped test proves nothing: {name}.")
        if name == "pytest.MonkeyPatch":
            yield Finding(expression.lineno, "Tests use real parts, never a patch.")


def every_test_asserts(source: Source) -> Iterator[Finding]:
    """A test asserts, expects an exception, or calls a function that does: one of its file, or check…, expect…."""
    if source.suffix != ".py" or source.top != "tests":
        return
    functions = [node for node in source.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    proving = {function.name for function in functions if _asserts(function, frozenset())}
    for function in functions:
        if function.name.startswith("test_") and not _asserts(function, frozenset(proving)):
            yield Finding(function.lineno, "A test that asserts nothing proves nothing.")


def _asserts(function: ast.AST, proving: frozenset[str]) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("raises", "warns", *proving) or name.startswith(("assert_", "expect", "check")):
                return True
    return False


def no_float_near_money(source: Source) -> Iterator[Finding]:
    """Modules about money call neither float() nor Decimal() and never divide with /."""
    if not MONEY.fullmatch(source.path):
        return
    for node in source.nodes:
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", "") or source.full_name(node.func)
            if name in ("float", "Decimal", "decimal.Decimal", "round"):
                yield Finding(node.lineno, f"No float near money: use Money instead of {name}().")
        divides = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
        if divides:
            yield Finding(getattr(node, "lineno", 1), "No float near money: / makes one; use //, share or split.")


def errors_are_never_swallowed(source: Source) -> Iterator[Finding]:
    """No `except Exception: pass` and no suppress(Exception)."""
    if source.suffix != ".py":
        return
    for node in source.nodes:
        if isinstance(node, ast.ExceptHandler) and all(isinstance(part, ast.Pass) for part in node.body):
            caught = getattr(node.type, "id", "everything")
            if caught in ("Exception", "BaseException", "everything") and not isinstance(node.type, ast.Tuple):
                yield Finding(node.lineno, "An error is handled or passed on, never swallowed.")
        if isinstance(node, ast.Call) and source.full_name(node.func) == "contextlib.suppress":
            if any(getattr(arg, "id", "") in ("Exception", "BaseException") for arg in node.args):
                yield Finding(node.lineno, "An error is handled or passed on, never swallowed.")
