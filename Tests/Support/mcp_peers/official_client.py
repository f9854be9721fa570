"""Uses our server with the official client library, in each generation, and prints what it saw as one JSON object.

    official_client.py BASE_URL [TOKEN]
"""

import asyncio
import json
import sys

import httpx2
import mcp_types as types
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError


async def look(client, mode):
    seen = {}
    options = {} if mode is None else {"mode": mode}
    async with Client(client, **options) as connected:
        seen["version"] = connected.protocol_version
        seen["server"] = connected.server_info.name if connected.server_info else None
        tools = []
        cursor = None
        while True:
            page = await connected.list_tools(cursor=cursor)
            tools += page.tools
            cursor = page.next_cursor
            if cursor is None:
                break
        seen["tools"] = sorted(tool.name for tool in tools)
        echo = await connected.call_tool("echo", {"text": "Grüße\nعلم"})
        seen["echo"] = echo.structured_content
        seen["echo_text"] = echo.content[0].text
        failed = await connected.call_tool("fail", {})
        seen["failed"] = failed.is_error
        try:
            bad = await connected.call_tool("echo", {"text": 7})
            seen["bad_arguments"] = "is_error" if bad.is_error else "passed"
        except MCPError as error:
            seen["bad_arguments"] = error.error.code
        try:
            await connected.call_tool("no_such_tool", {})
            seen["unknown"] = "passed"
        except MCPError as error:
            seen["unknown"] = error.error.code
        steps = []

        async def on_progress(progress, total, message):
            steps.append([progress, total, message])

        await connected.call_tool("with_progress", {"steps": 3}, progress_callback=on_progress)
        seen["progress"] = steps
        answers = await asyncio.gather(*(connected.call_tool("echo", {"text": str(n)}) for n in range(30)))
        seen["parallel"] = [answer.structured_content["text"] for answer in answers] == [str(n) for n in range(30)]
        try:
            await connected.call_tool("slow", {"seconds": 30}, read_timeout_seconds=0.3)
            seen["slow"] = "passed"
        except MCPError:
            seen["slow"] = "timed out"
        for _ in range(100):
            statistics = (await connected.call_tool("statistics", {})).structured_content
            if statistics["cancelled"] > 0:
                break
            await asyncio.sleep(0.02)
        seen["cancelled"] = statistics["cancelled"] > 0
    return seen


async def main():
    base = sys.argv[1]
    headers = {"Authorization": f"Bearer {sys.argv[2]}"} if len(sys.argv) > 2 else {}
    seen = {}
    async with httpx2.AsyncClient(headers=headers, timeout=20) as http:
        seen["stateless"] = await look(streamable_http_client(f"{base}/mcp", http_client=http), None)
        seen["streamable"] = await look(streamable_http_client(f"{base}/mcp", http_client=http), "legacy")
    seen["sse"] = await look(sse_client(f"{base}/sse", headers=headers), "legacy")
    print(json.dumps(seen))


asyncio.run(main())
