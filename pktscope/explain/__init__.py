"""What `pktscope explain` knows: socket calls, states, flags, options, fields, errors, terms, and the rules.

    entry    what an entry is
    calls, setupcalls, streamcalls, helpercalls, states, flags, options, fields, sockopts, messageflags, errors, terms,
             streamterms, networkterms: the entries, as tables in English
    lookup   what a name means: every spelling people use, Chinese names, prefixes, and the nearest of what is unknown
    about    what there is to explain of one row of a timeline
    page     an entry as lines of text for a width, in the reader's language
    example  the example of a rule as a drawn timeline
    shows    which demos show a rule or an entry, without importing them
    command  the index and the pages on standard output

Pure but for `command`, which prints, and `shows`, which reads the demos' sources. The screen shows `page.sections`.
"""
