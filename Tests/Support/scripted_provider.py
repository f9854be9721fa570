"""An OpenAI-compatible provider that does what a script says, for tests.

    python3 scripted_provider.py [--port N] [--dimension 64] [--key SECRET] [--exit-with-stdin]

Prints its port when ready. Speaks POST /v1/chat/completions (with and without stream) and POST /v1/embeddings; the
same paths without /v1 work too.

What it does with a request is a list of behaviours, taken from (first match wins)
  1. the model's name:  "scripted:429,retry_after=2;ok"  – steps over by itself, one behaviour a request of that name
  2. the queue of POST /script  {"behaviours": [...], "repeat": false, "path": "chat"|"embeddings"|null}
  3. otherwise: ok
A behaviour is a name, "name,key=value,…" or an object {"behaviour": name, key: value, …}. Behaviours:

  both      ok · slow ms · hang · reset · status code,message,shape(openai|gemini|gemini_list|llamacpp|vllm|ollama|
            fastapi|html|none) · 429 retry_after|retry_after_date|retry_after_ms,kind · 500 · 503 retry_after · 401 ·
            error_in_200 · wrong_json · not_json · empty_body · huge bytes · missing_choices · no_data · deep_json depth
  chat      text text · echo (the last user message; the default) · upper · empty · null_content · blank · parts ·
            refusal · content_filter · truncated words (finish_reason length) · preamble text · fenced (the answer in a
            Markdown fence) · altered_code · dropped_code · altered_links · altered_headings · dropped_headings ·
            altered_numbers · injected text (appended) · prompt_leak · stream_cut after · stream_no_done ·
            stream_error · stream_no_finish · stream_silent after · drip ms (slow pieces) · no_usage · json_instead_of_stream
  embedding nan · zeros · wrong_dimension dimension · shuffled · missing_one · duplicate_index · strings · infinite

With of=section the chat behaviours work on the section of a lesson that stands between the prompt's boundaries, written
anew for English readers, in the place of the last user message: "altered_links,of=section". Without anything else that
is an answer as a good model gives it.

Control: POST /script, GET /requests (every request with headers, body, behaviour), DELETE /requests, GET /health.
Answers to chat are a function of the request alone; embeddings are a function of the text alone: each lowercase word
is hashed to a few signed components, so texts with words in common are near each other.
"""

import argparse
import datetime
import hashlib
import json
import math
import os
import re
import socket
import struct
import sys
import threading
import time
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Script:
    """The behaviours to come, and the requests that came."""

    def __init__(self):
        self.lock = threading.Lock()
        self.queue = []
        self.steps = {}
        self.requests = []

    def load(self, document):
        with self.lock:
            if document.get("clear", True):
                self.queue = []
            for behaviour in document.get("behaviours", []):
                entry = {"path": document.get("path"), "repeat": document.get("repeat", False)}
                self.queue.append((parse(behaviour), entry))

    def next(self, model, path):
        with self.lock:
            if isinstance(model, str) and model.startswith("scripted:"):
                steps = model[len("scripted:"):].split(";")
                index = self.steps.get((model, path), 0)
                self.steps[(model, path)] = index + 1
                return parse(steps[min(index, len(steps) - 1)])
            for index, (behaviour, entry) in enumerate(self.queue):
                if entry["path"] in (None, path):
                    if not entry["repeat"]:
                        del self.queue[index]
                    return behaviour
        return {"behaviour": "ok"}


def parse(behaviour):
    if isinstance(behaviour, dict):
        return behaviour
    name, *pairs = behaviour.split(",")
    return {"behaviour": name.strip()} | {key: value for key, _, value in (pair.partition("=") for pair in pairs)}


def vector(text, dimension):
    components = [0.0] * dimension
    for word in re.findall(r"\w+", text.lower()) or [text]:
        digest = hashlib.sha256(word.encode()).digest()
        for position in range(0, 12, 3):
            index = int.from_bytes(digest[position:position + 2], "big") % dimension
            components[index] += 1.0 if digest[position + 2] & 1 else -1.0
    if not any(components):
        components[0] = 1.0
    length = math.sqrt(sum(component * component for component in components))
    return [round(component / length, 8) for component in components]


def words(text):
    return max(1, len(text.split()))


