"""What search finds of what was asked: the gold sets, put to real executables. No change may find less."""

import json
import os
import pathlib

import pytest

from conftest import SAMPLE_BOOK, Stack, running

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETS = ROOT / "Tests/Retrieval"
MODEL = pathlib.Path(os.environ.get("LECTERN_MODELS", ROOT / ".lectern/models")) / "wordllama"

# The least recall at 5 (docs/search.md): by book, with the static model and with the hashing embedder.
BOOKS = {"sample-book": (SAMPLE_BOOK, 0.93, 0.86), "other-book": (SETS / "other-book", 0.93, 0.90)}


@pytest.mark.parametrize("embedder", ["static", "hashing"])
@pytest.mark.parametrize("name", BOOKS)
def test_questions_of_learners_are_answered_by_the_right_chunk(cluster, tmp_path, name, embedder):
    book, with_model, with_words = BOOKS[name]
    environment = {}
    if embedder == "static":
        if not MODEL.is_dir():
            pytest.skip("needs the model that Deploy/fetch-model fetches")
        environment["LECTERN_EMBEDDING_FOLDER"] = str(MODEL)
    with running(Stack(tmp_path, cluster.create(f"retrieval_{name.replace('-', '_')}_{embedder}"), environment)) as stack:
        stack.migrate()
        stack.start("storage", "vectordal", "sync-worker", "embed-worker")
        stack.sync(book)
        least = with_model if embedder == "static" else with_words
        done = stack.command("search", "eval", SETS / f"{name}.tsv", "--min-recall5", least, check=False)
        print(done.stdout)
        assert done.returncode == 0, done.stdout + done.stderr
        refused = stack.command(
            "search", "eval", SETS / f"{name}.tsv", "--min-recall5", "1", "--output", "json", check=False)
        report = json.loads(refused.stdout)
        assert (refused.returncode, report["degraded"]) == (7, 0)
        assert report["all"]["recall"]["5"] >= least
