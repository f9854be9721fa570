"""A throwaway PostgreSQL server on a free port of 127.0.0.1."""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import tempfile

import psycopg
from psycopg import sql

from processes import BenchError, children_of, cpu_seconds, wait_until

# Durable as in production. Larger than the defaults is only what keeps a checkpoint from falling into one of two
# rounds that are compared.
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "autovacuum": "on",
    "max_connections": "100",
    "listen_addresses": "127.0.0.1",
}
USER = "lectern"


def binaries():
    """The folder of the server's programs: LECTERN_PG_BIN, or the newest installed version."""
    if named := os.environ.get("LECTERN_PG_BIN"):
        return pathlib.Path(named)
    installed = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not installed:
        raise BenchError("no PostgreSQL server is installed; run Deploy/install")
    return installed[-1]


class Server:
    """The server, its databases and what it costs."""

    def __init__(self, children):
        self.children = children
        self.bin = binaries()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lectern-bench-"))
        self.process = None
        self.port = None

    def start(self):
        prefix = []
        if os.geteuid() == 0:
            # The server refuses to run as root.
            account = next(entry for entry in pwd.getpwall() if entry.pw_name in ("postgres", "nobody"))
            os.chown(self.folder, account.pw_uid, account.pw_gid)
            prefix = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "--"]
        data = self.folder / "data"
        self.children.run(
            [*prefix, self.bin / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale"],
            timeout=120)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with open(self.folder / "server.log", "ab") as log:
            self.process = self.children.start(
                [*prefix, self.bin / "postgres", "-D", data, "-p", self.port, "-k", self.folder, *settings],
                stdout=log, stderr=log)

        def answers():
            if self.process.poll() is not None:
                raise BenchError(f"PostgreSQL did not start, its log says: {self.log_tail()}")
            try:
                return self.connect("postgres").close() is None
            except psycopg.OperationalError:
                return False

        wait_until("PostgreSQL", answers, 60)

    def remove(self):
        if self.process is not None:
            # Immediate: nobody wants the data any more.
            self.children.stop(self.process, how=signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_tail(self, count=5):
        try:
            return "; ".join((self.folder / "server.log").read_text(errors="replace").splitlines()[-count:])
        except OSError as error:
            return str(error)

    def connect(self, database):
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, dbname=database, autocommit=True, connect_timeout=10)

    def create(self, name):
        with self.connect("postgres") as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def environment(self, database):
        """This environment with libpq's variables pointing at one database, and no others of libpq's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return kept | {
            "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": USER, "PGDATABASE": database,
        }

    def cpu_seconds(self):
        """All processes of the server; those that ended are in the postmaster's account."""
        return cpu_seconds(self.process.pid) + sum(cpu_seconds(pid) for pid in children_of(self.process.pid))

    def wal_bytes(self, connection):
        return int(connection.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()[0])

    def version(self):
        with self.connect("postgres") as connection:
            return connection.execute("SHOW server_version").fetchone()[0]
