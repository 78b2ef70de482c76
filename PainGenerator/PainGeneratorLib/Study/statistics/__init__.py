"""The statistics of a study: each module takes counts or arrays and gives plain dictionaries of numbers.

The numbers come from scipy and statsmodels; docs/statistics.md names the source of every method. Start with
``proportions.py``.
"""
