import HTTPTypes
public import Hummingbird
public import MCP

/// Adds all endpoints of an MCP server to a router.
///
/// `bodyTimeout` is the time that a client has to send a request's body, `writeTimeout` the longest that it may leave an
/// event stream unread.
public func addMCPRoutes(
    _ core: MCPServerCore, to router: some RouterMethods<MCPRequestContext>, bodyTimeout: Duration = .seconds(60),
    writeTimeout: Duration = .seconds(60)
) {
    let exchange = MCPExchange(core: core, bodyTimeout: bodyTimeout, writeTimeout: writeTimeout)
    for path in core.paths.all {
        // The methods that an endpoint does not know too: the core answers them with 405 and `Allow`.
        for method: HTTPRequest.Method in [.get, .head, .post, .put, .patch, .delete, .options] {
            router.on(RouterPath(path), method: method) { request, context in
                await exchange.respond(to: request, context: context)
            }
        }
    }
}
