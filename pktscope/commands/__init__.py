"""What the commands of `cli` do, one module a command, with the layers that own the work; nothing is imported early.

`demo` (also `record`), `gallery`, `compare`, `run` (and the `scripts` it looks at), `explain`. They share `options`,
`opening` (files and streams, with the caller's rights), `present` (the screen, or text) and `help` (click's, in every
language).
"""
