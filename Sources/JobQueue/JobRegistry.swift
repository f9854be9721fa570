import FoundationEssentials

/// The handlers of one worker, by kind.
public struct JobRegistry<Transaction: Sendable>: Sendable {
    typealias Runner = @Sendable (String, JobContext) async throws -> JobOutcome<Transaction>

    private var runners: [String: Runner] = [:]
    private var policies: [String: RetryPolicy] = [:]

    public init() {}

    /// The queues that the registered kinds belong to.
    public private(set) var queues: Set<String> = []

    /// Adds a handler. A second one for the same kind replaces the first.
    public mutating func register<Handler: JobHandler>(_ handler: Handler) where Handler.Transaction == Transaction {
        let definition = Handler.Arguments.definition
        self.queues.insert(definition.queue)
        self.policies[definition.kind] = definition.retryPolicy
        let decoder = JSONDecoder()
        self.runners[definition.kind] = { text, context in
            let arguments: Handler.Arguments
            do {
                arguments = try decoder.decode(Handler.Arguments.self, from: Data(text.utf8))
            } catch {
                throw JobError.permanent(
                    "malformed_arguments", "the stored arguments do not decode as \(definition.kind): \(error)")
            }
            return try await handler.perform(arguments, context: context)
        }
    }

    func runner(for kind: String) -> Runner? { self.runners[kind] }

    /// The policy of a kind, or the default one where this worker does not know the kind.
    func retryPolicy(for kind: String) -> RetryPolicy { self.policies[kind] ?? RetryPolicy() }
}
