"""Recordings of the demos, shipped with the program and played, labelled as recorded, where nothing can run live."""
