"""The database's roles, in one place: for the embedded PostgreSQL, for the tests, and for `flask db roles`.

`cimaise_owner` owns the tables and runs the migrations. `cimaise_app` is what web and worker sign in as: it owns
nothing and is bound by row security. `cimaise_public` is what a cacheable page becomes: it reads projections.
`cimaise_dispatch` owns the functions that lease work across all museums and signs in nowhere. `cimaise_audit` reads the
schema `reporting` for outside checks. `cimaise_backup` is what the owner becomes to read a whole dump. Works on PostgreSQL 15 to 18.
"""

from __future__ import annotations

DATABASE = "cimaise"
OWNER = "cimaise_owner"
APPLICATION = "cimaise_app"
PUBLIC = "cimaise_public"
DISPATCH = "cimaise_dispatch"
AUDIT = "cimaise_audit"
BACKUP = "cimaise_backup"

ATTRIBUTES = {
    OWNER: "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION",
    # NOINHERIT: it becomes the public role when it says so, and its policies do not apply to it before.
    APPLICATION: "LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION",
    PUBLIC: "NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION",
    DISPATCH: "NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE BYPASSRLS NOREPLICATION",
    AUDIT: "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE BYPASSRLS NOREPLICATION",
    BACKUP: "NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE BYPASSRLS NOREPLICATION",
}


def role_statements() -> list[str]:
    """List the statements that make the roles, for a superuser; running them again changes nothing."""
    statements = []
    for role, attributes in ATTRIBUTES.items():
        statements.append(
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{role}') "
            f"THEN CREATE ROLE {role}; END IF; END $$"
        )
        statements.append(f"ALTER ROLE {role} WITH {attributes}")
    # The application may become the public role; the owner may hand its functions to the dispatching one.
    statements.append(f"GRANT {PUBLIC} TO {APPLICATION}")
    statements.append(f"GRANT {DISPATCH} TO {OWNER}")
    # Forced row security binds the owner too: a dump is read by a role that it does not bind, and that changes nothing.
    statements.append(f"GRANT pg_read_all_data TO {BACKUP}")
    statements.append(f"GRANT {BACKUP} TO {OWNER}")
    return statements


def create_database_statement(database: str = DATABASE) -> str:
    """Give the statement that makes the database; it cannot stand in a transaction."""
    return f"CREATE DATABASE {database} OWNER {OWNER} TEMPLATE template0 ENCODING 'UTF8'"


def database_statements(database: str = DATABASE) -> list[str]:
    """List the statements that close the database to all but its roles, to be run inside it by a superuser."""
    return [
        f"ALTER DATABASE {database} OWNER TO {OWNER}",
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {database} TO {APPLICATION}, {AUDIT}",
        f"ALTER DATABASE {database} SET timezone TO 'UTC'",
        f"ALTER SCHEMA public OWNER TO {OWNER}",
        *schema_statements(),
    ]


def schema_statements() -> list[str]:
    """List the statements that close the schema to all but its roles; its owner may run them."""
    return [
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {APPLICATION}, {PUBLIC}, {DISPATCH}",
    ]
