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
    database.query(broken.replace("%", "%%"))


def dropped_notify(database):
    """Nobody hears that there is work: a function that does nothing stands before the server's own."""
    database.query(
        "CREATE FUNCTION crash.pg_notify(text, text) RETURNS void LANGUAGE sql AS 'SELECT'")
    database.query(f'ALTER DATABASE "{database.name}" SET search_path = crash, pg_catalog, public')
