public import JobQueue

extension QueueNumbers {
    /// The numbers that this program was built with: `Jobs/queues.yaml`.
    /// - Throws: ``OperatorFileError`` when the file breaks a rule, and an error of Foundation when it is not there.
    public static func bundled() throws -> QueueNumbers {
        try QueueNumbers(yaml: BundledFile.queues.text(), file: BundledFile.queues.path)
    }

    /// Reads the operators' numbers.
    /// - Parameter file: what error messages call it.
    /// - Throws: ``OperatorFileError`` with everything that is wrong.
    public init(
        yaml: String, file: String, kinds: [any JobArguments.Type] = PipelineKinds.all
    ) throws(OperatorFileError) {
        var reader = QueueNumbersReader(file: file, definitions: kinds.map { $0.definition })
        self = try reader.read(yaml)
    }
}
