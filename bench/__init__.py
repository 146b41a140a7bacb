"""How fast, how much, compared with what. `python -m bench.run` prints the tables."""
