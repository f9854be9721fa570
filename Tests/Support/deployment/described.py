"""What Deploy/ says of each process: command line, environment, secrets, how it is asked, how long it may take to leave.

Every source gives the same shape, so one test can start all of them. Names of processes are those of the executables
without `lectern-`; `migrate` is the one that ends by itself.
"""

import dataclasses
import pathlib
import re
import shlex

import kustomize
import units
import yaml

DEPLOY = pathlib.Path(__file__).resolve().parents[3] / "Deploy"
PROCESSES = ("migrate", "storage", "vectordal", "api", "sync-worker", "embed-worker", "personalize-worker")


@dataclasses.dataclass
class Process:
    command: list
    environment: dict
    # The place where secrets lie for the process, and the names of those that are given to it.
    secrets_at: str
    secrets: set
    # Seconds between SIGTERM and SIGKILL.
    grace: int
    # A command line that says whether the process is ready, or the path that is asked.
    health: list | str | None
    unit: str | None = None


def systemd():
    names = {"migrate": "lectern-migrate", "storage": "lectern-storage", "vectordal": "lectern-vectordal",
             "api": "lectern-api"}
    names |= {f"{kind}-worker": f"lectern-worker@{kind}" for kind in units.INSTANCES}
    return {name: of_unit(units.Unit(f"{unit}.service")) for name, unit in names.items()}


def of_unit(unit):
    for name, path in unit.credentials.items():
        assert path == f"/etc/lectern/credentials/{name}"
    return Process(
        command=unit.command, environment=unit.environment, secrets_at="%d", secrets=set(unit.credentials),
        grace=seconds(unit.one("TimeoutStopSec")), health=None, unit=unit.name)


def compose():
    services = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text())["services"]
    return {name: of_service(services[service]) for name, service in {
        name: f"worker-{name.removesuffix('-worker')}" if name.endswith("-worker") else name for name in PROCESSES
    }.items()}


def of_service(service):
    test = service.get("healthcheck", {}).get("test")
    assert test is None or test[0] == "CMD"
    return Process(
        command=service["command"], environment=image_environment() | service["environment"],
        secrets_at="/run/secrets", secrets=set(service["secrets"]), grace=seconds(service["stop_grace_period"]),
        health=test[1:] if test else None)


def image_environment():
    """What the image sets, besides the search path."""
    text = (DEPLOY / "docker/Dockerfile").read_text()
    words = shlex.split(re.search(r"^ENV ((?:.*\\\n)*.*)$", text, re.MULTILINE)[1].replace("\\\n", " "))
    pairs = dict(word.split("=", 1) for word in words)
    assert pairs.pop("PATH").startswith("/opt/lectern/bin:")
    return pairs


def kubernetes(overlay="prod"):
    objects = kustomize.build(DEPLOY / "kubernetes/overlays" / overlay)
    settings = next(one["data"] for one in objects if one["kind"] == "ConfigMap")
    found = {}
    for one in objects:
        if one["kind"] in {"Deployment", "StatefulSet", "Job"}:
            component = one["metadata"]["labels"]["app.kubernetes.io/component"]
            name = re.sub(r"^worker-(.+)$", r"\1-worker", component)
            found[name] = of_pod(kustomize.pod(one), settings)
    return found


def of_pod(pod, settings):
    (container,) = pod["containers"]
    environment = dict(image_environment())
    if "envFrom" in container:
        assert container["envFrom"] == [{"configMapRef": {"name": "lectern"}}]
        environment |= settings
    environment |= {one["name"]: one["value"] for one in container["env"]}
    (volume,) = (one["secret"] for one in pod["volumes"])
    (mounted,) = (one["mountPath"] for one in container["volumeMounts"] if one["name"] == "secrets")
    assert all(item["key"] == item["path"] for item in volume["items"])
    return Process(
        command=container["command"], environment=environment, secrets_at=mounted,
        secrets={item["path"] for item in volume["items"]}, grace=pod.get("terminationGracePeriodSeconds", 30),
        health=container["readinessProbe"]["httpGet"]["path"] if "readinessProbe" in container else None)


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(s|min)", text).groups()
    return int(number) * {"s": 1, "min": 60}[unit]


SOURCES = {"systemd": systemd, "compose": compose, "kubernetes": kubernetes}
