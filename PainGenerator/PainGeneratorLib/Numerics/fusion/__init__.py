"""Candidates: hot spots and MR findings are joined, named, scored and ranked.

Start at :func:`.candidates.fuse`. :mod:`.joining` decides which signs belong together, :mod:`.set_apart` what is usual
at its place, :mod:`.scoring` flags and score. :mod:`.parameters` holds what the protocol sets.
"""
