"""Prometheus' own check of its files, and what holds between metrics, alerts, dashboards and runbooks."""

import json
import re
import subprocess
import sys

import pytest
import yaml

from conftest import DEPLOY, check

RULES = sorted((DEPLOY / "prometheus/rules").glob("*.yml"))
CASES = sorted((DEPLOY / "prometheus/tests").glob("*.yml"))
TABLE = yaml.safe_load((DEPLOY / "grafana/metrics.yaml").read_text())
DASHBOARDS = sorted(f"{name}.json" for name in TABLE["dashboards"])
SUFFIXES = {"counter": [""], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
# The series that may be named: those of the table, with what a histogram is made of.
SERIES = {metric["name"] + suffix for metric in TABLE["metrics"] for suffix in SUFFIXES[metric["type"]]} | {
    probe["name"] for probe in TABLE["probes"]}
LABELS = {"job", "role", "instance", "le"} | {label for metric in TABLE["metrics"] for label in metric["labels"]}


def rules():
    return [rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def alerts():
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def recorded():
    return {rule["record"] for rule in rules() if "record" in rule}


def named(expression):
    """The series in an expression: words before braces, brackets or operators that are no function and no label."""
    without_texts = re.sub(r'"[^"]*"', '""', expression)
    words = set(re.findall(r"\b(?:lectern|up|probe)[a-z0-9_:]*", without_texts))
    return words - {"lectern"}


def labels_of(expression):
    inside = [part for part in re.findall(r"\{([^}]*)\}|\bby \(([^)]*)\)", expression)]
    return set(re.findall(r"[a-z_]+(?==|!|\s*,|\s*$)", ",".join(first or second for first, second in inside)))


def drawn():
    for name in DASHBOARDS:
        path = DEPLOY / "grafana" / name
        for panel in json.loads(path.read_text())["panels"]:
            yield name, panel


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_rules_can_be_read(path):
    check("promtool", "check", "rules", path)


def test_the_scrape_configuration_can_be_read():
    check("promtool", "check", "config", DEPLOY / "prometheus/prometheus.yml")


def test_the_blackbox_exporter_can_read_its_module():
    check("prometheus-blackbox-exporter", "--config.check", f"--config.file={DEPLOY / 'prometheus/blackbox.yml'}")
    asked = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())["scrape_configs"]
    modules = yaml.safe_load((DEPLOY / "prometheus/blackbox.yml").read_text())["modules"]
    assert {one for job in asked for one in job.get("params", {}).get("module", [])} == modules.keys()


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_alerts_fire_when_they_should_and_only_then(path):
    check("promtool", "test", "rules", path)


def test_every_alert_is_tried_both_ways():
    fired, quiet = set(), set()
    for one in [case for path in CASES for case in yaml.safe_load(path.read_text())["tests"]]:
        for case in one["alert_rule_test"]:
            (fired if case["exp_alerts"] else quiet).add(case["alertname"])
    assert fired == alerts().keys()
    # An alert that names one trouble and passes over its neighbour in the same moment is quiet about that one.
    assert alerts().keys() - quiet <= {"LecternCommitsFenced", "LecternModelFails", "LecternModelSlow"}


def test_alerts_name_only_metrics_that_are_exported():
    for rule in rules():
        assert named(rule["expr"]) <= SERIES | recorded(), rule
        assert labels_of(rule["expr"]) <= LABELS, rule


@pytest.mark.parametrize("name", sorted(alerts()))
def test_every_alert_says_how_urgent_it_is_and_has_a_page(name):
    rule = alerts()[name]
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook"}
    assert rule["annotations"]["runbook"] == f"Deploy/runbooks/{name}.md"
    text = (DEPLOY / "runbooks" / f"{name}.md").read_text()
    assert text.startswith(f"# {name}\n")
    for part in ("## What to look at", "## What to do"):
        assert part in text


def test_no_page_is_left_of_an_alert_that_is_gone():
    assert {path.stem for path in (DEPLOY / "runbooks").glob("*.md")} - {"README"} == alerts().keys()


def test_dashboards_are_what_the_table_says():
    done = subprocess.run(
        [sys.executable, DEPLOY / "grafana/generate", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_metric_is_drawn_and_nothing_else():
    expressions = [target["expr"] for _, panel in drawn() for target in panel["targets"]]
    shown = set().union(*map(named, expressions))
    assert shown <= SERIES
    for metric in TABLE["metrics"]:
        assert any(metric["name"] + suffix in shown for suffix in SUFFIXES[metric["type"]]), metric["name"]
    for expression in expressions:
        assert labels_of(expression) <= LABELS, expression


def test_prometheus_understands_every_panel(tmp_path):
    expressions = [target["expr"] for _, panel in drawn() for target in panel["targets"]]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": [
        {"record": f"panel:{index}", "expr": expression.replace("$__rate_interval", "5m")}
        for index, expression in enumerate(expressions)]}]}))
    check("promtool", "check", "rules", file)
