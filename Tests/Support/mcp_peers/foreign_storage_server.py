"""Serves the public package filesystem-mcp over HTTP+SSE: a storage server that knows nothing of ours.

    foreign_storage_server.py ROOT
"""

import sys

from filesystem_mcp.server import mcp, set_allowed_dirs
from mcp.server.transport_security import TransportSecuritySettings

from peer_process import serve

set_allowed_dirs(sys.argv[1:])
serve(mcp.sse_app(transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False)))
