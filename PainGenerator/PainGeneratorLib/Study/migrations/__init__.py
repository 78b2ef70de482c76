"""The steps from each version of the tables of a registry to the next, run by Alembic; start with ``env.py``."""
