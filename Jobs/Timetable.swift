public import JobQueue

/// The jobs that are enqueued again and again: `Jobs/schedule.yaml`, read and checked.
public struct Timetable: Sendable {
    /// One recurring job.
    public struct Entry: Sendable {
        /// What has fired is remembered under this name.
        public var name: String
        /// Also says the kind, the queue and the unique key.
        public var arguments: any JobArguments
        /// The arguments as they are stored, with sorted keys: equal arguments, equal text.
        public var argumentsJSON: String
        public var schedule: CronSchedule
        public var isEnabled: Bool

        public var definition: JobDefinition { type(of: self.arguments).definition }
    }

    /// In the order of the file, each with a name of its own.
    public var entries: [Entry]

    /// The timetable that this program was built with.
    /// - Throws: ``OperatorFileError`` when it breaks a rule, and an error of Foundation when it is not there.
    public static func bundled() throws -> Timetable {
        try Timetable(yaml: BundledFile.schedule.text(), file: BundledFile.schedule.path)
    }

    /// Reads a timetable.
    /// - Parameter file: what error messages call it.
    /// - Throws: ``OperatorFileError`` with everything that is wrong.
    public init(
        yaml: String, file: String, kinds: [any JobArguments.Type] = PipelineKinds.all
    ) throws(OperatorFileError) {
        var reader = TimetableReader(file: file, kinds: kinds)
        self.entries = try reader.read(yaml)
    }
}
