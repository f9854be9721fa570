"""Where the processes of one run live: addresses of the loopback network, free ports, an account without rights."""

import itertools
import os
import pathlib
import pwd
import random
import shutil
import socket
import tempfile

from processes import BenchError

HOSTS = {"db1": "127.0.0.11", "db2": "127.0.0.12", "db3": "127.0.0.13"}
ROOT = pathlib.Path(__file__).resolve().parents[3]
# Below the ports that the system lends to outgoing connections: whoever is killed finds its own free again.
_ports = itertools.cycle(random.sample(range(20_000, 32_000), 12_000))


def free_port():
    """A port that nobody uses on any address."""
    for port in _ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                continue
        return port
    raise BenchError("no port is free")


class Workplace:
    """A folder of the account that everything runs as."""

    def __init__(self, children):
        self.children = children
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lectern-failover-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.prefix = []
        self.owner = None
        if os.geteuid() == 0:
            self.owner = next(entry for entry in pwd.getpwall() if entry.pw_name in ("postgres", "nobody"))
            self.prefix = [
                "setpriv", f"--reuid={self.owner.pw_uid}", f"--regid={self.owner.pw_gid}", "--clear-groups", "--"]
            self._own(self.folder)

    def _own(self, path):
        if self.owner:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    def make_folder(self, name):
        path = self.folder / name
        path.mkdir()
        self._own(path)
        return path

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        self._own(path)
        return path

    def log(self, name):
        return self.folder / f"{name}.log"

    def start(self, name, command, env=None):
        """Starts a process of the account; what it says goes to a log of its name."""
        with open(self.log(name), "ab") as log:
            return self.children.start([*self.prefix, *command], env=env, stdout=log, stderr=log, cwd=self.folder)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
