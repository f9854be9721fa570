import Hummingbird
import Operators

/// A page of the console: an address and what is done there.
struct ConsolePage: Sendable {
    /// In the router's notation.
    let path: String
    /// Shows the page; changes nothing.
    let get: @Sendable (OperatorCall) async throws -> Response
    /// Takes a form of somebody who may steer.
    let post: (@Sendable (OperatorCall, ConsoleForm) async throws -> Response)?

    init(
        _ path: String, get: @escaping @Sendable (OperatorCall) async throws -> Response,
        post: (@Sendable (OperatorCall, ConsoleForm) async throws -> Response)? = nil
    ) {
        self.path = path
        self.get = get
        self.post = post
    }
}

extension OperatorCall {
    /// The fields of the address.
    /// - Throws: `HTTPError` 400 for what is no such thing.
    func query() throws -> ConsoleForm {
        guard let form = ConsoleForm(Array((self.request.uri.query ?? "").utf8)) else {
            throw HTTPError(.badRequest, message: "The address's query does not read.")
        }
        return form
    }

    /// Whether the page shows its buttons.
    var maySteer: Bool { self.who.role.may(.steer) }
}