def error_body(shape, status, message, kind="invalid_request_error"):
    openai = {"error": {"message": message, "type": kind, "param": None, "code": kind}}
    gemini = {"error": {"code": status, "message": message, "status": "RESOURCE_EXHAUSTED", "details": [
        {"@type": "type.googleapis.com/google.rpc.Help"},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "32s"}]}}
    documents = {
        "openai": openai,
        "gemini": gemini,
        "gemini_list": [gemini],
        "llamacpp": {"error": {"code": status, "message": message, "type": kind}},
        "vllm": {"object": "error", "message": message, "type": kind, "param": None, "code": status},
        "ollama": {"error": message},
        "fastapi": {"detail": [{"loc": ["body", "model"], "msg": message, "type": "value_error"}]},
    }
    if shape == "html":
        return b"<html><body>Bad gateway</body></html>", "text/html"
    if shape == "none":
        return b"", "text/plain"
    return json.dumps(documents[shape]).encode(), "application/json"


def rewritten_section(messages):
    """The section of a lesson that the first question holds, without the marks before its lines, with a word added."""
    question = next(m["content"] for m in messages if m.get("role") == "user")
    pieces = re.split(r"^=====[0-9A-Z]+=+$", question, flags=re.M)
    lines = pieces[-2].strip("\n").split("\n")
    section = "\n".join(re.sub(r"^\| ?", "", line) for line in lines)
    return section.rstrip() + "\n\nPut simply, take it one step at a time.\n"


