"""HAProxy and PgBouncer by the files in Deploy/, with the addresses of this run."""

import re

from failover.cluster import PASSWORDS
from failover.places import HOSTS, ROOT, free_port


def configured(path, *changes):
    """The text of a shipped file after changes, each of which must hit at least once."""
    text = (ROOT / path).read_text()
    for before, after in changes:
        text, count = re.subn(before, after, text)
        assert count > 0, f"{path} has no {before}"
    return text


class Front:
    """What stands between clients, Lectern's processes and the primary."""

    def __init__(self, place, cluster, api_ports):
        self.place = place
        self.ports = {name: free_port() for name in ("api", "primary", "pooler")}
        ports = cluster.ports
        hosts = [(re.escape(f"10.0.0.{number}:5432"), f"{address}:{ports['postgres']}")
                 for number, address in zip((11, 12, 13), HOSTS.values())]
        self.haproxy = place.write("haproxy.cfg", configured(
            "Deploy/haproxy/haproxy.cfg", (r"10\.0\.0\.20:8080", f"127.0.0.1:{self.ports['api']}"),
            (r"10\.0\.0\.21:8000", f"127.0.0.1:{api_ports[0]}"), (r"10\.0\.0\.22:8000", f"127.0.0.1:{api_ports[1]}"),
            (r"127\.0\.0\.1:5000", f"127.0.0.1:{self.ports['primary']}"), (r"port 8008", f"port {ports['rest']}"),
            *hosts))
        users = place.write("userlist.txt", f'"lectern" "{PASSWORDS["lectern"]}"\n')
        self.pgbouncer = place.write("pgbouncer.ini", configured(
            "Deploy/pgbouncer/pgbouncer.ini",
            (r"host=127\.0\.0\.1 port=5432", f"host=127.0.0.1 port={self.ports['primary']}"),
            (r"listen_port = 6432", f"listen_port = {self.ports['pooler']}"),
            (r"/etc/pgbouncer/userlist\.txt", str(users))))

    def start(self):
        self.place.start("haproxy", ["/usr/sbin/haproxy", "-W", "-db", "-f", self.haproxy])
        self.place.start("pgbouncer", ["/usr/sbin/pgbouncer", self.pgbouncer])

    @property
    def pooled_url(self):
        return f"postgresql://lectern:{PASSWORDS['lectern']}@127.0.0.1:{self.ports['pooler']}/lectern"

    @property
    def api(self):
        return "127.0.0.1", self.ports["api"]
