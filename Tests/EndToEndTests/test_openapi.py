"""The API's description: valid by itself, true of the API by the judgement of others."""

import json
import pathlib
import re
import subprocess
import sys

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from conftest import LEARNER, ROOT, Stack, running
from openapi import Description, examples

# The learner of the description's examples.
EXAMPLE = "6d1f3f0e-6a53-4f0e-9c58-0f7c0a4f2a11"
SEED = 20260101
CONFIGURATION = pathlib.Path(__file__).with_name("schemathesis.toml")


@pytest.fixture(scope="module")
def open_stack(cluster, tmp_path_factory):
    """An installation that counts no requests and whose sync worker is away: made-up folders shall not be read."""
    stack = Stack(tmp_path_factory.mktemp("openapi"), cluster.create("openapi"), {
        "LECTERN_RATE_LEARNER": "0", "LECTERN_SECURITY_CONTACT": "mailto:security@example.org"})
    with running(stack):
        stack.start_all()
        stack.sync()
        stack.wait_until_embedded()
        assert stack.kill("sync-worker", 15) == 0
        del stack.processes["sync-worker"]
        with stack.client() as client:
            assert client.post("/api/user/create", json={"user_id": EXAMPLE}).status_code == 201
            assert client.post("/api/onboarding", json={"user_id": EXAMPLE, **LEARNER}).status_code == 200
        yield stack


def test_the_description_is_openapi_and_every_example_fits_its_schema(stack):
    with stack.client() as client:
        served = client.get("/openapi.json").json()
        written = client.get("/openapi.yaml").text
    assert yaml.safe_load(written) == served
    assert written == (ROOT / "Sources/LearnerAPI/openapi.yaml").read_text()
    assert [error.message for error in OpenAPIV31SpecValidator(served).iter_errors()] == []
    description = Description(served)
    found = list(examples(served))
    assert len(found) > 40
    for place, schema, example in found:
        errors = [error.message for error in description.validator(schema).iter_errors(example)]
        assert not errors, (place, errors)


def test_lectern_openapi_prints_what_is_served(stack):
    with stack.client() as client:
        assert stack.command("openapi").stdout == client.get("/openapi.yaml").text
        assert json.loads(stack.command("openapi", "--output", "json").stdout) == client.get("/openapi.json").json()
    assert stack.command("openapi", "--output", "xml", check=False).returncode == 2


# What deletes the learner of the examples comes last, and alone.
@pytest.mark.parametrize("selection, phases", [
    ("--exclude-operation-id", "examples,coverage,fuzzing,stateful"),
    ("--include-operation-id", "examples,coverage,fuzzing"),
])
def test_schemathesis_finds_nothing(open_stack, tmp_path, selection, phases):
    """No server error, no undocumented status, header, type or member; other methods are 405; bad data is refused."""
    document = tmp_path / "openapi.yaml"
    document.write_text(open_stack.command("openapi").stdout)
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", CONFIGURATION, "--no-color", "run", document,
         "--url", open_stack.api, selection, "deleteUser", "--header", f"X-User-ID: {EXAMPLE}",
         "--phases", phases, "--seed", str(SEED), "--max-examples", "10", "--no-shrink", "--continue-on-failure",
         "--request-timeout", "40"],
        cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    selected, total = map(int, re.search(r"(\d+) selected / (\d+) total", done.stdout).groups())
    assert total > 40 and selected == (1 if selection.startswith("--include") else total - 1)
