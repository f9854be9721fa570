"""The table behind dashboards and alerts (Deploy/grafana/metrics.yaml) beside what processes really export."""

import re
import signal

import httpx
import pytest
import yaml

from conftest import ROOT, WORKERS, Stack, kind_of, make_book, running, wait_for

TABLE = {one["name"]: one for one in yaml.safe_load((ROOT / "Deploy/grafana/metrics.yaml").read_text())["metrics"]}


def exported(stack, name):
    """The families of one process: type and names of labels."""
    page = httpx.get(f"http://127.0.0.1:{stack.ports[name]}/metrics").text
    families = {}
    for line in page.splitlines():
        if line.startswith("# TYPE "):
            _, _, family, kind = line.split()
            families[family] = (kind, set())
        elif not line.startswith("#"):
            series, labels = re.match(r"([a-z_0-9]+)(?:\{(.*)\})? ", line).groups()
            family = series if series in families else re.sub(r"_(bucket|sum|count)$", "", series)
            families[family][1].update(set(re.findall(r'(\w+)="', labels or "")) - {"le"})
    return families


@pytest.fixture
def with_model(cluster, tmp_path):
    """An installation whose lessons a scripted model writes, and that model's address."""
    with running(Stack(tmp_path, cluster.create("metrics"))) as stack:
        provider = stack.scripted_provider()
        stack.environment = {
            "CHAT_BASE_URL": f"{provider}/v1", "CHAT_MODEL": "scripted", "LECTERN_DRAIN_SECONDS": "1"}
        stack.migrate()
        stack.start("storage", "vectordal")
        stack.start("api", "sync-worker", "embed-worker", "personalize-worker")
        stack.sync(make_book(tmp_path / "book", 2))
        stack.wait_until_embedded()
        yield stack, provider


def test_the_table_is_what_is_exported(with_model):
    stack, provider = with_model
    with stack.learner() as learner:
        learner.post("/api/personalize", json={"lesson_slug": "ch01-lesson-1"})
        wait_for("a model to be asked", lambda: "lectern_llm_tokens_total" in exported(stack, "personalize-worker"))
        # The worker that holds the second lesson is stopped in the middle; another takes it, then the first goes on.
        httpx.post(f"{provider}/script", json={"behaviours": ["slow,ms=4000"], "repeat": True})
        learner.post("/api/personalize", json={"lesson_slug": "ch01-lesson-2"})
        held = "SELECT count(*) FROM lectern.lease WHERE kind = 'personalize_lesson'"
        wait_for("the second lesson to be begun", lambda: stack.database.value(held) == 1)
        stack.processes["personalize-worker"].send_signal(signal.SIGSTOP)
        try:
            stack.start("personalize-worker-2")
            wait_for("the job to be taken over", lambda: any(
                "lectern_leases_expired_total" in exported(stack, name)
                for name in ("sync-worker", "embed-worker", "personalize-worker-2")), 40)
        finally:
            stack.processes["personalize-worker"].send_signal(signal.SIGCONT)

    for name in (*WORKERS, "personalize-worker-2", "api"):
        for family, (kind, labels) in exported(stack, name).items():
            assert family in TABLE, f"{name} exports {family}, which is not in the table"
            assert kind_of(name) in TABLE[family]["from"], (name, family)
            assert (kind, labels) == (TABLE[family]["type"], set(TABLE[family]["labels"])), family
    seen = {family for name in (*WORKERS, "personalize-worker-2") for family in exported(stack, name)}
    # A worker that wakes up mostly hears that it was given up before its runs end; ends that are refused need luck.
    assert TABLE.keys() - seen <= {"lectern_fenced_commits_total"}
