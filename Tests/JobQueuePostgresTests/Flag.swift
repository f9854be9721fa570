import Synchronization

/// Something that one task raises and others look at.
final class Flag: Sendable {
    private let raised = Atomic(false)

    var isRaised: Bool { self.raised.load(ordering: .sequentiallyConsistent) }

    func raise() { self.raised.store(true, ordering: .sequentiallyConsistent) }
}

/// Counts what several tasks do.
final class Tally: Sendable {
    private let number = Atomic(0)

    var count: Int { self.number.load(ordering: .sequentiallyConsistent) }

    func add() { self.number.add(1, ordering: .sequentiallyConsistent) }
}

/// Keeps what one task says, in order.
final class Record<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    var all: [Element] { self.elements.withLock { $0 } }

    func add(_ element: Element) { self.elements.withLock { $0.append(element) } }
}
