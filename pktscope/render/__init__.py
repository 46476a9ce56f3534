"""A timeline as something to look at, one file per form. Painters take the timeline and nothing else.

cells   the ladder in terminal cells: runs of text with roles, shared by the screen and the plain text
header  what stands above the ladder: who, where, in which state
text    lines for a terminal, a pipe or a file
json    steps and notes for programs, in a versioned schema
"""
