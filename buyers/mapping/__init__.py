"""Our fields to theirs, as data: `document` is what people write, `values` draws one value, `bodies` encodes.

A mapping is flat: their name or path on the left, where the value comes from on the right.
"""
