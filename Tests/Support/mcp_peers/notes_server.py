"""A storage server with tools of its own: other names, other arguments, and answers in plain text.

    notes_server.py TRANSPORT FOLDER [PORT]

TRANSPORT is sse or http. Prints its port when ready. Documents are files below FOLDER/SHELF/. There is no tool that
tells of a document without its text, and a listing is JSON inside a text.
"""

import json
import pathlib
import sys

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings

from peer_process import serve

root = pathlib.Path(sys.argv[2]).resolve()
server = MCPServer("notes")


def place(shelf: str, title: str) -> pathlib.Path:
    path = (root / shelf / title).resolve()
    if not path.is_relative_to(root / shelf):
        raise ToolError("the title leads off the shelf")
    return path


@server.tool(structured_output=False)
def shelve_document(shelf: str, title: str, words: str) -> str:
    """Puts a document on a shelf."""
    path = place(shelf, title)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(words.encode())
    return f"Shelved {title}."


@server.tool(structured_output=False)
def fetch_document(shelf: str, title: str) -> str:
    """Gives a document's words and nothing else."""
    path = place(shelf, title)
    if not path.is_file():
        raise ToolError(f"No document {title} on the shelf.")
    return path.read_bytes().decode()


@server.tool(structured_output=False)
def browse_shelf(shelf: str, begins_with: str = "") -> str:
    """Lists a shelf."""
    titles = sorted(str(path.relative_to(root / shelf)) for path in (root / shelf).rglob("*") if path.is_file())
    return json.dumps({"titles": [title for title in titles if title.startswith(begins_with)]})


@server.tool(structured_output=False)
def discard_document(shelf: str, title: str) -> str:
    """Takes a document off its shelf."""
    path = place(shelf, title)
    if not path.is_file():
        raise ToolError(f"No document {title} on the shelf.")
    path.unlink()
    return f"Discarded {title}."


security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
port = int(sys.argv[3]) if len(sys.argv) > 3 else 0
if sys.argv[1] == "sse":
    serve(server.sse_app(transport_security=security), port)
else:
    serve(server.streamable_http_app(transport_security=security), port)
