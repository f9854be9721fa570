"""The two embedded servers, judged by the official MCP client library in every generation it speaks.

LECTERN_STORAGE_URL and LECTERN_VECTOR_URL name servers that already run; without them the binaries of the folder
LECTERN_BIN are started on free ports with empty data directories.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import math
import os
import pathlib
import random
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid

import pytest
from mcp import Client
from mcp.client.sse import sse_client
from mcp.shared.exceptions import MCPError

GENERATIONS = ["sse", "streamable", "stateless"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def http(method, url, body=None, headers=None, timeout=10):
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


class Server:
    """One server process, or one that somebody else runs."""

    def __init__(self, name, data, url=None):
        self.name = name
        self.data = data
        self.process = None
        self.port = free_port()
        self.url = url or f"http://127.0.0.1:{self.port}"
        self.is_ours = url is None

    def start(self):
        binary = pathlib.Path(os.environ["LECTERN_BIN"]) / self.name
        self.process = subprocess.Popen(
            [binary, "--port", str(self.port), "--data", str(self.data)], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"{self.name} ended with {self.process.returncode}"
            with contextlib.suppress(OSError):
                if http("GET", f"{self.url}/readyz")[0] == 200:
                    return self
            time.sleep(0.05)
        raise AssertionError(f"{self.name} is not ready")

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(timeout=15)
        return self.process.returncode


def provide(name, variable, tmp_path_factory):
    if os.environ.get(variable):
        yield Server(name, None, url=os.environ[variable].rstrip("/"))
        return
    if not os.environ.get("LECTERN_BIN"):
        pytest.skip(f"neither {variable} nor LECTERN_BIN is set")
    server = Server(name, tmp_path_factory.mktemp(name)).start()
    yield server
    if server.process.poll() is None:
        server.stop()


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    yield from provide("lectern-storage", "LECTERN_STORAGE_URL", tmp_path_factory)


@pytest.fixture(scope="module")
def vectors(tmp_path_factory):
    yield from provide("lectern-vectordal", "LECTERN_VECTOR_URL", tmp_path_factory)


@contextlib.contextmanager
def private_server(name, tmp_path):
    """A server that the test may kill."""
    if not os.environ.get("LECTERN_BIN"):
        pytest.skip("LECTERN_BIN is not set")
    server = Server(name, tmp_path / "data").start()
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)


def client(server, generation):
    if generation == "sse":
        return Client(sse_client(f"{server.url}/sse"))
    return Client(f"{server.url}/mcp", mode="legacy" if generation == "streamable" else "2026-07-28")


async def call(connected, tool, **arguments):
    """Calls a tool that must succeed and returns its structured answer, which the text must repeat."""
    result = await connected.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


async def refusal(connected, tool, **arguments):
    """Calls a tool that must fail and returns its error."""
    result = await connected.call_tool(tool, arguments)
    assert result.is_error, result.structured_content
    assert json.loads(result.content[0].text) == result.structured_content
    assert result.structured_content["message"]
    return result.structured_content["error"]


def new_name(kind):
    return f"{kind}-{uuid.uuid4().hex[:12]}"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_storage_lists_its_tools_with_schemas(storage, generation):
    async def scenario():
        async with client(storage, generation) as connected:
            tools = {tool.name: tool for tool in (await connected.list_tools()).tools}
            assert set(tools) == {
                "object_put", "object_get", "object_head", "object_list", "object_delete", "bucket_list",
            }
            for tool in tools.values():
                assert tool.input_schema["type"] == "object"
                assert tool.description
                if generation != "sse" or connected.protocol_version >= "2025-06-18":
                    assert tool.output_schema["type"] == "object"

    asyncio.run(scenario())


@pytest.mark.parametrize("generation", GENERATIONS)
def test_objects_are_put_read_listed_and_deleted(storage, generation):
    async def scenario():
        bucket = new_name("bucket")
        async with client(storage, generation) as connected:
            text = "# Lesson\n\nسبق, Grüße, 😀\n"
            put = await call(
                connected, "object_put", bucket=bucket, key="parts/01/Lesson.md", content=text,
                content_type="text/markdown",
            )
            digest = hashlib.sha256(text.encode()).hexdigest()
            assert (put["key"], put["size"], put["sha256"]) == ("parts/01/Lesson.md", len(text.encode()), digest)
            again = await call(
                connected, "object_put", bucket=bucket, key="parts/01/Lesson.md", content=text,
                content_type="text/markdown",
            )
            assert again == put
            got = await call(connected, "object_get", bucket=bucket, key="parts/01/Lesson.md")
            assert (got["encoding"], got["content"], got["content_type"]) == ("utf-8", text, "text/markdown")
            assert got["sha256"] == digest

            binary = bytes(range(256))
            await call(
                connected, "object_put", bucket=bucket, key="parts/01/image.bin",
                content_base64=base64.b64encode(binary).decode(),
            )
            got = await call(connected, "object_get", bucket=bucket, key="parts/01/image.bin")
            assert got["encoding"] == "base64" and base64.b64decode(got["content_base64"]) == binary
            assert got["content_type"] == "application/octet-stream"

            head = await call(connected, "object_head", bucket=bucket, key="parts/01/Lesson.md")
            assert head["found"] and head["sha256"] == digest
            assert await call(connected, "object_head", bucket=bucket, key="none") == {"found": False, "key": "none"}

            for number in range(7):
                await call(connected, "object_put", bucket=bucket, key=f"many/{number}", content=str(number))
            keys, token = [], None
            while True:
                page = await call(
                    connected, "object_list", bucket=bucket, prefix="many/", limit=3,
                    **({"page_token": token} if token else {}),
                )
                keys += [item["key"] for item in page["objects"]]
                token = page["next_page_token"]
                if token is None:
                    break
            assert keys == [f"many/{number}" for number in range(7)]
            assert {"name": bucket} in (await call(connected, "bucket_list"))["buckets"]
            assert await call(connected, "object_delete", bucket=bucket, key="many/3") == {"deleted": True}
            assert await call(connected, "object_delete", bucket=bucket, key="many/3") == {"deleted": False}
            assert await refusal(connected, "object_get", bucket=bucket, key="many/3") == "not_found"

    asyncio.run(scenario())


@pytest.mark.parametrize("key", ["../x", "/etc/passwd", "a//b", "a/./b", "a\\b", "a\x00b", "", "k" * 10_240, "a/"])
def test_a_hostile_key_is_refused(storage, key):
    async def scenario():
        async with client(storage, "stateless") as connected:
            for tool, extra in [("object_put", {"content": "x"}), ("object_get", {}), ("object_delete", {})]:
                assert await refusal(connected, tool, bucket="hostile", key=key, **extra) == "invalid_argument"

    asyncio.run(scenario())


def test_bad_arguments_are_refused_in_words(storage):
    async def scenario():
        async with client(storage, "stateless") as connected:
            assert await refusal(connected, "object_put", bucket="B!", key="a", content="x") == "invalid_argument"
            assert await refusal(connected, "object_put", bucket="b", key="a") == "invalid_argument"
            assert (
                await refusal(connected, "object_put", bucket="b", key="a", content="x", content_base64="eA==")
                == "invalid_argument"
            )
            assert (
                await refusal(connected, "object_put", bucket="b", key="a", content_base64="%%%") == "invalid_argument"
            )
            assert (
                await refusal(connected, "object_list", bucket="b", page_token="made-up") == "invalid_argument"
            )
            for wrong in [{"bucket": 7, "key": "a"}, {"key": "a"}, {"bucket": "b", "key": "a", "unknown": 1}]:
                result = await connected.call_tool("object_get", wrong)
                assert result.is_error

    asyncio.run(scenario())


@pytest.mark.parametrize("generation", GENERATIONS)
def test_vectors_are_upserted_searched_and_deleted(vectors, generation):
    async def scenario():
        name = new_name("c")
        async with client(vectors, generation) as connected:
            tools = {tool.name for tool in (await connected.list_tools()).tools}
            assert tools == {
                "vector_create_collection", "vector_list_collections", "vector_drop_collection", "vector_upsert",
                "vector_search", "vector_get", "vector_delete", "vector_count",
            }
            created = await call(connected, "vector_create_collection", collection=name, dimension=3)
            assert created["created"]
            assert not (await call(connected, "vector_create_collection", collection=name, dimension=3))["created"]
            assert (
                await refusal(connected, "vector_create_collection", collection=name, dimension=4)
                == "dimension_mismatch"
            )
            records = [
                {"id": "x", "vector": [2, 0, 0], "metadata": {"chapter": 1, "at": {"part": 1}}, "text": "ایکس"},
                {"id": "y", "vector": [0, 1.5, 0], "metadata": {"chapter": 2}},
                {"id": "xy", "vector": [1, 1, 0], "metadata": {"chapter": 3, "tags": ["a", "b"]}, "text": None},
            ]
            assert await call(connected, "vector_upsert", collection=name, records=records) == {"upserted": 3}
            found = (await call(connected, "vector_search", collection=name, vector=[1, 0, 0], limit=2))["matches"]
            assert [match["id"] for match in found] == ["x", "xy"]
            assert found[0]["score"] == pytest.approx(1) and found[1]["score"] == pytest.approx(math.sqrt(0.5))
            assert found[0]["text"] == "ایکس" and found[0]["metadata"] == {"chapter": 1, "at": {"part": 1}}
            for condition, ids in [
                ({"chapter": {"$gte": 2}}, ["xy", "y"]), ({"at.part": 1}, ["x"]), ({"tags": "b"}, ["xy"]),
                ({"$or": [{"chapter": 1}, {"chapter": {"$in": [2, 9]}}]}, ["x", "y"]),
                ({"chapter": {"$ne": 1}, "tags": "a"}, ["xy"]),
            ]:
                answer = await call(
                    connected, "vector_search", collection=name, vector=[1, 0.9, 0], limit=10, filter=condition
                )
                assert sorted(match["id"] for match in answer["matches"]) == ids
                assert (await call(connected, "vector_count", collection=name, filter=condition))["count"] == len(ids)
            answer = await call(
                connected, "vector_search", collection=name, vector=[1, 0, 0], limit=10, min_score=0.9
            )
            assert [match["id"] for match in answer["matches"]] == ["x"]
            got = await call(connected, "vector_get", collection=name, ids=["y", "nobody"])
            assert [(record["id"], record["vector"]) for record in got["records"]] == [("y", [0, 1, 0])]
            listed = (await call(connected, "vector_list_collections"))["collections"]
            mine = next(item for item in listed if item["collection"] == name)
            assert mine["count"] == 3 and mine["dimension"] == 3 and mine["memory_bytes"] > 0
            assert await call(connected, "vector_delete", collection=name, ids=["y", "nobody"]) == {"deleted": 1}
            assert await call(connected, "vector_delete", collection=name, filter={"chapter": 3}) == {"deleted": 1}
            assert await call(connected, "vector_count", collection=name) == {"count": 1}
            assert await call(connected, "vector_drop_collection", collection=name) == {"dropped": True}
            assert await refusal(connected, "vector_count", collection=name) == "collection_not_found"

    asyncio.run(scenario())


def test_a_faulty_record_refuses_the_whole_upsert(vectors):
    async def scenario():
        name = new_name("c")
        good = {"id": "good", "vector": [1, 2, 3]}
        async with client(vectors, "stateless") as connected:
            await call(connected, "vector_create_collection", collection=name, dimension=3)
            for faulty, code in [
                ({"id": "a", "vector": [1, 2]}, "dimension_mismatch"),
                ({"id": "a", "vector": [0, 0, 0]}, "invalid_argument"),
                ({"id": "a", "vector": [1e300, 0, 0]}, "invalid_argument"),
                ({"id": "", "vector": [1, 2, 3]}, "invalid_argument"),
                ({"id": "good", "vector": [1, 2, 3]}, "invalid_argument"),
            ]:
                assert await refusal(connected, "vector_upsert", collection=name, records=[good, faulty]) == code
            assert await refusal(connected, "vector_search", collection=name, vector=[1, 2]) == "dimension_mismatch"
            assert (
                await refusal(connected, "vector_search", collection=name, vector=[1, 2, 3], filter={"a": {"$x": 1}})
                == "invalid_filter"
            )
            assert await refusal(connected, "vector_delete", collection=name, filter={}) == "invalid_filter"
            assert await refusal(connected, "vector_delete", collection=name) == "invalid_argument"
            assert await call(connected, "vector_count", collection=name) == {"count": 0}

    asyncio.run(scenario())


def test_search_agrees_with_plain_arithmetic(vectors):
    async def scenario():
        name = new_name("c")
        generator = random.Random(17)
        corpus = {f"r{n}": [generator.gauss(0, 1) for _ in range(48)] for n in range(300)}
        async with client(vectors, "stateless") as connected:
            await call(connected, "vector_create_collection", collection=name, dimension=48)
            items = [{"id": key, "vector": vector} for key, vector in corpus.items()]
            for start in range(0, 300, 100):
                await call(connected, "vector_upsert", collection=name, records=items[start:start + 100])
            for _ in range(5):
                query = [generator.gauss(0, 1) for _ in range(48)]
                expected = sorted(
                    (-sum(a * b for a, b in zip(vector, query)) / math.hypot(*vector) / math.hypot(*query), key)
                    for key, vector in corpus.items()
                )[:10]
                answer = await call(connected, "vector_search", collection=name, vector=query, limit=10)
                assert [match["id"] for match in answer["matches"]] == [key for _, key in expected]
                for match, (score, _) in zip(answer["matches"], expected):
                    assert match["score"] == pytest.approx(-score, abs=1e-5)
            await call(connected, "vector_drop_collection", collection=name)

    asyncio.run(scenario())


def test_health_and_wrong_methods(storage, vectors):
    for server in (storage, vectors):
        assert http("GET", f"{server.url}/livez")[0] == 200
        status, _, body = http("GET", f"{server.url}/readyz")
        assert status == 200 and json.loads(body)["status"] == "ok"
        status, headers, _ = http("POST", f"{server.url}/sse", b"{}")
        assert status == 405 and "GET" in headers["Allow"]
        assert http("PUT", f"{server.url}/mcp", b"{}")[0] == 405
        assert http("GET", f"{server.url}/nowhere")[0] == 404
        assert http("GET", f"{server.url}/sse", headers={"Origin": "http://evil.example"})[0] == 403
        assert http("POST", f"{server.url}/mcp", b"{}", {"Host": "evil.example"})[0] == 421


def test_an_oversize_body_is_refused(storage):
    for headers in ({}, {"Transfer-Encoding": "chunked"}):
        with socket.create_connection(("127.0.0.1", int(storage.url.rsplit(":", 1)[1])), timeout=20) as connection:
            size = (16 << 20) + 1
            head = f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            if headers:
                connection.sendall((head + "Transfer-Encoding: chunked\r\n\r\n").encode())
                with contextlib.suppress(OSError):
                    for _ in range(17):
                        connection.sendall(b"100000\r\n" + b"x" * (1 << 20) + b"\r\n")
            else:
                connection.sendall((head + f"Content-Length: {size}\r\n\r\n").encode())
            assert connection.recv(64).startswith(b"HTTP/1.1 413 ")


def test_a_kilobyte_short_of_the_limit_passes(storage):
    async def scenario():
        async with client(storage, "stateless") as connected:
            content = "a" * ((16 << 20) - 1024)
            put = await call(connected, "object_put", bucket="large", key="large", content=content)
            assert put["size"] == len(content)
            head = await call(connected, "object_head", bucket="large", key="large")
            assert head["size"] == len(content)

    asyncio.run(scenario())


def test_kill_9_loses_nothing_acknowledged(tmp_path):
    """Writers note what was acknowledged while the server is killed again and again."""
    acknowledged = {}
    with private_server("lectern-storage", tmp_path) as server:
        for round_number in range(3):

            async def write(writer):
                async with client(server, "stateless") as connected:
                    for number in range(10_000):
                        key = f"w{writer}/{number % 5}"
                        text = f"{round_number} {writer} {number} " * 50
                        acknowledged.setdefault(key, []).append(text)
                        await call(connected, "object_put", bucket="b", key=key, content=text)
                        del acknowledged[key][:-1]

            async def storm():
                writers = [asyncio.create_task(write(number)) for number in range(4)]
                await asyncio.sleep(0.7)
                server.stop(signal.SIGKILL)
                await asyncio.gather(*writers, return_exceptions=True)

            asyncio.run(storm())
            server.start()

            async def check():
                async with client(server, "stateless") as connected:
                    for key, texts in acknowledged.items():
                        got = await connected.call_tool("object_get", {"bucket": "b", "key": key})
                        # The last acknowledged text, or the one that was on its way.
                        if got.is_error:
                            assert got.structured_content["error"] == "not_found" and len(texts) == 1
                        else:
                            assert got.structured_content["content"] in texts
                            acknowledged[key] = [got.structured_content["content"]]

            asyncio.run(check())
    assert len(acknowledged) == 20


def test_vectors_survive_kill_9(tmp_path):
    acknowledged = set()
    with private_server("lectern-vectordal", tmp_path) as server:

        async def write(writer):
            async with client(server, "stateless") as connected:
                for number in range(10_000):
                    ids = [f"{writer}-{number}-{part}" for part in range(3)]
                    records = [{"id": item, "vector": [1, number, part]} for part, item in enumerate(ids)]
                    await call(connected, "vector_upsert", collection="c", records=records)
                    acknowledged.update(ids)

        async def storm():
            async with client(server, "stateless") as connected:
                await call(connected, "vector_create_collection", collection="c", dimension=3)
            writers = [asyncio.create_task(write(number)) for number in range(4)]
            await asyncio.sleep(1)
            server.stop(signal.SIGKILL)
            await asyncio.gather(*writers, return_exceptions=True)

        asyncio.run(storm())
        assert acknowledged
        server.start()

        async def check():
            async with client(server, "stateless") as connected:
                count = (await call(connected, "vector_count", collection="c"))["count"]
                # Calls of three records each, whole or not at all.
                assert count % 3 == 0 and count >= len(acknowledged)
                ids = sorted(acknowledged)
                for start in range(0, len(ids), 500):
                    wanted = ids[start:start + 500]
                    got = await call(connected, "vector_get", collection="c", ids=wanted)
                    assert [record["id"] for record in got["records"]] == wanted

        asyncio.run(check())


@pytest.mark.parametrize("name", ["lectern-storage", "lectern-vectordal"])
def test_sigterm_ends_open_streams_at_once(name, tmp_path):
    with private_server(name, tmp_path) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as stream:
            stream.sendall(b"GET /sse HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            received = b""
            while b"event: endpoint" not in received:
                received += stream.recv(65536)
            begin = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - begin < 3


def test_a_client_that_leaves_ends_its_session(tmp_path):
    """More clients come and go than there may be sessions."""
    with private_server("lectern-storage", tmp_path) as server:
        for _ in range(300):
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as stream:
                stream.sendall(b"GET /sse HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                assert stream.recv(64).startswith(b"HTTP/1.1 200 ")


@contextlib.contextmanager
def small_disk(tmp_path):
    """A file system of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]).returncode:
        pytest.skip("mounting a file system needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_told_and_keeps_what_was_there(tmp_path):
    with small_disk(tmp_path) as disk, private_server("lectern-storage", disk) as server:

        async def scenario():
            async with client(server, "stateless") as connected:
                for number in range(100):
                    arguments = {"bucket": "b", "key": f"k{number}", "content": str(number % 10) * 200_000}
                    if (await connected.call_tool("object_put", arguments)).is_error:
                        break
                assert 3 < number < 12
                assert await refusal(connected, "object_put", **arguments) == "storage_full"
                assert await refusal(connected, "object_put", **{**arguments, "key": "k1"}) == "storage_full"
                assert http("GET", f"{server.url}/readyz")[0] == 200
                page = await call(connected, "object_list", bucket="b")
                assert [item["key"] for item in page["objects"]] == [f"k{n}" for n in range(number)]
                for kept in range(number):
                    got = await call(connected, "object_get", bucket="b", key=f"k{kept}")
                    assert got["content"] == str(kept % 10) * 200_000
                await call(connected, "object_delete", bucket="b", key="k0")
                await call(connected, "object_put", **arguments)

        asyncio.run(scenario())
        assert not list((disk / "data/scratch").iterdir())
        server.stop()


def test_a_full_disk_refuses_vectors_whole(tmp_path):
    with small_disk(tmp_path) as disk, private_server("lectern-vectordal", disk) as server:

        async def scenario():
            async with client(server, "stateless") as connected:
                await call(connected, "vector_create_collection", collection="c", dimension=3)
                for number in range(100):
                    records = [
                        {"id": f"{number}-{part}", "vector": [1, 2, part], "text": "t" * 50_000} for part in range(5)
                    ]
                    result = await connected.call_tool("vector_upsert", {"collection": "c", "records": records})
                    if result.is_error:
                        break
                assert 3 < number < 9 and result.structured_content["error"] == "storage_full"
                assert (await call(connected, "vector_count", collection="c"))["count"] == 5 * number
                small = [{"id": "small", "vector": [1, 0, 0]}]
                await call(connected, "vector_upsert", collection="c", records=small)
            return number

        number = asyncio.run(scenario())
        server.stop(signal.SIGKILL)
        server.start()

        async def check():
            async with client(server, "stateless") as connected:
                assert (await call(connected, "vector_count", collection="c"))["count"] == 5 * number + 1

        asyncio.run(check())
        server.stop()


def test_two_processes_do_not_share_a_directory(tmp_path):
    with private_server("lectern-storage", tmp_path) as server:
        second = Server("lectern-storage", server.data)
        with pytest.raises(AssertionError, match="ended with"):
            second.start()
