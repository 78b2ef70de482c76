"""The version of the software; every file that the software writes names it."""

VERSION = "0.1.0"