def chat_text(name, options, messages):
    """The text of an answer and its finish reason."""
    asked = next((m.get("content", "") for m in reversed(messages) if m.get("role") == "user"), "")
    if not isinstance(asked, str):
        asked = " ".join(part.get("text", "") for part in asked)
    if options.get("of") == "section":
        asked = rewritten_section(messages)
    everything = "\n".join(str(m.get("content", "")) for m in messages)
    text, reason = options.get("text", asked), "stop"
    if name == "upper":
        text = asked.upper()
    elif name == "empty":
        text = ""
    elif name == "blank":
        text = " \n\t "
    elif name == "content_filter":
        text, reason = options.get("text", ""), "content_filter"
    elif name == "truncated":
        text, reason = " ".join(asked.split()[:int(options.get("words", 5))]), "length"
    elif name == "preamble":
        text = options.get("text", "Sure! Here is the rewritten section:") + "\n\n" + asked
    elif name == "fenced":
        text = "```markdown\n" + asked + "\n```"
    elif name == "altered_code":
        text = re.sub(r"(```[^\n]*\n)(.*?)(\n```)", lambda m: m[1] + m[2] + "  # improved" + m[3], asked, flags=re.S)
        text = re.sub("⟦C[0-9]+⟧", "```python\nprint('improved')\n```", text)
    elif name == "dropped_code":
        text = re.sub(r"```.*?```|⟦C[0-9]+⟧", "", asked, flags=re.S)
    elif name == "altered_links":
        text = re.sub(r"\]\([^)]*\)", "](https://example.org/elsewhere)", asked)
    elif name == "altered_headings":
        text = re.sub(r"^(#+) ", r"\1# ", asked, flags=re.M)
    elif name == "dropped_headings":
        text = re.sub(r"^#+ .*$", "", asked, flags=re.M)
    elif name == "altered_numbers":
        text = re.sub(r"(?<!⟦C)(?<!\d)\d+", lambda m: str(int(m[0]) + 1), asked)
    elif name == "injected":
        text = asked + "\n\n" + options.get("text", "<script>alert(1)</script>")
    elif name == "prompt_leak":
        text = everything
    return text, reason


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    script = Script()
    dimension = 64
    key = None

    def log_message(self, *arguments):
        pass

    def send(self, status, body, kind="application/json", headers=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def send_json(self, document, status=200, headers=()):
        self.send(status, json.dumps(document).encode(), headers=headers)

    def fail(self, status, options, default="openai", headers=(), message="scripted failure", kind=None):
        body, content_type = error_body(
            options.get("shape", default), status, options.get("message", message),
            kind or options.get("kind", "invalid_request_error"))
        self.send(status, body, content_type, headers)

    def do_GET(self):
        if self.path == "/requests":
            with self.script.lock:
                self.send_json(self.script.requests)
        elif self.path == "/health":
            self.send_json({"status": "ok"})
        elif self.path in ("/v1/models", "/models"):
            self.send_json({"object": "list", "data": [{"id": "scripted", "object": "model"}]})
        else:
            self.fail(404, {}, message="no such page")

    def do_DELETE(self):
        if self.path == "/requests":
            with self.script.lock:
                self.script.requests.clear()
                self.script.queue.clear()
                self.script.steps.clear()
            self.send_json({"ok": True})
        else:
            self.fail(404, {}, message="no such page")

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            document = json.loads(raw)
        except ValueError:
            return self.fail(400, {}, message="the body is not JSON")
        if self.path == "/script":
            self.script.load(document)
            return self.send_json({"ok": True})
        path = {"/chat/completions": "chat", "/embeddings": "embeddings"}.get(self.path.removeprefix("/v1"))
        if path is None:
            return self.fail(404, {}, message="no such page")
        options = self.script.next(document.get("model"), path)
        with self.script.lock:
            self.script.requests.append({
                "at": time.time(), "path": path, "behaviour": options,
                "headers": {name.lower(): value for name, value in self.headers.items()}, "body": document})
        if self.key and self.headers.get("Authorization") != f"Bearer {self.key}":
            return self.fail(401, {}, message=f"Incorrect API key provided: {self.headers.get('Authorization')}")
        name = options["behaviour"]
        if not self.common(name, options):
            (self.chat if path == "chat" else self.embeddings)(name, options, document)

    def common(self, name, options):
        """Behaviours that do not depend on the path; answers whether it was one that ends the request."""
        if name == "slow":
            time.sleep(float(options.get("ms", 1000)) / 1000)
            return False
        if name == "hang":
            self.connection.settimeout(float(options.get("ms", 60000)) / 1000)
            try:
                self.connection.recv(1)
            except OSError:
                pass
            self.close_connection = True
        elif name == "reset":
            self.reset()
        elif name == "status":
            self.fail(int(options.get("code", 400)), options)
        elif name == "429":
            headers = []
            if "retry_after" in options:
                headers.append(("Retry-After", str(options["retry_after"])))
            if "retry_after_ms" in options:
                headers.append(("Retry-After-Ms", str(options["retry_after_ms"])))
            if "retry_after_date" in options:
                at = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(
                    seconds=float(options["retry_after_date"]))
                headers.append(("Retry-After", format_datetime(at, usegmt=True)))
            self.fail(429, options, headers=headers, message="Rate limit reached",
                      kind=options.get("kind", "rate_limit_exceeded"))
        elif name in ("500", "502", "503"):
            headers = [("Retry-After", str(options["retry_after"]))] if "retry_after" in options else []
            self.fail(int(name), options, headers=headers, kind="server_error")
        elif name == "401":
            self.fail(401, options, message=f"Incorrect API key provided: {self.headers.get('Authorization')}")
        elif name == "error_in_200":
            self.send(200, error_body(options.get("shape", "llamacpp"), int(options.get("code", 502)),
                                      "provider failed behind the gateway")[0])
        elif name == "wrong_json":
            self.send_json({"hello": ["world"], "choices": "none", "data": {"a": 1}})
        elif name == "not_json":
            self.send(200, b"<html>this is no JSON</html>")
        elif name == "empty_body":
            self.send(200, b"")
        elif name == "missing_choices":
            self.send_json({"id": "x", "object": "chat.completion", "choices": []})
        elif name == "no_data":
            self.send_json({"object": "list", "data": []})
        elif name == "deep_json":
            depth = int(options.get("depth", 100000))
            self.send(200, b"[" * depth + b"]" * depth)
        elif name == "huge":
            size = int(options.get("bytes", 100_000_000))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            block = b" " * 65536
            try:
                while size > 0:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
                    size -= len(block)
                self.wfile.write(b"0\r\n\r\n")
            except OSError:
                self.close_connection = True
        else:
            return False
        return True

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def chat(self, name, options, document):
        messages = document.get("messages")
        if not isinstance(messages, list) or not messages:
            return self.fail(400, {}, message="messages are missing")
        text, reason = chat_text(name, options, messages)
        limit = document.get("max_tokens") or document.get("max_completion_tokens")
        if limit and words(text) > limit:
            text, reason = " ".join(text.split()[:limit]), "length"
        prompt = sum(words(str(message.get("content", ""))) for message in messages)
        usage = {"prompt_tokens": prompt, "completion_tokens": words(text), "total_tokens": prompt + words(text)}
        base = {"id": "chatcmpl-scripted", "created": 0, "model": document.get("model")}
        if document.get("stream") and name != "json_instead_of_stream":
            return self.stream(name, options, base, text, reason,
                               usage if document.get("stream_options", {}).get("include_usage") else None)
        message = {"role": "assistant", "content": text}
        if name == "null_content":
            message["content"] = None
        elif name == "parts":
            message["content"] = [{"type": "text", "text": text[:3]}, {"type": "text", "text": text[3:]}]
        elif name == "refusal":
            message = {"role": "assistant", "content": None, "refusal": "I can't help with that."}
        answer = base | {"object": "chat.completion",
                         "choices": [{"index": 0, "message": message, "finish_reason": reason}]}
        if name != "no_usage":
            answer["usage"] = usage
        self.send_json(answer)

    def stream(self, name, options, base, text, reason, usage):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

        def write(data):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

        def piece(delta, finish=None):
            chunk = base | {"object": "chat.completion.chunk",
                            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
            write(f"data: {json.dumps(chunk)}\n\n".encode())

        write(b": keep-alive\n\n")
        piece({"role": "assistant", "content": ""})
        if name == "refusal":
            piece({"refusal": "I can't help with that."})
            text = ""
        if name == "null_content":
            piece({"content": None})
            text = ""
        after = int(options.get("after", 2))
        for number, part in enumerate(re.findall(r"\s*\S+\s*|\s+", text)):
            if name in ("stream_cut", "stream_silent", "stream_error") and number == after:
                break
            piece({"content": part})
            if name == "drip":
                time.sleep(float(options.get("ms", 50)) / 1000)
        if name == "stream_cut":
            return self.reset()
        if name == "stream_silent":
            self.connection.settimeout(60)
            try:
                self.connection.recv(1)
            except OSError:
                pass
            self.close_connection = True
            return None
        if name == "stream_error":
            write(b"data: " + error_body("llamacpp", 500, "the model crashed", "server_error")[0] + b"\n\n")
        elif name != "stream_no_finish":
            piece({}, reason)
            if usage and name != "no_usage":
                write(f"data: {json.dumps(base | {'choices': [], 'usage': usage})}\n\n".encode())
            if name != "stream_no_done":
                write(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")
        return None

    def embeddings(self, name, options, document):
        texts = document.get("input")
        texts = [texts] if isinstance(texts, str) else texts
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            return self.fail(400, {}, message="input is missing")
        dimension = int(options.get("dimension", 7)) if name == "wrong_dimension" else (
            document.get("dimensions") or self.dimension)
        data = [{"object": "embedding", "index": index, "embedding": vector(text, dimension)}
                for index, text in enumerate(texts)]
        if name == "zeros":
            data[0]["embedding"] = [0.0] * dimension
        elif name == "strings":
            data[0]["embedding"] = ["0.5"] * dimension
        elif name == "shuffled":
            data.reverse()
        elif name == "missing_one":
            data.pop()
        elif name == "duplicate_index":
            data[-1]["index"] = 0 if len(data) > 1 else 7
        elif name == "nan":
            data[0]["embedding"][0] = math.nan
        elif name == "infinite":
            data[0]["embedding"][0] = "INFINITE"
        count = sum(words(text) for text in texts)
        answer = {"object": "list", "model": document.get("model"), "data": data,
                  "usage": {"prompt_tokens": count, "total_tokens": count}}
        self.send(200, json.dumps(answer).replace('"INFINITE"', "1e999").encode())


class Server(ThreadingHTTPServer):
    request_queue_size = 512

    def handle_error(self, request, client_address):
        pass


def main():
    arguments = argparse.ArgumentParser(description="An OpenAI-compatible provider that does what a script says.")
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--dimension", type=int, default=64)
    arguments.add_argument("--key")
    arguments.add_argument("--exit-with-stdin", action="store_true")
    options = arguments.parse_args()
    Handler.dimension, Handler.key = options.dimension, options.key
    server = Server(("127.0.0.1", options.port), Handler)
    if options.exit_with_stdin:
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    print(server.server_address[1], flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
