import HTTPTypes

extension HTTPRequest.Method {
    /// The methods that somebody may try at an address, each to be answered with what the address allows.
    static let known: [HTTPRequest.Method] =
        [.get, .head, .post, .put, .patch, .delete, .options, .trace] + [HTTPRequest.Method("QUERY")].compactMap(\.self)
}
