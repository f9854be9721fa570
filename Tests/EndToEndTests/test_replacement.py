"""API processes are replaced while clients work: behind HAProxy by the file in Deploy/ no request fails."""

import itertools
import pathlib
import re
import signal
import subprocess
import threading
import time

import httpx
import pytest

from conftest import ROOT, free_port, tail, wait_for

DELAY = 2


@pytest.fixture
def leaving_stack(fresh_stack):
    """An installation whose API processes say that they leave before they stop listening."""
    fresh_stack.environment = {"LECTERN_SHUTDOWN_DELAY_SECONDS": str(DELAY)}
    fresh_stack.start("storage", "vectordal")
    return fresh_stack


def test_a_leaving_api_answers_until_its_proxy_can_have_turned_away(leaving_stack):
    stack = leaving_stack
    stack.start("api")
    with stack.client() as client:
        assert "connection" not in client.post("/api/user/create").headers
        began = time.monotonic()
        stack.processes["api"].send_signal(signal.SIGTERM)
        wait_for("the API to say that it leaves", lambda: client.get("/readyz").status_code == 503)
        answer = client.post("/api/user/create")
        assert answer.status_code == 201
        assert answer.headers["connection"] == "close"
        assert client.get("/readyz").text == "the process is leaving\n"
        assert client.get("/livez").status_code == 200
        assert time.monotonic() - began < DELAY, "the machine was too slow to see it"
        assert stack.processes["api"].wait(40) == 0
        assert time.monotonic() - began >= DELAY
        with pytest.raises(httpx.ConnectError):
            client.get("/livez")


class Proxy:
    """HAProxy with Deploy/haproxy/haproxy.cfg; only addresses are changed."""

    def __init__(self, folder, api_ports):
        self.port = free_port()
        text = (ROOT / "Deploy/haproxy/haproxy.cfg").read_text()
        for before, after in (
                (r"10\.0\.0\.20:8080", f"127.0.0.1:{self.port}"), (r"10\.0\.0\.21:8000", f"127.0.0.1:{api_ports[0]}"),
                (r"10\.0\.0\.22:8000", f"127.0.0.1:{api_ports[1]}"), (r"127\.0\.0\.1:5000", f"127.0.0.1:{free_port()}"),
                (r"10\.0\.0\.1[123]:5432", f"127.0.0.1:{free_port()}")):
            text, count = re.subn(before, after, text)
            assert count > 0, before
        self.log = pathlib.Path(folder) / "haproxy.log"
        (pathlib.Path(folder) / "haproxy.cfg").write_text(text)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["/usr/sbin/haproxy", "-db", "-f", pathlib.Path(folder) / "haproxy.cfg"], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True)

    @property
    def url(self):
        assert self.process.poll() is None, tail(self.log)
        return f"http://127.0.0.1:{self.port}"

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def test_no_request_fails_while_both_api_processes_are_replaced(leaving_stack, tmp_path):
    stack = leaving_stack
    stack.start("api", "api-2")
    proxy = Proxy(tmp_path, [stack.ports["api"], stack.ports["api-2"]])
    over, answered, faults = threading.Event(), itertools.count(), []

    def work():
        with httpx.Client(base_url=proxy.url, timeout=40, trust_env=False) as client:
            while not over.wait(0.01):
                try:
                    answer = client.post("/api/user/create")
                    if answer.status_code != 201:
                        faults.append((answer.status_code, answer.text))
                except httpx.HTTPError as error:
                    faults.append(repr(error))
                next(answered)

    threads = [threading.Thread(target=work) for _ in range(6)]
    try:
        wait_for("the proxy to answer", lambda: httpx.post(f"{proxy.url}/api/user/create").status_code == 201)
        for thread in threads:
            thread.start()
        for name in ("api", "api-2"):
            assert stack.kill(name, signal.SIGTERM) == 0
            stack.start(name)
            number = "2" if name.endswith("-2") else "1"
            wait_for(f"{name} to be used again", lambda number=number: proxy.log.read_text().count(
                f"Server api/api{number} is UP") == 1)
    finally:
        over.set()
        for thread in threads:
            thread.join(60)
        proxy.stop()
    assert next(answered) > 100
    assert faults == []


def test_with_no_api_process_ready_clients_are_told_when_to_come_again(tmp_path):
    proxy = Proxy(tmp_path, [free_port(), free_port()])
    try:
        answer = wait_for("the proxy to answer", lambda: httpx.get(f"{proxy.url}/api/content/book"))
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert answer.json()["status"] == 503
    finally:
        proxy.stop()
