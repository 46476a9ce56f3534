"""Exit codes of the worker: those of the command line."""

OK, FAILED, USAGE, DENIED = 0, 1, 2, 3
