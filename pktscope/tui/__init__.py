"""The screen: one timeline with its player, the inspector, the story, the list of conversations, help.

Decisions are functions in modules without Textual (keys, player, heights, search, boxes, sections, listing); widgets
and screens hold state and call them. `app.run` is the way in; it is imported after the run or the scan has begun.

    options  what the command line may ask of the screen        player   which row is current, and when the next one is
    keys     every key, once: bindings, footer and help         heights  row <-> line, for a million rows
    feed     reader -> flow -> timeline, a slice at a time       ladder   the timeline, one visible row at a time
    sections what the inspector says of a step                  boxes    headers drawn as the RFCs draw them
    chrome   header, note panel, footer                         pages    long texts: inspector, story, help
    terminal what to ask of and how to leave the terminal       styles   roles -> colours of the theme in use
"""
