"""Align the series of a case to its reference series.

Start at :func:`.alignment.align_case`. Each pair of images is aligned from coarse to fine scales
(:func:`.search.search_pair`, :mod:`.scales`). :func:`.quality.judge` decides whether the result is kept.
:mod:`.landmarks` reads pairs of points, :mod:`.transform_files` writes ITK transforms.
"""
