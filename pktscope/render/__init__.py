"""A timeline as something to look at, one file per form. Painters take the timeline and nothing else.

cells   the ladder in terminal cells, shared by the screen and the plain text; columns says which column is how wide,
        bands what a line is made of, arrows, spans and notes draw their own
header  what stands above the ladder: who, where, in which state
text    lines for a terminal, a pipe or a file
json    steps and notes for programs, in a versioned schema
"""
