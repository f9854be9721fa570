import HTTPTypes
import Hummingbird
import Operators

extension OperatorCall {
    /// Lets the caller act, and says in the terms of HTTP why it was to no avail.
    /// - Throws: `HTTPError`: 404 for what there is not, 409 where things have moved on, 422 for a wish without sense.
    func steering<T: Sendable>(
        _ actions: OperatorActions, _ body: (OperatorActions, OperatorActions.Hand) async throws -> T
    ) async throws -> T {
        do {
            return try await body(actions, OperatorActions.Hand(self.who, requestID: self.requestID))
        } catch let error as SteeringError {
            throw HTTPError(error)
        }
    }
}

extension ConsoleForm {
    /// For a button that no page has.
    static var unknownAction: HTTPError {
        HTTPError(.unprocessableContent, message: "The form asks for nothing that can be done here.")
    }

    /// A sentence of the operator's own; `nil` where there is none.
    /// - Throws: `HTTPError` 422 where it is long.
    func remark() throws -> String? {
        guard let reason = self["reason"] else { return nil }
        guard reason.count <= 500 else {
            throw HTTPError(.unprocessableContent, message: "A reason has at most 500 characters.")
        }
        return reason
    }

    /// A sentence of the operator's own.
    /// - Throws: `HTTPError` 422 where it is missing or long.
    func reason() throws -> String {
        guard let reason = try self.remark() else {
            throw HTTPError(.unprocessableContent, message: "Say why.")
        }
        return reason
    }

    /// The length of a pause; `nil` for no end.
    /// - Throws: `HTTPError` 422 for what is no number of minutes up to a year.
    func minutes() throws -> Int? {
        guard let text = self["minutes"] else { return nil }
        guard let minutes = Int(text), (1...527_040).contains(minutes) else {
            throw HTTPError(.unprocessableContent, message: "minutes is a whole number from 1 to 527040, or empty.")
        }
        return minutes
    }
}
