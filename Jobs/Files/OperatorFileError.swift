/// A file that operators write cannot be used. Everything found wrong is reported at once.
public struct OperatorFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One thing to mend.
    public struct Problem: Hashable, Sendable {
        /// In the file, from 1.
        public var line: Int
        /// What is wrong, and what may stand there instead. Never shows an argument's value.
        public var message: String
    }

    /// As the reader of the file was told.
    public var file: String
    /// In the order of the lines; never empty.
    public var problems: [Problem]

    /// One line for each problem: `Jobs/queues.yaml:7: …`.
    public var description: String {
        self.problems.map { "\(self.file):\($0.line): \($0.message)" }.joined(separator: "\n")
    }
}
