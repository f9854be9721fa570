/// Why a static embedding model cannot be used.
public struct StaticModelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public struct Code: Hashable, Sendable {
        private enum Value { case notFound, unreadable, tooLarge, malformed, unsupported, mismatched }
        private let value: Value

        /// A file of the model is not there.
        public static let notFound = Code(value: .notFound)
        /// A file is there and cannot be read.
        public static let unreadable = Code(value: .unreadable)
        /// A file, or something in it, exceeds what is accepted.
        public static let tooLarge = Code(value: .tooLarge)
        /// A file does not hold what its format asks for.
        public static let malformed = Code(value: .malformed)
        /// A file asks for something that this reader cannot do.
        public static let unsupported = Code(value: .unsupported)
        /// The files do not belong together.
        public static let mismatched = Code(value: .mismatched)
    }

    public let code: Code
    public let message: String
    /// The file's path; empty while only its bytes are known.
    public private(set) var path: String

    init(_ code: Code, _ message: String, path: String = "") {
        self.code = code
        self.message = message
        self.path = path
    }

    /// The same error, told of a file.
    func inFile(_ path: String) -> StaticModelError { StaticModelError(self.code, self.message, path: path) }

    public var description: String {
        self.path.isEmpty ? self.message : "the embedding model's file \(self.path) cannot be used: \(self.message)"
    }
}
