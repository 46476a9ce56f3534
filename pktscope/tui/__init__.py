"""The screen: the gallery, one timeline with its player, two side by side, the inspector, the story, lists, help.

Decisions are functions in modules without Textual (keys, player, heights, search, boxes, sections, listing); widgets
and screens hold state and call them. `app.run` is the way in; it is imported after the run or the scan has begun.

    options    what the command line may ask of the screen   player  which row is current, and when the next comes
    keys       every key, once: bindings, footer and help    heights row <-> line, for a million rows
    feed       reader -> flow -> timeline, a slice at a time ladder  the timeline, one visible row at a time
    catalogue  what the gallery says of a demo               shelf   what the gallery can start
    comparison two runs, what is said of a pair of rows      duet    the two of them in one ladder
    waiting    which programs wait in input()                output  what the programs printed
    sections   what the inspector says of a step             boxes   headers drawn as the RFCs draw them
    chrome     header, note panel, footer                    pages   long texts: inspector, story, help
    terminal   what to ask of, and how to leave, it          styles  roles -> colours of the theme in use
"""
