"""A small language model behind an OpenAI-compatible server (llama.cpp), for benchmarks and tries by hand.

    .lectern/model-venv/bin/python Tests/Support/small_model_server.py [--port N] [--model FILE.gguf] [--context 8192]
        [--slots 1] [--threads N] [--key SECRET] [--exit-with-stdin]

`Deploy/fetch-chat-model` installs what it needs. Prints its port on standard output when the model is loaded and
answers; everything else goes to standard error. A request may take context / slots tokens, its answer included.
"""

import argparse
import json
import os
import pathlib
import socket
import sys
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / ".lectern/models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
START_SECONDS = 120


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            return json.load(answer).get("status") == "ok"
    except (OSError, urllib.error.URLError, ValueError):
        return False


def serve(options):
    """Starts the server in this process and returns it; it runs until the process ends."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(options.model)
    parameters.n_ctx = options.context
    parameters.n_parallel = options.slots
    parameters.cpuparams.n_threads = options.threads
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = options.port
    if options.key:
        parameters.api_keys = [options.key]
    return xllamacpp.Server(parameters)


def main():
    arguments = argparse.ArgumentParser(description="A small language model behind an OpenAI-compatible server.")
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--model", type=pathlib.Path, default=MODEL)
    arguments.add_argument("--context", type=int, default=8192)
    arguments.add_argument("--slots", type=int, default=1)
    arguments.add_argument("--threads", type=int, default=os.cpu_count())
    arguments.add_argument("--key")
    arguments.add_argument("--exit-with-stdin", action="store_true")
    options = arguments.parse_args()
    if not options.model.is_file():
        print(f"{options.model} is missing; run Deploy/fetch-chat-model", file=sys.stderr)
        return 2
    options.port = options.port or free_port()
    # The library writes to standard output by itself; that is for the port alone.
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    server = serve(options)
    deadline = time.monotonic() + START_SECONDS
    while not is_ready(options.port):
        if time.monotonic() > deadline:
            print(f"the model did not load within {START_SECONDS} s", file=sys.stderr)
            os._exit(1)
        time.sleep(0.1)
    print(options.port, file=output, flush=True)
    if options.exit_with_stdin:
        sys.stdin.buffer.read()
    else:
        threading.Event().wait()
    del server
    # Its threads do not end by themselves.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
