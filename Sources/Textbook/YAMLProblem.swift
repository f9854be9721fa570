/// Something in a YAML text that cannot be used.
public struct YAMLProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// The line in the file, from 1.
    public var line: Int
    /// What is wrong, for people.
    public var message: String

    /// `line 3: …`.
    public var description: String {
        "line \(self.line): \(self.message)"
    }
}
