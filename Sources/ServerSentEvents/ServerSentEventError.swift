/// Why a stream of events cannot be read on.
public struct ServerSentEventError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public struct Code: Hashable, Sendable {
        private enum Value { case eventTooLarge }
        private let value: Value

        /// One event, or one line of it, exceeds the parser's limit.
        public static let eventTooLarge = Code(value: .eventTooLarge)
    }

    public let code: Code
    public let message: String

    public var description: String { self.message }
}
