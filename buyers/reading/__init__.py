"""Their reply to our answer: rules written as data, compiled once into a `Reader`.

`rules` is the document people write; `document` finds out what a reply is; `where` picks values out of it;
`conditions` decides; `amounts` and `carries` read what comes with the decision; `reader` puts it together.
"""

from buyers.reading.reader import Reader, Reading
from buyers.reading.rules import StageRules

__all__ = ["Reader", "Reading", "StageRules"]
