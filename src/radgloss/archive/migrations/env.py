"""Runs the numbered scripts beside this file on the connection that `archive.database` hands over.

Alembic loads this file under the name `env_py`; imported under any other name it does nothing."""

from alembic import context


def run() -> None:
    """Apply what is missing on the caller's connection, inside the caller's transaction."""
    context.configure(connection=context.config.attributes["connection"])
    context.run_migrations()


if __name__ == "env_py":
    run()
