"""`python -m exchange` is the command `exchange`."""

from exchange.cli import main

raise SystemExit(main())
