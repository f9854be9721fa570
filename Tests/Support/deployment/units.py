"""Reads systemd units as systemd does where it matters here: order, repetition, resets, drop-ins by prefix."""

import pathlib
import re
import shlex
import subprocess

SYSTEMD = pathlib.Path(__file__).resolve().parents[3] / "Deploy/systemd"
INSTANCES = ("sync", "embed", "personalize")


def services():
    """The names of all services as they are started: a template once for each of its instances."""
    return sorted(
        name for path in SYSTEMD.glob("*.service")
        for name in ([path.name.replace("@", f"@{kind}") for kind in INSTANCES] if "@" in path.name else [path.name]))


class Unit:
    """A service with the drop-ins that its name draws in."""

    def __init__(self, name):
        self.name = name
        self.instance = name.partition("@")[2].removesuffix(".service")
        template = re.sub(r"@[^.]*", "@", name)
        self.entries = [
            entry for path in (SYSTEMD / template, SYSTEMD / "lectern-.service.d/50-common.conf")
            for entry in self.read(path)]

    @staticmethod
    def read(path):
        section = None
        for line in path.read_text().splitlines():
            line = line.strip()
            if line.startswith("["):
                section = line.strip("[]")
            elif line and line[0] not in "#;":
                key, value = line.split("=", 1)
                yield section, key, value

    def all(self, key, section="Service"):
        return [value.replace("%i", self.instance) for where, name, value in self.entries
                if (where, name) == (section, key)]

    def one(self, key, section="Service"):
        values = self.all(key, section)
        assert len(values) == 1, f"{self.name}: {key} stands {len(values)} times"
        return values[0]

    @property
    def environment(self):
        pairs = [pair for value in self.all("Environment") for pair in shlex.split(value)]
        return dict(pair.split("=", 1) for pair in pairs)

    @property
    def command(self):
        return shlex.split(self.one("ExecStart"))

    @property
    def credentials(self):
        """File names under /run/credentials, with where systemd reads them."""
        return dict(value.split(":", 1) for value in self.all("LoadCredential"))

    @property
    def system_calls(self):
        """The names of the system calls that the unit may make."""
        allowed = set()
        for value in self.all("SystemCallFilter"):
            names = {call for word in value.lstrip("~").split() for call in calls(word)}
            allowed = allowed - names if value.startswith("~") else allowed | names
        return allowed


def calls(word):
    """A system call, or those of a set, by systemd's own table."""
    if not word.startswith("@"):
        return {word}
    table = subprocess.run(
        ["systemd-analyze", "--no-pager", "syscall-filter", word], capture_output=True, text=True, check=True).stdout
    members = [line.strip() for line in table.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return {call for member in members for call in calls(member)}
