package import MCP

extension MCPServerAccess {
    /// The access to a server that listens on `host` and is reached by `names`.
    ///
    /// Without names, a server on a loopback address answers to this machine's own names only, which stops web pages that
    /// point their name at it. One that listens on other addresses cannot know its names, so it answers to all.
    package init(listeningOn host: String, names: [String]?, bearerToken: String?) {
        let isLoopback = host == "localhost" || host.hasPrefix("127.") || host == "::1"
        self.init(
            allowedHosts: names ?? (isLoopback ? MCPServerAccess.loopbackHosts : nil), bearerToken: bearerToken)
    }
}
