"""PgBouncer by the file in Deploy/, the role by its script, an address of two hosts: what is shipped, as it is."""

import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile

import psycopg
import pytest

from conftest import ROOT, Database, Stack, free_port, poll_text, running, tail, wait_for

PASSWORD = "a password with 'quotes'"
ROLES = ROOT / "Deploy/postgres/roles.sql"


def run_roles(cluster, *variables):
    return subprocess.run(
        [shutil.which("psql"), "-X", "-q", "-h", "127.0.0.1", "-p", str(cluster.port), "-U", "admin", "-d", "postgres",
         *variables, "-f", ROLES], capture_output=True, text=True, timeout=30)


@pytest.fixture
def site(own_cluster):
    """A server whose superuser is `admin`, with nothing of Lectern yet."""
    address = {"host": "127.0.0.1", "port": own_cluster.port, "dbname": "postgres", "autocommit": True}
    with psycopg.connect(user="lectern", **address) as connection:
        connection.execute("CREATE ROLE admin SUPERUSER LOGIN")
    with psycopg.connect(user="admin", **address) as connection:
        connection.execute("ALTER ROLE lectern RENAME TO former")
    return own_cluster


def test_the_role_may_do_its_work_and_no_more(site, tmp_path):
    for _ in range(2):
        done = run_roles(site, "-v", f"password={PASSWORD}")
        assert done.returncode == 0, done.stderr
    database = Database(site, "lectern")
    Stack(tmp_path, database).migrate()
    rights = "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = %s"
    assert database.query(rights, "lectern") == [(False,) * 5]
    assert database.value("SHOW idle_in_transaction_session_timeout") == "1min"
    for forbidden in ("CREATE DATABASE other", "CREATE ROLE other", "SELECT pg_read_file('/etc/passwd')"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.query(forbidden)


def test_without_a_password_no_role_is_made(site):
    done = run_roles(site)
    assert "say -v password" in done.stdout
    with psycopg.connect(host="127.0.0.1", port=site.port, user="admin", dbname="postgres") as connection:
        assert connection.execute("SELECT count(*) FROM pg_roles WHERE rolname = 'lectern'").fetchone() == (0,)


class Pooler:
    """PgBouncer with Deploy/pgbouncer/pgbouncer.ini; only addresses and the place of the password file are changed."""

    def __init__(self, cluster, name):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lectern-pgbouncer-", dir="/tmp"))
        self.port = free_port()
        (self.folder / "userlist.txt").write_text('"lectern" "secret"\n')
        text = (ROOT / "Deploy/pgbouncer/pgbouncer.ini").read_text()
        for before, after in (
                (r"host=127\.0\.0\.1 port=5432 dbname=lectern", f"host=127.0.0.1 port={cluster.port} dbname={name}"),
                (r"listen_port = 6432", f"listen_port = {self.port}"),
                (r"/etc/pgbouncer/userlist\.txt", str(self.folder / "userlist.txt"))):
            text, count = re.subn(before, after, text)
            assert count == 1, before
        (self.folder / "pgbouncer.ini").write_text(text)
        prefix = []
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, account.pw_uid, account.pw_gid)
            prefix = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "--"]
        self.log = self.folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*prefix, "/usr/sbin/pgbouncer", self.folder / "pgbouncer.ini"], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True)
        self.url = f"postgresql://lectern:secret@127.0.0.1:{self.port}/lectern"

    def answers(self):
        assert self.process.poll() is None, tail(self.log)
        with psycopg.connect(self.url, prepare_threshold=None) as connection:
            return connection.execute("SELECT 1").fetchone()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        shutil.rmtree(self.folder)


def test_everything_works_through_the_pooler_as_it_is_shipped(cluster, tmp_path):
    database = cluster.create("pooled")
    pooler = Pooler(cluster, "pooled")
    try:
        wait_for("PgBouncer", pooler.answers)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(pooler.url.replace("secret", "guess"))
        environment = {"DATABASE_URL": pooler.url, "DATABASE_DIRECT_URL": database.url}
        with running(Stack(tmp_path, database, environment)) as stack:
            stack.start_all()
            stack.sync()
            stack.wait_until_embedded()
            with stack.learner() as learner:
                assert learner.post("/api/personalize", json={"lesson_slug": "ch01-lab"}).is_success
                poll_text(learner, "ch01-lab")
            stack.command("verify")
            assert "ok\twake-ups" in stack.command("doctor").stdout
            stack.environment = {"DATABASE_URL": pooler.url}
            assert "warning\twake-ups" in stack.command("doctor").stdout
    finally:
        pooler.stop()


def test_an_address_of_two_hosts_finds_the_one_that_takes_writes(cluster, tmp_path):
    database = cluster.create("hosts")
    url = (f"postgresql://lectern@127.0.0.1:{free_port()},127.0.0.1:{cluster.port}/hosts"
           "?target_session_attrs=read-write&connect_timeout=3")
    with running(Stack(tmp_path, database, {"DATABASE_URL": url})) as stack:
        stack.start_all()
        stack.sync()
        assert "ok\twake-ups" in stack.command("doctor").stdout
