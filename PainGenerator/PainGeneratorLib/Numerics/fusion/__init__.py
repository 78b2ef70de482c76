"""Candidates: hot spots and MR findings are joined, named, weighed and ranked.

Start at :func:`.candidates.fuse`. :mod:`.joining` decides which signs belong together, :mod:`.ledger` weighs every sign
for and against, :mod:`.reading` sorts the result into three lists. :mod:`.parameters` holds what the protocol sets.
"""
