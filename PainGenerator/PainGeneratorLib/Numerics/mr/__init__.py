"""Structural findings on MR.

Start at :func:`.findings.find_mr_findings`. :mod:`.signal` removes the shading and brings all series to one grid,
:mod:`.tissue_map` and :mod:`.marrow` recognize tissues, and :mod:`.implant` finds metal. The named rules of
:mod:`.rule_lists` decide what a place is.
"""
