import JobQueue
public import JobQueuePostgres
import PipelineJobs

extension ControlTarget {
    /// The names that a person gave.
    /// - Throws: ``SteeringError`` for names that nothing has, or both or neither of them.
    public init(queue: String?, kind: String?) throws(SteeringError) {
        let queueOfKind = Dictionary(
            uniqueKeysWithValues: PipelineKinds.all.map { ($0.definition.kind, $0.definition.queue) })
        switch (queue, kind) {
        case (let queue?, nil):
            let queues = Set(queueOfKind.values)
            guard queues.contains(queue) else {
                throw SteeringError(
                    .unknown, "There is no such queue; there are \(queues.sorted().joined(separator: ", ")).")
            }
            self = .queue(queue)
        case (nil, let kind?):
            guard let queue = queueOfKind[kind] else {
                throw SteeringError(
                    .unknown, "There is no such kind; there are \(queueOfKind.keys.sorted().joined(separator: ", ")).")
            }
            self = .kind(kind, in: queue)
        case (nil, nil), (_?, _?):
            throw SteeringError(.senseless, "Name a queue or a kind, one of the two.")
        }
    }
}

/// Why an operator's wish was not fulfilled.
public struct SteeringError: Error, Hashable, Sendable {
    public enum Code: Hashable, Sendable {
        /// What it is about does not exist (any more).
        case unknown
        /// It is not in a state in which that can be done.
        case tooLate
        /// The wish itself makes no sense.
        case senseless
        /// What was planned is not what would be done now.
        case moved
    }

    public var code: Code
    /// A sentence for people: what was wrong and what to do.
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
