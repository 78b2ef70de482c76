"""The command line ``pain-generator``, and a scene that needs no window.

Start at :mod:`.cli`, which runs the commands; their words are in :mod:`.arguments`. :mod:`.run` is the main job:
analyze a folder and write all files. :mod:`.host` brings up a scene without Qt, :mod:`.suv_file` makes the SUV volume
alone, and :mod:`.terminal` shows progress and handles Ctrl-C.
"""
