"""Each file of Deploy/ by the checker that was made for its kind."""

import pathlib
import socket

import pytest
import yaml

from checkers import DEPLOY, ROOT, below_root, check

SCRIPTS = sorted(
    path for path in DEPLOY.rglob("*")
    if path.is_file() and path.read_bytes()[:64].split(b"\n")[0] in (b"#!/usr/bin/env bash", b"#!/bin/sh"))
CI = sorted((DEPLOY / "ci/github").glob("*.yml"))
YAML = sorted(
    path for folder in ("Deploy", "Jobs") for end in ("yml", "yaml") for path in (ROOT / folder).rglob(f"*.{end}"))


@pytest.mark.parametrize("path", YAML, ids=below_root(YAML))
def test_yaml_is_well_formed_and_tidy(path):
    check("yamllint", "--strict", "--config-file", DEPLOY / "check.yamllint.yml", path)


@pytest.mark.parametrize("path", SCRIPTS, ids=below_root(SCRIPTS))
def test_scripts_hold_no_trap(path):
    check("shellcheck", path)


@pytest.mark.parametrize("path", CI, ids=below_root(CI))
def test_ci_files_give_nothing_away(path):
    check("zizmor", "--offline", "--quiet", path)


def test_the_reusable_workflow_has_the_shape_of_one():
    check("check-jsonschema", "--builtin-schema", "vendor.github-workflows", DEPLOY / "ci/github/resync.yml")


def test_haproxy_accepts_its_file():
    check("/usr/sbin/haproxy", "-c", "-f", DEPLOY / "haproxy/haproxy.cfg")


def test_the_dockerfile_is_sound():
    check("hadolint", "--failure-threshold", "style", DEPLOY / "docker/Dockerfile")


def test_the_compose_file_has_the_shape_of_one():
    check("check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "docker/compose.yaml")


def test_everything_but_what_the_image_needs_stays_outside_of_its_build():
    ignored = (DEPLOY / "docker/Dockerfile.dockerignore").read_text().splitlines()
    kept = {line[1:] for line in ignored if line[:1] == "!"}
    copied = {
        line.split()[1] for line in (DEPLOY / "docker/Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line}
    assert kept == copied
    assert all((ROOT / path).exists() for path in kept)


def test_patroni_accepts_its_file(tmp_path):
    """By a copy with addresses of this machine, since Patroni tries whether they are free and whether etcd answers."""
    text = (DEPLOY / "postgres/patroni.yml").read_text()
    about = yaml.safe_load(text)
    installed = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
    with socket.create_server(("127.0.0.2", 0)) as etcd, socket.create_server(("127.0.0.2", 0)) as probe:
        text = text.replace(about["postgresql"]["bin_dir"], str(installed[-1]))
        text = text.replace(about["postgresql"]["data_dir"], str(tmp_path / "data"))
        text = text.replace(":2379", f":{etcd.getsockname()[1]}").replace(":5432", f":{probe.getsockname()[1]}")
        for address in ("10.0.0.11", "10.0.0.12", "10.0.0.13"):
            text = text.replace(address, "127.0.0.2")
        probe.close()
        (tmp_path / "patroni.yml").write_text(text)
        check("patroni", "--validate-config", tmp_path / "patroni.yml")


def test_patroni_loses_its_place_no_sooner_than_it_has_tried_again():
    timing = yaml.safe_load((DEPLOY / "postgres/patroni.yml").read_text())["bootstrap"]["dcs"]
    assert timing["loop_wait"] + 2 * timing["retry_timeout"] <= timing["ttl"]
