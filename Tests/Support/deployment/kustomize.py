"""Resolves the part of Kustomize that Deploy/kubernetes uses, and refuses any other.

Field names and their order of effect: the Kustomization reference of the Kubernetes SIG CLI. Patches are JSON patches
(RFC 6902) with a target; selectors are anchored regular expressions.
"""

import copy
import pathlib
import re

import yaml

KNOWN = {"apiVersion", "kind", "resources", "namespace", "nameSuffix", "labels", "images", "patches",
         "configMapGenerator", "generatorOptions"}
CLUSTER_WIDE = {"Namespace", "ClusterRole", "ClusterRoleBinding", "PersistentVolume"}


def build(folder):
    """The objects that a folder with a kustomization.yaml stands for."""
    folder = pathlib.Path(folder)
    about = yaml.safe_load((folder / "kustomization.yaml").read_text())
    unknown = about.keys() - KNOWN
    assert not unknown, f"{folder}: this resolver does not know {sorted(unknown)}"
    objects = [one for name in about.get("resources", []) for one in load(folder / name)]
    objects += [config_map(one, about) for one in about.get("configMapGenerator", [])]
    names = [(one["kind"], one["metadata"]["name"]) for one in objects]
    assert len(set(names)) == len(names), f"{folder}: the same object twice"
    for patch in about.get("patches", []):
        hit = [one for one in objects if is_target(one, patch["target"])]
        assert hit, f"{folder}: the patch for {patch['target']} meets nothing"
        for one in hit:
            for operation in yaml.safe_load(patch["patch"]):
                apply(one, operation)
    for one in objects:
        one["metadata"]["name"] += about.get("nameSuffix", "")
        if "namespace" in about and one["kind"] not in CLUSTER_WIDE:
            one["metadata"]["namespace"] = about["namespace"]
        for labels in about.get("labels", []):
            add_labels(one, labels)
        for image in about.get("images", []):
            set_image(one, image)
    return objects


def load(path):
    if path.is_dir():
        return build(path)
    return [copy.deepcopy(one) for one in yaml.safe_load_all(path.read_text()) if one]


def config_map(one, about):
    assert about.get("generatorOptions", {}).get("disableNameSuffixHash") is True
    assert one.keys() == {"name", "literals"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": one["name"]},
            "data": dict(literal.split("=", 1) for literal in one["literals"])}


def is_target(one, target):
    assert target.keys() <= {"kind", "name"}
    return (re.fullmatch(target.get("kind", ".*"), one["kind"]) is not None
            and re.fullmatch(target.get("name", ".*"), one["metadata"]["name"]) is not None)


def apply(one, operation):
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    place = one
    for part in way:
        place = place[int(part)] if isinstance(place, list) else place[part]
    if isinstance(place, list):
        last = int(last)
        known = last < len(place)
    else:
        known = last in place
    match operation["op"]:
        case "add" if isinstance(place, dict):
            place[last] = operation["value"]
        case "replace":
            assert known, f"{operation['path']} is not there to be replaced"
            place[last] = operation["value"]
        case "remove":
            assert known, f"{operation['path']} is not there to be removed"
            del place[last]
        case other:
            raise AssertionError(f"this resolver does not know the operation {other}")


def add_labels(one, labels):
    pairs = labels["pairs"]
    one["metadata"].setdefault("labels", {}).update(pairs)
    spec = one.get("spec", {})
    if labels.get("includeTemplates") or labels.get("includeSelectors"):
        if "template" in spec:
            spec["template"].setdefault("metadata", {}).setdefault("labels", {}).update(pairs)
            for claim in spec.get("volumeClaimTemplates", []):
                claim["metadata"].setdefault("labels", {}).update(pairs)
            for constraint in pod(one).get("topologySpreadConstraints", []):
                if labels.get("includeSelectors"):
                    constraint["labelSelector"].setdefault("matchLabels", {}).update(pairs)
    if not labels.get("includeSelectors"):
        return
    if one["kind"] == "Service":
        spec["selector"].update(pairs)
    elif one["kind"] in {"Deployment", "StatefulSet", "PodDisruptionBudget"}:
        spec["selector"].setdefault("matchLabels", {}).update(pairs)
    elif one["kind"] == "NetworkPolicy":
        select_peers(spec, pairs)


def select_peers(spec, pairs):
    """A policy's own selector and those of its peers take the labels where they already select by labels."""
    peers = [peer["podSelector"] for rule in spec.get("ingress", []) for peer in rule.get("from", [])
             if "podSelector" in peer]
    peers += [peer["podSelector"] for rule in spec.get("egress", []) for peer in rule.get("to", [])
              if "podSelector" in peer]
    for selector in [spec["podSelector"], *peers]:
        if "matchLabels" in selector:
            selector["matchLabels"].update(pairs)


def pod(one):
    """The pod that a workload starts."""
    return one["spec"]["template"]["spec"]


def set_image(one, image):
    if "template" not in one.get("spec", {}):
        return
    for container in pod(one)["containers"]:
        name = container["image"].rsplit(":", 1)[0]
        if name == image["name"]:
            container["image"] = f"{image.get('newName', name)}:{image['newTag']}"
