"""Case files: a captured exchange and the expected answer, run against any connector by tests, CLI and console.

`document` is what people write, `run` drives a connector with it, `hostile` adds the replies no author thinks of.
"""

from exchange.cases.document import BadCase, Case, read_cases
from exchange.cases.run import CaseResult, run_cases
from exchange.cases.verify import run_verifier_cases

__all__ = ["BadCase", "Case", "CaseResult", "read_cases", "run_cases", "run_verifier_cases"]
