"""What the registry needs and Slicer does not bundle."""

from __future__ import annotations

from ..Numerics.core.errors import PainGeneratorError

SLICER_PACKAGES = "sqlalchemy alembic psycopg[binary]"
"""What Slicer's pip installs for a registry."""


def missing_package(for_server: bool = False) -> str:
    """The first package that a registry needs and that is not installed; empty when all are.

    Parameters
    ----------
    for_server : bool
        Whether psycopg is needed, too, which speaks with PostgreSQL.
    """
    try:
        import alembic  # noqa: F401
        import sqlalchemy  # noqa: F401

        if for_server:
            import psycopg  # noqa: F401
    except ImportError as error:
        return error.name or "psycopg"
    return ""


def require_database_packages(for_server: bool = False) -> None:
    """Refuse to go on where a package is missing; see :func:`missing_package`.

    Raises
    ------
    PainGeneratorError
        Says how to install them.
    """
    missing = missing_package(for_server)
    if missing:
        raise PainGeneratorError(
            f"The registry needs the Python package {missing}, which is not installed.",
            "Install it: pip install 'pain-generator[study]'; "
            f"in Slicer: slicer.util.pip_install('{SLICER_PACKAGES}').",
        )
