"""Joins hot spots and MR findings into candidates and ranks them.

Start at :mod:`.candidates`.
"""
