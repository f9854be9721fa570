/// What operators steer: a whole queue, or one kind of job in it.
public struct ControlTarget: Hashable, Sendable, CustomStringConvertible {
    public let queue: String
    /// `nil` for the whole queue.
    public let kind: String?

    public static func queue(_ name: String) -> ControlTarget { ControlTarget(queue: name, kind: nil) }

    /// - Parameter queue: the queue that the kind's definition names.
    public static func kind(_ kind: String, in queue: String) -> ControlTarget {
        ControlTarget(queue: queue, kind: kind)
    }

    public var description: String { self.kind.map { "kind \($0)" } ?? "queue \(self.queue)" }

    /// Where rows wait that a limit or a pause of the target keeps from running.
    var gate: String { self.kind.map { "kind:\($0)" } ?? "queue:\(self.queue)" }
}
