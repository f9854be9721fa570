"""docs/quickstart.md: its commands, as they stand, lead from an empty database to a cached personalized lesson."""

import json
import re
import subprocess

from conftest import ROOT, SAMPLE_BOOK, clean_environment, tail, wait_for
from test_up import installation  # noqa: F401 (a fixture)

TEXT = (ROOT / "docs/quickstart.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.M | re.S)


def test_the_commands_of_the_quickstart_work_as_they_stand(installation, tmp_path):  # noqa: F811
    assert blocks("console") == ["$ Deploy/up\n"]
    # What Deploy/up hands over to once everything is built.
    assert 'exec "$bin/lectern" up "${book[@]}"' in (ROOT / "Deploy/up").read_text()
    log = tmp_path / "up.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            installation.arguments(SAMPLE_BOOK), env=clean_environment(), stdin=subprocess.DEVNULL, stdout=output,
            stderr=output, start_new_session=True)
    try:
        def is_up():
            assert process.poll() is None, tail(log)
            return "Lectern is up." in log.read_text()

        wait_for("Lectern to be up", is_up, seconds=120)
        script = "".join(blocks("sh"))
        assert script.startswith("API=${API:-http://127.0.0.1:8000}\n") and script.count("127.0.0.1") == 1
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=120,
            env=clean_environment(API=f"http://127.0.0.1:{installation.offset + 8000}", no_proxy="*"))
    finally:
        process.terminate()
        code = process.wait(60)
    assert code in (0, 143), tail(log)
    assert done.returncode == 0, done.stderr + done.stdout[-3_000:]
    said = done.stdout
    for expected in ("HTTP/1.1 202", "Location: /api/operations/", "status 200 after", "event: section",
                     "event: done", '"status":"completed"', '"recommendations":[{', "status 204"):
        assert expected.lower() in said.lower(), (expected, said[-3_000:])
    lesson = json.loads((tmp_path / "lesson.json").read_text())
    assert lesson["cached"] is True and lesson["personalized_content"]
    mine = json.loads((tmp_path / "mine.json").read_text())
    assert mine["preferences"]["programming_experience"] == "advanced" and mine["operations"]
