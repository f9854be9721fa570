"""`lectern up`: one command starts everything, proves that it works and leaves nothing behind."""

import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from conftest import BIN, ROOT, SAMPLE_BOOK, clean_environment, is_free, make_book, tail, wait_for

BASES = {"api": 8000, "storage": 8001, "vectordal": 8002, "sync": 9101, "embed": 9102, "personalize": 9103,
         "postgres": 54320}

MODEL = pathlib.Path(os.environ.get("LECTERN_MODELS", ROOT / ".lectern/models")) / "wordllama"


class Installation:
    """A state folder and a range of ports for `lectern up`."""

    def __init__(self, state):
        self.state = state
        # From 6700 on, PostgreSQL's port lies above those the system lends to outgoing connections.
        offsets = range(6_700, 11_000, 7)
        self.offset = next(o for o in random.sample(offsets, len(offsets)) if all(map(is_free, self.ports(o))))

    @staticmethod
    def ports(offset):
        return [base + offset for base in BASES.values()]

    def arguments(self, book, *more):
        return [BIN / "lectern", "up", "--book", book, "--port-offset", str(self.offset), "--state", self.state, *more]

    def once(self, book, *more, **environment):
        return subprocess.run(
            self.arguments(book, "--once", *more), env=clean_environment(**environment), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120)

    def left_behind(self):
        """Processes that name the state folder, and ports that somebody holds."""
        mark = str(self.state).encode()
        processes = []
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                line = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if mark in line and int(folder.name) != os.getpid():
                processes.append(line.replace(b"\0", b" ").decode(errors="replace"))
        return processes + [port for port in self.ports(self.offset) if not is_free(port)]


@pytest.fixture
def installation():
    # Not below pytest's own folder, which the account that runs PostgreSQL cannot enter.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lectern-e2e-up-", dir="/tmp"))
    folder.chmod(0o755)
    installation = Installation(folder / "state")
    yield installation
    assert installation.left_behind() == []
    shutil.rmtree(folder)


def summary_of(done):
    """The one JSON object that standard output must hold."""
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["ok"] is True and summary["problems"] == [], summary
    assert summary["search"]["query"] and summary["search"]["top"], summary
    assert (summary["personalize"]["first"]["status"], summary["personalize"]["first"]["cached"]) == (202, False)
    assert (summary["personalize"]["second"]["status"], summary["personalize"]["second"]["cached"]) == (200, True)
    assert summary["personalize"]["second"]["ms"] < 1_000
    assert summary["personalize"]["generator"]
    assert summary["seconds"] > 0
    return summary


def test_up_once_shows_the_whole_job_and_does_so_again_on_the_same_state(installation):
    for _ in range(2):
        summary = summary_of(installation.once(SAMPLE_BOOK))
        assert summary["lessons"] == 12
        assert summary["objects"] >= 12
        assert summary["chunks"] > 12
        assert installation.left_behind() == []


def test_up_takes_another_book_on_the_same_state_and_shows_that_one(installation, tmp_path):
    first = make_book(tmp_path / "first", lessons=2)
    assert summary_of(installation.once(first))["book"] == "made-book"

    # Part folders at the root, no book.yaml, chapter numbers that begin anew in every part, no front matter.
    second = tmp_path / "plain-book"
    for part, chapter in [("01-Roots", "01-Soil"), ("01-Roots", "02-Water"), ("02-Leaves", "01-Light")]:
        place = second / part / "chapters" / chapter / "lessons"
        place.mkdir(parents=True)
        (place / "01-begin.md").write_text(f"# The beginning of {chapter}\n\nPlants need {chapter[3:].lower()}.\n")
    summary = summary_of(installation.once(second, "--query", "plants need light"))
    assert summary["book"] == "plain-book"
    assert summary["lessons"] == 3
    assert summary["search"]["top"] == "ch03-begin"


@pytest.mark.skipif(not MODEL.is_dir(), reason="needs the model that Deploy/fetch-model fetches")
def test_up_embeds_with_the_static_model_where_its_folder_is_named(installation):
    summary_of(installation.once(SAMPLE_BOOK, LECTERN_EMBEDDING_FOLDER=str(MODEL)))
    collections = {path.name for path in (installation.state / "data" / "lectern-vectordal").rglob("*wordllama*")}
    assert collections, "the vectors stand in a collection of another model"


@pytest.mark.parametrize("program", ["lectern-api", "lectern-sync-worker", "lectern-embed-worker"])
def test_a_model_that_is_named_and_broken_keeps_a_process_from_starting(tmp_path, program):
    (tmp_path / "l2_supercat_tokenizer_config.json").write_text("{")
    (tmp_path / "l2_supercat_256.safetensors").write_bytes(bytes(8))
    done = subprocess.run(
        [BIN / program, "--port", "0"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
        env=clean_environment(
            DATABASE_URL="postgresql://127.0.0.1:1/nowhere", LECTERN_EMBEDDING_FOLDER=str(tmp_path)))
    assert done.returncode != 0
    assert f"{tmp_path}/l2_supercat_tokenizer_config.json cannot be used" in done.stderr


def test_a_port_that_is_taken_is_named_with_the_way_out(installation):
    with socket.socket() as other:
        port = installation.offset + BASES["storage"]
        # A connection of an earlier test that lingers on the port is no reason to fail here.
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        started = time.monotonic()
        done = installation.once(SAMPLE_BOOK)
    assert done.returncode != 0 and done.stdout == ""
    assert str(port) in done.stderr and "--port-offset" in done.stderr
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("offset", ["-1", "70000", "x"])
def test_an_offset_that_leaves_the_range_of_ports_is_a_usage_error(tmp_path, offset):
    done = subprocess.run(
        [BIN / "lectern", "up", "--once", "--book", SAMPLE_BOOK, f"--port-offset={offset}", "--state",
         tmp_path / "state"],
        env=clean_environment(), capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and "--port-offset" in done.stderr


def test_a_book_that_is_not_there_is_refused_before_anything_starts(installation):
    done = installation.once("/nowhere/book")
    assert done.returncode == 3 and done.stdout == ""
    assert "/nowhere/book" in done.stderr
    assert not installation.state.exists()


def test_a_folder_that_is_no_book_fails_with_the_reason_and_leaves_nothing_running(installation, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "notes.txt").write_text("no lesson here\n")
    done = installation.once(folder)
    assert done.returncode == 7, done.stderr
    assert "the book has no lessons" in done.stderr and "lessons/" in done.stderr
    assert '"ok":true' not in done.stdout


@pytest.mark.parametrize("moment", ["Lectern is up.", "PostgreSQL answers"])
def test_ctrl_c_stops_everything_that_was_started(installation, tmp_path, moment):
    log = tmp_path / "up.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            installation.arguments(make_book(tmp_path / "book", lessons=2)), env=clean_environment(),
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    try:
        def has_come():
            assert process.poll() is None, tail(log)
            return moment in log.read_text()

        wait_for(f"the line {moment!r}", has_come, seconds=60)
        # A terminal sends it to the whole group.
        os.killpg(process.pid, signal.SIGINT)
        code = process.wait(60)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert code in (0, 130), tail(log)
    assert installation.left_behind() == []
