"""What Deploy/ says of the processes, carried out: the same command lines, settings, secrets and health checks, without
systemd, Docker or Kubernetes. The units run under their own system call filter, from an installation made by their script.
"""

import os
import pathlib
import pwd
import re
import shutil
import subprocess
import sys
import tempfile

import httpx
import pytest

from conftest import BIN, ROOT, SAMPLE_BOOK, Stack, clean_environment, kind_of, poll_text, running, wait_for

sys.path.insert(0, str(ROOT / "Tests/Support/deployment"))
import described  # noqa: E402

ACCOUNT = pwd.getpwnam("nobody")
TOKENS = ("storage-token", "vector-token", "ops-token")
# What a process needs at the least before it is killed: the drain of 25 s and ten more.
LEAST_GRACE = 35


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A file tree as Deploy/systemd/install leaves it; readable for the account that the units run as."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="lectern-root-", dir="/tmp"))
    root.chmod(0o755)
    install(root)
    yield root
    shutil.rmtree(root)


def install(root):
    subprocess.run([ROOT / "Deploy/systemd/install", BIN, "--root", root], check=True, capture_output=True)


class Described(Stack):
    """An installation whose processes run as one of the descriptions in Deploy/ says."""

    def __init__(self, folder, database, source, programs):
        super().__init__(folder, database)
        self.processes_described = described.SOURCES[source]()
        self.programs = programs
        self.folder.chmod(0o755)
        self.secrets = self.make_secrets()

    def make_secrets(self):
        """The values of all secrets; each process is given the files of its own."""
        values = {name: os.urandom(16).hex() for name in TOKENS}
        return values | dict.fromkeys(("database-url", "database-direct-url"), self.database.url)

    def secrets_of(self, name):
        folder = self.folder / f"{name}-secrets"
        if not folder.exists():
            folder.mkdir()
            for secret in self.processes_described[name].secrets:
                (folder / secret).write_text(self.secrets[secret])
            own(folder)
        return folder

    def arguments(self, name):
        about = self.processes_described[kind_of(name)]
        data = self.folder / "data" / name
        data.mkdir(parents=True, exist_ok=True)
        own(data)
        program, *flags = about.command
        flags = [str(data) if flag in ("${STATE_DIRECTORY}", "/var/lib/lectern") else flag for flag in flags]
        command = [str(self.programs / pathlib.Path(program).name), *flags]
        if about.unit:
            sandbox = ROOT / "Tests/Support/deployment/sandbox.py"
            return [sys.executable, sandbox, about.unit, str(ACCOUNT.pw_uid), "--", *command]
        return command

    def environment_of(self, name):
        """What is described; only addresses and places are this machine's."""
        about = self.processes_described[kind_of(name)]
        environment = {
            key: value.replace(about.secrets_at, str(self.secrets_of(kind_of(name))))
            for key, value in about.environment.items()}
        for key, value in environment.items():
            assert not key.endswith("_FILE") or pathlib.Path(value).is_file(), f"{name} is not given {value}"
        ports = {"LECTERN_PORT": str(self.ports[name])} if name in self.ports else {}
        return {"PATH": os.environ["PATH"]} | environment | ports | {
            "MCP_STORAGE_URL": f"http://127.0.0.1:{self.ports['storage']}/sse",
            "MCP_VECTOR_URL": f"http://127.0.0.1:{self.ports['vectordal']}/sse"}

    def run_migrate(self):
        return subprocess.run(
            self.arguments("migrate"), env=self.environment_of("migrate"), capture_output=True, text=True, timeout=60)

    def health(self, name):
        """Asks as the description says."""
        asked = self.processes_described[name].health
        if isinstance(asked, list):
            command = [BIN / asked[0], *(re.sub(r"(127\.0\.0\.1):\d+", rf"\1:{self.ports[name]}", word) for word in asked[1:])]
            return subprocess.run(command, env=clean_environment(), capture_output=True, timeout=20).returncode == 0
        return httpx.get(f"http://127.0.0.1:{self.ports[name]}{asked or '/readyz'}", timeout=5).status_code == 200


def own(path):
    """Gives a folder and what is in it to the account of the units."""
    if os.geteuid() == 0:
        for one in (path, *path.iterdir()):
            os.chown(one, ACCOUNT.pw_uid, ACCOUNT.pw_gid)


