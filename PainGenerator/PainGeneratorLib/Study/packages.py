"""What the registry needs and Slicer does not bundle."""

from __future__ import annotations

from ..Numerics.core.errors import PainGeneratorError


def require_database_packages(for_server: bool = False) -> None:
    """Refuse to go on where SQLAlchemy or Alembic is missing.

    Parameters
    ----------
    for_server : bool
        Whether psycopg is needed, too, which speaks with PostgreSQL.

    Raises
    ------
    PainGeneratorError
        Says how to install them.
    """
    try:
        import alembic
        import sqlalchemy  # noqa: F401

        if for_server:
            import psycopg  # noqa: F401
    except ImportError as error:
        names = "sqlalchemy alembic psycopg[binary]" if for_server else "sqlalchemy alembic"
        raise PainGeneratorError(
            f"The registry needs the Python package {error.name or 'psycopg'}, which is not installed.",
            f"Install it: pip install 'pain-generator[study]'; in Slicer: slicer.util.pip_install('{names}').",
        ) from error
    del alembic
