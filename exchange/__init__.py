"""Lead Exchange: a self-hosted ping/post lead exchange. Start reading at `exchange/README.md`."""

__version__ = "0.1.0"