@pytest.fixture(params=described.SOURCES)
def deployed(request, cluster, installed):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lectern-deployed-", dir="/tmp"))
    programs = installed / "opt/lectern/bin" if request.param == "systemd" else BIN
    database = cluster.create(f"deployed-{request.param}-{request.node.name[:12]}")
    with running(Described(folder, database, request.param, programs)) as stack:
        yield stack
    shutil.rmtree(folder)


def test_the_processes_work_together_as_they_are_described(deployed):
    first = deployed.run_migrate()
    assert first.returncode == 0 and first.stdout.startswith("applied "), first.stderr
    assert deployed.run_migrate().stdout == "nothing to do\n"

    deployed.start("storage", "vectordal")
    deployed.start("api", "sync-worker", "embed-worker", "personalize-worker")
    for name in deployed.processes:
        wait_for(f"{name} to call itself healthy", lambda name=name: deployed.health(name))

    token = deployed.folder / "token"
    token.write_text(deployed.secrets["ops-token"])
    deployed.command("resync", "--path", SAMPLE_BOOK, "--url", deployed.api, "--token-file", token, "--wait",
                     "--timeout", "100")
    deployed.wait_until_embedded()
    with deployed.learner() as learner:
        assert learner.post("/api/personalize", json={"lesson_slug": "ch01-lab"}).status_code in (200, 202)
        poll_text(learner, "ch01-lab")
        answer = learner.post("/api/search", json={"query": "why do robots fall"}).json()
        assert answer["results"] and not answer.get("degraded")


def test_what_starts_before_the_schema_is_not_ready_and_needs_no_restart(deployed):
    deployed.start("storage", "vectordal")
    late = ("api", "sync-worker", "embed-worker", "personalize-worker")
    deployed.start(*late, ready=False)
    for name in late:
        wait_for(f"{name} to listen", lambda name=name: httpx.get(
            f"http://127.0.0.1:{deployed.ports[name]}/livez").status_code == 200)
        assert not deployed.is_ready(name)
    pids = deployed.pids()
    assert deployed.run_migrate().returncode == 0
    for name in late:
        wait_for(f"{name} to be ready", lambda name=name: deployed.is_ready(name))
    assert deployed.pids() == pids


@pytest.mark.parametrize("source", described.SOURCES)
def test_every_process_is_described_and_has_time_to_drain(source):
    processes = described.SOURCES[source]()
    assert processes.keys() == set(described.PROCESSES)
    for name, process in processes.items():
        if name != "migrate":
            assert process.grace >= LEAST_GRACE + 5, name


def test_a_second_installation_keeps_what_the_site_has_set(installed):
    secrets = installed / "etc/lectern/credentials"
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    assert before.keys() == set(TOKENS) and len(set(before.values())) == 3
    assert all(len(value) == 64 for value in before.values())
    assert all(path.stat().st_mode & 0o077 == 0 for path in (secrets, *secrets.iterdir()))
    install(installed)
    assert {path.name: path.read_text() for path in secrets.iterdir()} == before


class Moved(Described):
    """Processes that do not see the folder in which they were built, where their data files lie too."""

    def arguments(self, name):
        hide = 'mount -t tmpfs none "$0" && exec "$@"'
        return ["unshare", "--map-root-user", "--mount", "sh", "-c", hide, BIN.resolve(), *super().arguments(name)]


def test_the_programs_carry_their_data_files_with_them(cluster, installed, tmp_path):
    programs = installed / "opt/lectern/bin"
    with running(Moved(tmp_path, cluster.create("moved"), "compose", programs)) as stack:
        done = stack.run_migrate()
        assert done.returncode == 0 and done.stdout.startswith("applied "), done.stderr
        stack.start("storage", "vectordal")
        stack.start("api", "sync-worker", "embed-worker", "personalize-worker")
        stack.sync()
        with stack.client() as client, stack.learner() as learner:
            assert client.get("/").status_code == 200
            assert client.get("/ops", headers={"Authorization": f"Bearer {stack.secrets['ops-token']}"}).is_success
            assert learner.post("/api/personalize", json={"lesson_slug": "ch01-lab"}).is_success
            poll_text(learner, "ch01-lab")
            assert learner.get("/api/progress/recommendations").json()["recommendations"]
