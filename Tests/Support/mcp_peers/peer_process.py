"""What the servers here have in common: a free port, printed when ready, and an end with whoever started them."""

import asyncio
import os
import socket
import sys
import threading

import uvicorn


def exit_with_stdin() -> None:
    """Ends the process when standard input closes, and so when the tests end or crash."""

    def wait() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def serve(app, port: int = 0) -> None:
    exit_with_stdin()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)

    async def run() -> None:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not task.done():
            await asyncio.sleep(0.01)
        print(listener.getsockname()[1], flush=True)
        await task

    asyncio.run(run())
