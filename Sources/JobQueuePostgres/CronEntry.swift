public import JobQueue

/// A job that is enqueued again and again.
public struct CronEntry: Sendable {
    /// What has fired is remembered under this name.
    public var name: String
    public var schedule: CronSchedule
    /// What falls into a time when an entry is disabled is not made up for.
    public var isEnabled: Bool
    /// Also says the kind, the queue and the unique key.
    public var arguments: any JobArguments

    public init(name: String, schedule: CronSchedule, isEnabled: Bool = true, arguments: any JobArguments) {
        self.name = name
        self.schedule = schedule
        self.isEnabled = isEnabled
        self.arguments = arguments
    }
}
