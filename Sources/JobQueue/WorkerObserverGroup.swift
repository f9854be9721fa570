/// Tells several observers, one after the other.
public struct WorkerObserverGroup: WorkerObserver {
    private let observers: [any WorkerObserver]

    public init(_ observers: any WorkerObserver...) {
        self.observers = observers
    }

    public func claimed(queue: String, count: Int, limit: Int) {
        for observer in self.observers { observer.claimed(queue: queue, count: count, limit: limit) }
    }

    public func started(_ job: ClaimedJob) {
        for observer in self.observers { observer.started(job) }
    }

    public func ended(_ ending: JobEnding) {
        for observer in self.observers { observer.ended(ending) }
    }

    public func endingRefused(_ ending: JobEnding) {
        for observer in self.observers { observer.endingRefused(ending) }
    }

    public func heartbeat(isAlive: Bool) {
        for observer in self.observers { observer.heartbeat(isAlive: isAlive) }
    }

    public func rescued(_ report: RescueReport) {
        for observer in self.observers { observer.rescued(report) }
    }
}
