"""The version of the software, as every file that it writes states it."""

VERSION = "0.1.0"
