"""An engine broken on purpose: the audit is worth something only if it catches these.

The product has no switches for it. The database under trial is broken instead: a function of the queue is replaced by
one without the safeguard, or stands aside for another.
"""

import re


def edit_function(database, name, pattern, replacement):
    """Replaces a part of a function of the queue by another text; the part has to be there."""
    (source,), = database.query("SELECT pg_get_functiondef(%s::regproc)", name)
    broken, changes = re.subn(pattern, replacement, source)
    assert changes, f"{name} has nothing that looks like {pattern}:\n{source}"
    database.query(broken)


def unfenced(database):
    """The end of a run no longer has to name the lease's token: whoever knows the job may end it."""
    edit_function(database, "lectern.finish", r"AND l\.token = i\.token ", "")
    edit_function(database, "lectern.end_jobs", r"AND l\.token = i\.token\b", "")


def trusted_hint(database):
    """The claim believes every hint it was ever given: what comes back to its old place stands below it."""
    database.query("CREATE TABLE crash.hint (lane int PRIMARY KEY, tag bigint NOT NULL)")
    database.query("""
        CREATE FUNCTION crash.trusted(hints bigint[]) RETURNS bigint[] LANGUAGE sql AS $$
          INSERT INTO crash.hint AS h (lane, tag) SELECT n, tag FROM unnest(hints) WITH ORDINALITY AS i (tag, n)
          ON CONFLICT (lane) DO UPDATE SET tag = greatest(h.tag, excluded.tag);
          SELECT array_agg(tag ORDER BY lane) FROM crash.hint
        $$""")
    edit_function(database, "lectern.claim", r"::smallint\[\], hints\)", "::smallint[], crash.trusted(hints))")


def dropped_notify(database):
    """Nobody hears that there is work: a function that does nothing stands before the server's own."""
    database.query(
        "CREATE FUNCTION crash.pg_notify(text, text) RETURNS void LANGUAGE sql AS 'SELECT'")
    database.query(f'ALTER DATABASE "{database.name}" SET search_path = crash, pg_catalog, public')
