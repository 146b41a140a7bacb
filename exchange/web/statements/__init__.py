"""Statements of sellers, as every form of them shows them: a page, a paper, a table, a document for programs."""
