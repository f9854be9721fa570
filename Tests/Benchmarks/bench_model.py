"""Deploy/bench model: a real small language model behind an OpenAI-compatible server writes sections.

Needs what Deploy/fetch-chat-model installs; not part of CI. First the server is asked directly, with a section of the
sample book, for the time to the first text and the speed. Then `lectern personalize eval` writes lessons by it, through
the same providers, prompts and checks as a worker, for the share of sections that pass the checks. The model is far
too small to write well: at least one section must pass, more is not asked of it.
"""

import argparse
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

from processes import BenchError, Children, Lines, wait_until
from report import Result, emit, machine, progress

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOOK = ROOT / "Deploy/sample-book"
LESSON = BOOK / ("parts/01-Physical-AI-Foundations/chapters/01-what-is-physical-ai/lessons/"
                 "01-digital-vs-physical-ai.md")
MODEL = "smollm2-135m"
INSTRUCTION = (
    "You rewrite sections of a textbook for a beginner. Keep headings, lists and code as they are. "
    "Answer with the rewritten section in Markdown and nothing else.")


def main(arguments):
    parser = argparse.ArgumentParser(prog="Deploy/bench model", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="one round and one lesson")
    parser.add_argument("--rounds", type=int, metavar="N", help="direct requests; 5 without it")
    parser.add_argument("--lessons", type=int, metavar="N", help="lessons that are written; 3 without it, 0 for none")
    options = parser.parse_args(arguments)
    rounds = options.rounds or (1 if options.quick else 5)
    lessons = options.lessons if options.lessons is not None else 1 if options.quick else 3
    if rounds < 1 or lessons < 0:
        parser.error("--rounds must be at least 1, --lessons at least 0")
    subprocess.run([ROOT / "Deploy/fetch-chat-model"], check=True, stdout=sys.stderr)
    began = time.monotonic()
    facts = machine(model=MODEL)
    children = Children()
    try:
        port = start_server(children)
        results = measure_server(port, rounds)
        if lessons:
            results += measure_sections(children, port, lessons)
    finally:
        children.stop_all()
    return emit("model", facts, time.monotonic() - began, results, options.json)


def start_server(children):
    server = children.start(
        [ROOT / ".lectern/model-venv/bin/python", ROOT / "Tests/Support/small_model_server.py"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    lines = Lines(server)
    port = wait_until("the model to load", lambda: lines.first() or ended(server), 150)
    progress(f"the model answers on port {port}")
    return int(port)


def ended(server):
    if server.poll() is not None:
        raise BenchError(f"the model's server ended with {server.returncode}")


# The server by itself

def measure_server(port, rounds):
    first = Result("first_text", "s", lower_is_better=True)
    speed = Result("written", "tokens/s")
    heading, section = sections(LESSON.read_text())[3]
    for number in range(rounds):
        # Another word in front of each: no round finds its prompt in the server's cache.
        answer = ask(port, f"Round {number}.\n\n{section}")
        first.add(answer["first"])
        speed.add(answer["tokens"] / max(answer["seconds"] - answer["first"], 1e-3))
        progress(f"{heading}: {answer['tokens']} tokens in {answer['seconds']:.1f} s")
    return [first, speed]


def sections(lesson):
    """The sections of a lesson: pairs of heading and text."""
    body = lesson.split("\n---\n", 1)[1]
    parts = [part for part in body.split("\n## ") if part.strip()]
    return [(part.splitlines()[0], f"## {part}") for part in parts]


def ask(port, text):
    """One streamed request: seconds to the first text and to the end, tokens written."""
    body = {
        "model": MODEL, "stream": True, "stream_options": {"include_usage": True}, "max_tokens": 400,
        "temperature": 0.3,
        "messages": [{"role": "system", "content": INSTRUCTION}, {"role": "user", "content": text}]}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    began = time.monotonic()
    first, tokens = None, None
    with contextlib.closing(urllib.request.urlopen(request, timeout=300)) as stream:
        for line in stream:
            if not line.startswith(b"data: ") or line.strip() == b"data: [DONE]":
                continue
            piece = json.loads(line[6:])
            if piece.get("usage"):
                tokens = piece["usage"]["completion_tokens"]
            if first is None and any(choice["delta"].get("content") for choice in piece["choices"]):
                first = time.monotonic() - began
    if first is None or not tokens:
        raise BenchError("the model answered without any text")
    return {"first": first, "seconds": time.monotonic() - began, "tokens": tokens}


# Sections, as a worker writes them

def measure_sections(children, port, lessons):
    """`lectern personalize eval` prints {"sections": [{"generator", "is_fallback", "attempts"}, …], …}."""
    with tempfile.TemporaryDirectory(prefix="lectern-model-") as folder:
        providers = pathlib.Path(folder) / "providers.yaml"
        providers.write_text(
            f"providers:\n  - name: small\n    base_url: http://127.0.0.1:{port}/v1\n    model: {MODEL}\n"
            "    timeout: 5m\n    max_tokens: 2000\n    temperature: 0.3\n    concurrency: 1\n")
        output = children.run(
            [find_lectern(), "personalize", "eval", "--book", BOOK, "--lessons", lessons, "--slices", 1, "--providers", providers,
             "--output", "json"], timeout=3_600)
    written = json.loads(output)["sections"]
    if not written:
        raise BenchError("the evaluation wrote no section")
    by_model = [section for section in written if not section["is_fallback"] and "/" + MODEL in section["generator"]]
    validated = Result("validated_sections", "sections", target=1, combine=sum)
    validated.add(len(by_model))
    share = Result("validated_share", "of sections")
    share.add(len(by_model) / len(written))
    asked = Result("requests_per_section", "requests")
    asked.add(sum(section["attempts"] for section in written) / len(written))
    return [validated, share, asked]


def find_lectern():
    if named := os.environ.get("LECTERN_BIN"):
        return pathlib.Path(named) / "lectern"
    subprocess.run(["swift", "build", "--product", "lectern"], cwd=ROOT, check=True, stdout=sys.stderr)
    shown = subprocess.run(
        ["swift", "build", "--show-bin-path"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return pathlib.Path(shown.stdout.strip()) / "lectern"
