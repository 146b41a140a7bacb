"""Where something is in a message, as JMESPath."""

from __future__ import annotations

from typing import Annotated

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, Field

from exchange import limits


def compiles(text: str) -> str:
    """The text itself; a `ValueError` that says why when it is no JMESPath."""
    try:
        jmespath.compile(text)
    except JMESPathError as error:
        raise ValueError(f"is no JMESPath: {str(error).splitlines()[0]}") from None
    return text


Place = Annotated[str, Field(min_length=1, max_length=limits.RULE_PATTERN_CHARACTERS), AfterValidator(compiles)]
