"""PostgreSQL on three hosts by Deploy/postgres/patroni.yml, each with a member of etcd; hosts get lost and return."""

import json
import os
import signal
import urllib.request

import psycopg
import yaml

from failover.places import HOSTS, ROOT, free_port
from processes import BenchError, children_of, last_lines, wait_until
from server import binaries

PASSWORDS = {name: os.urandom(12).hex() for name in ("superuser", "replication", "rewind", "lectern")}
CONNINFO = "target_session_attrs=read-write&connect_timeout=3"


class Cluster:
    """Three hosts. The ports are the same on each, the addresses differ."""

    def __init__(self, place):
        self.place = place
        self.ports = {name: free_port() for name in ("postgres", "rest", "client", "peer")}
        self.hosts = {name: Host(self, name, address) for name, address in HOSTS.items()}

    def start(self):
        for host in self.hosts.values():
            host.start()
        wait_until("three members with a synchronous standby", self.is_whole, 120, pause=0.2)
        self._psql("-v", f"password={PASSWORDS['lectern']}", "-f", ROOT / "Deploy/postgres/roles.sql")

    def _psql(self, *arguments):
        self.place.children.run(
            [binaries() / "psql", "-X", "-q", *arguments,
             f"host={self.hosts[self.leader()].address} port={self.ports['postgres']} user=postgres dbname=postgres"],
            timeout=60, env=os.environ | {"PGPASSWORD": PASSWORDS["superuser"]})

    @property
    def url(self):
        """All hosts in one address, as Deploy/postgres/conninfo.md has it."""
        places = ",".join(f"{address}:{self.ports['postgres']}" for address in HOSTS.values())
        return f"postgresql://lectern:{PASSWORDS['lectern']}@{places}/lectern?{CONNINFO}"

    def connect(self):
        return psycopg.connect(self.url, autocommit=True)

    def members(self):
        """What the first host that answers says of all: name → its entry in Patroni's list."""
        for host in self.hosts.values():
            try:
                with urllib.request.urlopen(
                        f"http://{host.address}:{self.ports['rest']}/cluster", timeout=2) as answer:
                    return {member["name"]: member for member in json.load(answer)["members"]}
            except (OSError, ValueError):
                continue
        return {}

    def leader(self):
        """The name of the host that takes writes by its own word; None where there is none."""
        for name, host in self.hosts.items():
            try:
                with urllib.request.urlopen(
                        f"http://{host.address}:{self.ports['rest']}/primary", timeout=2) as answer:
                    if answer.status == 200:
                        return name
            except OSError:
                continue
        return None

    def is_whole(self):
        """One leader, one synchronous standby, one more; nobody lags."""
        for host in self.hosts.values():
            host.require_alive()
        members = self.members()
        roles = sorted(member["role"] for member in members.values())
        return roles == ["leader", "replica", "sync_standby"] and all(
            member["state"] in ("running", "streaming") and member.get("lag", 0) in range(1 << 20)
            and member["timeline"] == max(other["timeline"] for other in members.values())
            for member in members.values())

    def switch_over(self):
        """Asks for another primary, as an operator does before a host is taken away."""
        leader = self.leader()
        body = json.dumps({"leader": leader}).encode()
        request = urllib.request.Request(
            f"http://{self.hosts[leader].address}:{self.ports['rest']}/switchover", body,
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60):
            return leader


class Host:
    """The processes of one machine."""

    def __init__(self, cluster, name, address):
        self.cluster = cluster
        self.place = cluster.place
        self.name = name
        self.address = address
        self.folder = self.place.make_folder(name)
        self.etcd = self.patroni = None
        self.configuration = self.place.write(f"{name}.yml", yaml.safe_dump(self._configured()))

    def _configured(self):
        """The shipped file with this host's addresses and folders."""
        text = (ROOT / "Deploy/postgres/patroni.yml").read_text().replace("10.0.0.0/24", "127.0.0.0/8")
        file = yaml.safe_load(text)
        ports = self.cluster.ports
        file["name"] = self.name
        # There is no such device for a process; whoever freezes a host here plays the watchdog.
        file["watchdog"]["mode"] = "off"
        file["restapi"] = dict.fromkeys(("listen", "connect_address"), f"{self.address}:{ports['rest']}")
        file["etcd3"]["hosts"] = [f"{address}:{ports['client']}" for address in HOSTS.values()]
        file["postgresql"] |= dict.fromkeys(("listen", "connect_address"), f"{self.address}:{ports['postgres']}") | {
            "data_dir": str(self.folder / "data"), "bin_dir": str(binaries()),
            "pgpass": str(self.folder / "pgpass"), "parameters": {"unix_socket_directories": str(self.folder)}}
        return file

    def start(self):
        ports = self.cluster.ports
        peer, client = (f"http://{self.address}:{ports[kind]}" for kind in ("peer", "client"))
        self.etcd = self.place.start(f"{self.name}-etcd", [
            "/usr/bin/etcd", "--name", self.name, "--data-dir", self.folder / "etcd", "--logger", "zap",
            "--log-level", "warn", "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--listen-client-urls", client, "--advertise-client-urls", client, "--initial-cluster",
            ",".join(f"{name}=http://{address}:{ports['peer']}" for name, address in HOSTS.items())])
        # The system's own Python has what Patroni needs; the one of this program does not.
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"} | {
            f"PATRONI_{name.upper()}_PASSWORD": PASSWORDS[name] for name in ("superuser", "replication", "rewind")}
        self.patroni = self.place.start(
            f"{self.name}-patroni", ["/usr/bin/patroni", self.configuration], env=environment)

    def require_alive(self):
        for part, process in (("etcd", self.etcd), ("patroni", self.patroni)):
            if process.poll() is not None:
                log = self.place.log(f"{self.name}-{part}").read_text(errors="replace")
                raise BenchError(f"{part} of {self.name} ended with {process.returncode}: {last_lines(log)}")

    def postgres(self):
        """The process ids of the server: its first process, then those it started."""
        try:
            first = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return []
        return [first, *children_of(first)]

    def signal(self, how):
        """All processes at once, as when the machine loses its power or is frozen."""
        for pid in [self.patroni.pid, *self.postgres(), self.etcd.pid]:
            try:
                os.kill(pid, how)
            except ProcessLookupError:
                continue

    def lose(self):
        """No process gets to say good-bye."""
        self.signal(signal.SIGKILL)
        for process in (self.patroni, self.etcd):
            self.place.children.stop(process, how=signal.SIGKILL)

    def kill_server(self):
        """The database's first process alone; its children notice by themselves."""
        os.kill(self.postgres()[0], signal.SIGKILL)

    def stop(self):
        """Ends what runs; Patroni takes its server with it where it still can."""
        for process in (self.patroni, self.etcd):
            if process is not None:
                self.place.children.stop(process)
        for pid in self.postgres():
            try:
                os.kill(pid, signal.SIGQUIT)
            except ProcessLookupError:
                continue
