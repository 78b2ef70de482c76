"""Aligns the series of a case to its reference series.

Start at :func:`.alignment.align_case`. Each pair is searched from coarse to fine scales
(:func:`.search.search_pair`, :mod:`.scales`), and :func:`.quality.judge` decides whether the result may be kept.
:mod:`.landmarks` reads pairs of points, :mod:`.transform_files` writes ITK transforms.
"""
