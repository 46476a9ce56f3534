"""Exit codes of the worker: those of the command line."""

OK, FAILED, USAGE, DENIED, INTERRUPTED = 0, 1, 2, 3, 130

KNOWN = frozenset({OK, FAILED, USAGE, DENIED, INTERRUPTED})
"""What a worker itself exits with."""
