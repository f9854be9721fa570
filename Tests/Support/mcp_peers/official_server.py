"""An MCP server written with the official package, for the tests of our client.

    official_server.py TRANSPORT [--port PORT] [--json] [--resumable] [--token TOKEN]

TRANSPORT is sse or http. Prints its port when ready. The storage tools have the names and arguments of our own storage server, but another
implementation, so that the client's mapping meets a stranger's answers.
"""

import argparse
import asyncio
import base64
import hashlib
from typing import Any

import mcp_types as types
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.lowlevel import Server
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.streamable_http import EventMessage, EventStore
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import BaseModel

from peer_process import serve


class MemoryEventStore(EventStore):
    """Keeps every event, in order, with the stream it belongs to."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []

    async def store_event(self, stream_id, message):
        self.events.append((stream_id, message))
        return str(len(self.events))

    async def replay_events_after(self, last_event_id, send_callback):
        start = int(last_event_id)
        stream_id = self.events[start - 1][0]
        for number, (stream, message) in enumerate(self.events[start:], start + 1):
            if stream == stream_id and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream_id


class FixedToken:
    def __init__(self, token: str) -> None:
        self.token = token

    async def verify_token(self, token: str):
        if token != self.token:
            return None
        return AccessToken(token=token, client_id="lectern", scopes=[])


class Stored(BaseModel):
    key: str
    size: int
    sha256: str
    modified_at: str = "2026-01-01T00:00:00Z"


class Listing(BaseModel):
    objects: list[Stored]
    next_page_token: str | None = None


class Head(BaseModel):
    found: bool
    key: str
    size: int = 0
    sha256: str | None = None


def build(token: str | None) -> MCPServer:
    options: dict[str, Any] = {}
    if token:
        options["token_verifier"] = FixedToken(token)
        options["auth"] = AuthSettings(
            issuer_url="http://127.0.0.1:1", resource_server_url="http://127.0.0.1:1", required_scopes=[]
        )
    server = MCPServer("official-peer", **options)
    objects: dict[tuple[str, str], bytes] = {}
    calls: dict[str, int] = {}

    def info(bucket: str, key: str) -> Stored:
        body = objects[bucket, key]
        return Stored(key=key, size=len(body), sha256=hashlib.sha256(body).hexdigest())

    @server.tool()
    def echo(text: str) -> str:
        """Gives the text back."""
        return text

    @server.tool()
    def count_calls(name: str) -> int:
        """How often count_calls was called with this name."""
        calls[name] = calls.get(name, 0) + 1
        return calls[name]

    @server.tool()
    async def slow(seconds: float) -> str:
        """Answers late."""
        calls["slow_started"] = calls.get("slow_started", 0) + 1
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            calls["slow_cancelled"] = calls.get("slow_cancelled", 0) + 1
            raise
        return "done"

    @server.tool()
    def statistics() -> dict[str, int]:
        """What happened so far."""
        return calls

    @server.tool()
    def fail(reason: str) -> str:
        """Fails."""
        raise ValueError(reason)

    @server.tool()
    async def with_progress(steps: int, ctx: Context) -> str:
        """Reports progress."""
        for step in range(steps):
            await ctx.report_progress(step + 1, steps, f"step {step + 1}")
        return "finished"

    @server.tool()
    async def break_stream(seconds: float, ctx: Context) -> str:
        """Cuts the connection that carries the answer, then answers."""
        await ctx.report_progress(1, 2, "before")
        await ctx.close_sse_stream()
        await asyncio.sleep(seconds)
        return "after the break"

    @server.tool()
    def list_words() -> list[str]:
        """Several blocks of text."""
        return ["one", "two"]

    @server.tool()
    def object_put(
        bucket: str, key: str, content: str | None = None, content_base64: str | None = None, content_type: str = ""
    ) -> Stored:
        """Writes an object."""
        objects[bucket, key] = content.encode() if content is not None else base64.b64decode(content_base64 or "")
        return info(bucket, key)

    @server.tool()
    def object_get(bucket: str, key: str) -> types.CallToolResult:
        """Reads an object."""
        if (bucket, key) not in objects:
            return types.CallToolResult(
                content=[types.TextContent(type="text", text="no such object")],
                structured_content={"error": "not_found"},
                is_error=True,
            )
        body = objects[bucket, key]
        answer: dict[str, Any] = info(bucket, key).model_dump()
        try:
            answer |= {"content": body.decode(), "encoding": "utf-8"}
        except UnicodeDecodeError:
            answer |= {"content_base64": base64.b64encode(body).decode(), "encoding": "base64"}
        return types.CallToolResult(
            content=[types.TextContent(type="text", text="see the structured content")], structured_content=answer
        )

    @server.tool()
    def object_head(bucket: str, key: str) -> Head:
        """Tells of an object."""
        if (bucket, key) not in objects:
            return Head(found=False, key=key)
        stored = info(bucket, key)
        return Head(found=True, key=key, size=stored.size, sha256=stored.sha256)

    @server.tool()
    def object_list(bucket: str, prefix: str = "", limit: int = 1000, page_token: str | None = None) -> Listing:
        """Lists objects by prefix."""
        keys = sorted(key for b, key in objects if b == bucket and key.startswith(prefix) and key > (page_token or ""))
        page = keys[:limit]
        more = page[-1] if len(keys) > limit else None
        return Listing(objects=[info(bucket, key) for key in page], next_page_token=more)

    @server.tool()
    def object_delete(bucket: str, key: str) -> dict[str, bool]:
        """Removes an object."""
        return {"deleted": objects.pop((bucket, key), None) is not None}

    return server


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("transport", choices=["sse", "http"])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--resumable", action="store_true")
    parser.add_argument("--token")
    arguments = parser.parse_args()
    server = build(arguments.token)
    security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    if arguments.transport == "sse":
        app = server.sse_app(transport_security=security)
    else:
        app = server.streamable_http_app(
            json_response=arguments.json,
            event_store=MemoryEventStore() if arguments.resumable else None,
            retry_interval=200 if arguments.resumable else None,
            transport_security=security,
        )
    serve(app, arguments.port)


if __name__ == "__main__":
    main()
