import Hummingbird
import Operators

/// A request whose sender is known and may send it.
struct OperatorCall: Sendable {
    let request: Request
    let parameters: Parameters
    let who: Operator
    let requestID: String?

    /// For the record of what is done.
    var hand: OperatorActions.Hand { OperatorActions.Hand(self.who, requestID: self.requestID) }
}

/// What answers a method of an address.
struct OperatorHandler: Sendable {
    /// The caller has one of these.
    let permissions: [OperatorRole.Permission]
    let body: @Sendable (OperatorCall) async throws -> Response

    init(_ permissions: OperatorRole.Permission..., body: @escaping @Sendable (OperatorCall) async throws -> Response) {
        self.permissions = permissions
        self.body = body
    }
}
