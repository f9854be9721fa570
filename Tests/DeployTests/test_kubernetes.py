"""The objects that each overlay comes to: valid for the cluster, as restricted as they can be, and able to drain."""

import json
import math
import re
import shutil

import pytest
import yaml

import kustomize
from checkers import DEPLOY, check

OVERLAYS = sorted(path.name for path in (DEPLOY / "kubernetes/overlays").iterdir())
DRAIN_SECONDS = 35
# Kinds of KEDA, for which there are no schemas here; checked by a test of their own below.
KEDA = {"ScaledObject", "TriggerAuthentication"}


@pytest.fixture(params=OVERLAYS)
def objects(request):
    return kustomize.build(DEPLOY / "kubernetes/overlays" / request.param)


def of_kind(objects, *kinds):
    return [one for one in objects if one["kind"] in kinds]


def workloads(objects):
    return of_kind(objects, "Deployment", "StatefulSet", "Job")


def test_objects_are_valid_to_the_last_field(objects, tmp_path):
    path = tmp_path / "objects.yaml"
    path.write_text(yaml.safe_dump_all([one for one in objects if one["kind"] not in KEDA]))
    check("kubernetes-validate", "--strict", "--quiet", path)


if shutil.which("kubectl"):

    @pytest.mark.parametrize("overlay", OVERLAYS)
    def test_kubectl_comes_to_the_same_objects(overlay):
        folder = DEPLOY / "kubernetes/overlays" / overlay
        theirs = yaml.safe_load_all(check("kubectl", "kustomize", folder))

        def by_name(objects):
            return {(one["kind"], one["metadata"]["name"]): one for one in objects}

        assert by_name(kustomize.build(folder)) == by_name(theirs)


def test_every_object_lives_in_one_namespace(objects):
    assert len({one["metadata"]["namespace"] for one in objects}) == 1


def test_containers_may_do_nothing_but_their_work(objects):
    """What the Pod Security Standard `restricted` asks for, and a file system that cannot be written."""
    for one in workloads(objects):
        pod = kustomize.pod(one)
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
            assert "memory" in container["resources"]["limits"]


def test_pods_have_the_time_that_the_processes_take_to_leave(objects):
    for one in of_kind(objects, "Deployment", "StatefulSet"):
        pod = kustomize.pod(one)
        (container,) = pod["containers"]
        pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        assert pod["terminationGracePeriodSeconds"] >= pause + DRAIN_SECONDS + 5, one["metadata"]["name"]
        assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_selectors_meet_their_own_pods_and_no_others(objects):
    pods = {one["metadata"]["name"]: one["spec"]["template"]["metadata"]["labels"] for one in workloads(objects)}

    def met(selector):
        return {name for name, labels in pods.items() if selector.items() <= labels.items()}

    for one in of_kind(objects, "Deployment", "StatefulSet", "PodDisruptionBudget"):
        assert met(one["spec"]["selector"]["matchLabels"]) == {one["metadata"]["name"]}
    for one in of_kind(objects, "Service"):
        assert met(one["spec"]["selector"]) == {one["metadata"]["name"]}
        (port,) = one["spec"]["ports"]
        (owner,) = (each for each in workloads(objects) if each["metadata"]["name"] == one["metadata"]["name"])
        assert port["targetPort"] in {each["name"] for each in kustomize.pod(owner)["containers"][0]["ports"]}


def test_evictions_take_one_process_at_a_time_and_are_never_stopped_by_a_sick_one(objects):
    budgets = {one["metadata"]["name"]: one["spec"] for one in of_kind(objects, "PodDisruptionBudget")}
    assert budgets.keys() == {one["metadata"]["name"] for one in of_kind(objects, "Deployment")}
    for budget in budgets.values():
        assert budget["maxUnavailable"] == 1
        assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_the_network_is_closed_but_for_named_ways(objects):
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind(objects, "NetworkPolicy")}
    assert policies["lectern-default"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name, policy in policies.items():
        for rule in policy.get("egress", []) + policy.get("ingress", []):
            assert rule["ports"], f"{name} opens every port"
    (outside,) = policies["lectern-models"]["egress"]
    assert "169.254.0.0/16" in outside["to"][0]["ipBlock"]["except"], "a cloud's metadata service"
    assert [port["port"] for port in outside["ports"]] == [443]


def test_a_number_that_a_scaler_sets_stands_in_no_manifest(objects):
    deployments = {one["metadata"]["name"]: one["spec"] for one in of_kind(objects, "Deployment")}
    scaled = {
        one["spec"]["scaleTargetRef"]["name"] for one in of_kind(objects, "ScaledObject", "HorizontalPodAutoscaler")}
    assert scaled <= deployments.keys()
    for name, spec in deployments.items():
        assert ("replicas" in spec) == (name not in scaled), name


def test_scaled_objects_ask_a_bounded_question_and_scale_in_slowly():
    objects = kustomize.build(DEPLOY / "kubernetes/overlays/keda")
    accounts = {one["metadata"]["name"] for one in of_kind(objects, "TriggerAuthentication")}
    scaled = of_kind(objects, "ScaledObject")
    assert {one["metadata"]["name"] for one in scaled} == {
        "lectern-worker-sync", "lectern-worker-embed", "lectern-worker-personalize"}
    slots = yaml.safe_load((DEPLOY.parent / "Jobs/queues.yaml").read_text())["queues"]
    for one in scaled:
        spec = one["spec"]
        assert spec.keys() <= {
            "scaleTargetRef", "pollingInterval", "minReplicaCount", "maxReplicaCount", "fallback", "advanced",
            "triggers"}
        assert 1 <= spec["minReplicaCount"] <= spec["fallback"]["replicas"] <= spec["maxReplicaCount"]
        down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        assert down["stabilizationWindowSeconds"] >= 600
        (trigger,) = spec["triggers"]
        assert trigger["type"] == "postgresql" and trigger["authenticationRef"]["name"] in accounts
        assert all(isinstance(value, str) for value in trigger["metadata"].values())
        queue = one["metadata"]["name"].removeprefix("lectern-worker-")
        per_worker = int(trigger["metadata"]["targetQueryValue"])
        assert per_worker == slots[queue]["slots"]
        limits = {int(limit) for limit in re.findall(r"LIMIT (\d+)", trigger["metadata"]["query"])}
        assert limits == {per_worker * spec["maxReplicaCount"]}
        assert math.ceil(min(limits) / per_worker) == spec["maxReplicaCount"]


def test_strictness_notices_a_misspelt_field(tmp_path):
    objects = kustomize.build(DEPLOY / "kubernetes/overlays/prod")
    broken = json.loads(json.dumps(of_kind(objects, "Deployment")[0]))
    kustomize.pod(broken)["containers"][0]["imag"] = "x"
    path = tmp_path / "broken.yaml"
    path.write_text(yaml.safe_dump(broken))
    with pytest.raises(AssertionError, match="imag"):
        check("kubernetes-validate", "--strict", "--quiet", path)
