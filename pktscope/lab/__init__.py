"""Where exchanges really happen. The screen's process knows `runner` and `ladder`; all else runs in the worker.

    runner      starts the worker, gives its recording as a stream, ends everything
    ladder      what this machine allows, and the way out of each refusal
    worker      the process that has the rights: tries the ways in, best first; `live` sniffs an interface instead
    threshold   a way in, tried in a child that becomes the place's first process or is thrown away
    room        the private room: namespaces, a loopback of MTU 1500, pinned sysctls
    sniffer     the process that sniffs and does nothing else
    program     a process running one function of a demo; trace its sockets, teller its line to the director
    director    starts programs, says when the wire is quiet, writes what all of them tell in order of happening
    diag        the kernel's own view of sockets;  call, spell: what a call moved, and how it is written
    kernel      the system calls Python has no name for

    worker -> child behind the threshold -> first process of the room (director) -> sniffer, server, client

Privileges are used to make the room and to open the ring, then given up by every one of these processes. Nothing
outlives the director: the room's processes die with its first process, that one with its parent, and all of them when
the control pipe of the one who started the run ends.
"""
