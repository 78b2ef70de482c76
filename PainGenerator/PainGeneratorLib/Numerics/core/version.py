"""The version of the software; every file that the software writes names it."""

VERSION = "0.2.0"
"""The one source of the version: ``pyproject.toml`` and ``CMakeLists.txt`` read it from here."""
