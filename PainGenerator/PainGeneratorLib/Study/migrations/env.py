"""Alembic runs this file: it hands over the connection of the registry, whose transaction is already open."""

from __future__ import annotations


def _run() -> None:
    from alembic import context

    from PainGeneratorLib.Study.tables import VERSION_TABLE

    connection = context.config.attributes["connection"]
    context.configure(connection=connection, version_table=VERSION_TABLE, transactional_ddl=False)
    context.run_migrations()


_run()
