"""Prometheus and its blackbox exporter with the files in Deploy/, reading a running installation."""

import re
import shutil
import subprocess

import httpx
import pytest

from conftest import ROOT, free_port, tail, wait_for

FILES = ROOT / "Deploy/prometheus"
PORTS = {8000: "api", 8001: "storage", 8002: "vectordal", 9101: "sync-worker", 9102: "embed-worker",
         9103: "personalize-worker"}


class Monitoring:
    """Both programs; addresses and the interval are this machine's, everything else is what is shipped."""

    def __init__(self, stack, folder):
        self.folder = folder
        self.port, exporter = free_port(), free_port()
        text = (FILES / "prometheus.yml").read_text()
        for shipped, name in PORTS.items():
            text, count = re.subn(rf"127\.0\.0\.1:{shipped}\b", f"127.0.0.1:{stack.ports[name]}", text)
            assert count, shipped
        text = text.replace("127.0.0.1:9115", f"127.0.0.1:{exporter}").replace("15s", "1s")
        text = text.replace("rules/*.yml", str(FILES / "rules/*.yml"))
        (folder / "prometheus.yml").write_text(text)
        self.processes = [
            self.start("prometheus-blackbox-exporter", f"--config.file={FILES / 'blackbox.yml'}",
                       f"--web.listen-address=127.0.0.1:{exporter}"),
            self.start("prometheus", f"--config.file={folder / 'prometheus.yml'}",
                       f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{self.port}"),
        ]

    def start(self, program, *flags):
        with open(self.folder / f"{program}.log", "wb") as log:
            return subprocess.Popen(
                [shutil.which(program), *flags], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)

    def is_ready(self):
        assert all(process.poll() is None for process in self.processes), tail(self.folder / "prometheus.log")
        return httpx.get(f"http://127.0.0.1:{self.port}/-/ready").status_code == 200

    def ask(self, query):
        """The value of each series, by its role."""
        answer = httpx.get(f"http://127.0.0.1:{self.port}/api/v1/query", params={"query": query}).json()
        assert answer["status"] == "success", answer
        return {one["metric"].get("role", ""): float(one["value"][1]) for one in answer["data"]["result"]}

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait(20)


@pytest.fixture
def monitoring(stack, tmp_path):
    watch = Monitoring(stack, tmp_path)
    try:
        wait_for("Prometheus to have started", watch.is_ready)
        yield watch
    finally:
        watch.stop()


def test_every_process_is_read_and_asked_as_it_is_shipped(stack, monitoring):
    workers = {"sync": 1.0, "embed": 1.0, "personalize": 1.0}
    readable = 'up{job=~"lectern-(api|worker)"}'
    wait_for("all metrics to be read", lambda: monitoring.ask(readable) == {"api": 1.0} | workers)
    everyone = workers | {"api": 1.0, "storage": 1.0, "vectordal": 1.0}
    wait_for("all to be ready", lambda: monitoring.ask('probe_success{job="lectern-ready"}') == everyone)
    wait_for("the objective to be measured", lambda: monitoring.ask("lectern:api_unready:ratio_5m < 1"))
    assert monitoring.ask('sum by (role) (lectern_poll_claims_total)').keys() == workers.keys()
    away = 'ALERTS{alertname=~"LecternNoApi|LecternNoWorker|LecternProcessDown"}'
    wait_for("nothing to be away", lambda: not monitoring.ask(away))

    stack.kill("vectordal")
    try:
        wait_for("one not to be ready", lambda: monitoring.ask("probe_success") == everyone | {"vectordal": 0.0})
        wait_for("the alert to wait for its time", lambda: monitoring.ask('ALERTS{alertname="LecternNotReady"}') == {
            "vectordal": 1.0})
    finally:
        stack.start("vectordal")
