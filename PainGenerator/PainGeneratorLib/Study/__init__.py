"""The registry of a study, its questionnaires, and its statistics.

Start with ``records.py``, which has the records of a study as plain data. ``registry.py`` keeps them in a database.
"""
