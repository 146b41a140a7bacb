"""Lists: a page declares its columns, filters and what it reads, and the rest is the same for all of them.

`shape` is what a page declares, `query` what stands in an address, `view` what a page shows, `twins` the same list as
JSON and CSV, `choices` what people keep of it. `_list.html` draws it.
"""
