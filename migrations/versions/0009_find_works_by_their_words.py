"""Find works by their words: a column of words on museums, works and campaigns, kept by triggers.

The words of each language lose their accents, then their endings by PostgreSQL's own dictionaries; names are kept whole
besides, to be found by their beginnings. The question is taken apart by the same functions.
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = {
    "institutions": "name, city, region",
    "artworks": "title, maker, technique",
    "campaigns": "title, summary, story",
}
DICTIONARIES = {"fr": "french", "it": "italian", "en": "english"}


def _texts(*columns: str, path: str = "") -> str:
    """Write the words of texts `{locale: text}`, each by the dictionary of its language; `path` leads to the texts inside."""
    words = []
    for locale, dictionary in DICTIONARIES.items():
        said = ", ".join(f"jsonb_path_query_array({column}, '$.{locale}{path}')::text" for column in columns)
        words.append(f"to_tsvector('{dictionary}', folded(concat_ws(' ', {said})))")
    return " || ".join(words)


def _names(*columns: str) -> str:
    return f"to_tsvector('simple', folded(concat_ws(' ', {', '.join(columns)})))"


def _values(column: str) -> str:
    return f"(SELECT string_agg(value, ' ') FROM jsonb_each_text({column}))"


WORDS = {
    "institutions": f"setweight({_names('NEW.name', 'NEW.city', 'NEW.region')}, 'B')",
    "artworks": (
        f"setweight({_names(_values('NEW.title'), _values('NEW.maker'), _values('NEW.technique'))}, 'B')"
        f" || setweight({_texts('NEW.title', 'NEW.maker', 'NEW.technique')}, 'B')"
    ),
    "campaigns": (
        f"setweight({_names(_values('NEW.title'))}, 'A') || setweight({_texts('NEW.title')}, 'A')"
        f" || setweight({_texts('NEW.summary')}, 'C') || setweight({_texts('NEW.story', path='[*].text')}, 'D')"
    ),
}

FOLDED = r"""
CREATE FUNCTION folded(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public AS $$
  SELECT replace(replace(lower(regexp_replace(normalize(words, NFD), '[\u0300-\u036f]', '', 'g')), 'œ', 'oe'), 'æ', 'ae')
$$
"""
MEANT = """
CREATE FUNCTION words_meant(asked text) RETURNS tsquery LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, public AS $$
  SELECT plainto_tsquery('french', folded(asked)) || plainto_tsquery('italian', folded(asked))
    || plainto_tsquery('english', folded(asked))
    || to_tsquery('simple', coalesce(
      (SELECT string_agg(word || ':*', ' & ') FROM regexp_split_to_table(folded(asked), '[^a-z0-9]+') AS word WHERE word <> ''), ''))
$$
"""


def upgrade() -> None:
    """Add the columns and fill them."""
    op.execute(FOLDED)
    op.execute(MEANT)
    for function in ("folded(text)", "words_meant(text)"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO cimaise_app, cimaise_public")
    for table, columns in TABLES.items():
        op.execute(f"ALTER TABLE {table} ADD COLUMN words tsvector NOT NULL DEFAULT ''")
        op.execute(
            f"CREATE FUNCTION keep_words_of_{table}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$"
            f" BEGIN NEW.words := {WORDS[table]}; RETURN NEW; END $$"
        )
        op.execute(f"REVOKE EXECUTE ON FUNCTION keep_words_of_{table}() FROM PUBLIC")
        op.execute(
            f"CREATE TRIGGER keep_words BEFORE INSERT OR UPDATE OF {columns} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION keep_words_of_{table}()"
        )
    op.execute("SET LOCAL row_security = off")
    for table, columns in TABLES.items():
        first = columns.split(",", maxsplit=1)[0]
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"UPDATE {table} SET {first} = {first}")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute("SET LOCAL row_security = on")  # the steps after this one share its transaction


def downgrade() -> None:
    """Undo it."""
    for table in TABLES:
        op.execute(f"DROP TRIGGER keep_words ON {table}")
        op.execute(f"DROP FUNCTION keep_words_of_{table}()")
        op.drop_column(table, "words")
    op.execute("DROP FUNCTION words_meant(text)")
    op.execute("DROP FUNCTION folded(text)")
