package import MCPServing

/// Why the store refused or failed; `code` and `message` are what the caller of a tool sees.
public struct StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it was.
    public enum Code: String, Sendable, CaseIterable {
        /// An argument is missing, has the wrong type or breaks a rule of the store.
        case invalidArgument = "invalid_argument"
        /// The object does not exist.
        case notFound = "not_found"
        /// The content is larger than one object may be.
        case tooLarge = "too_large"
        /// What stands on disk is not what was written. The object is not served.
        case corrupted
        /// No room on the disk: the object that was there before still stands.
        case storageFull = "storage_full"
        /// Another process serves this data directory.
        case inUse = "in_use"
        /// The file system failed.
        case ioFailure = "io_failure"
    }

    /// What kind of failure it was.
    public let code: Code
    /// One sentence for people, without secrets and without paths of this machine.
    public let message: String
    /// The system call behind it, for the log.
    package let underlying: FileError?

    package init(_ code: Code, _ message: String, underlying: FileError? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    init(_ error: FileError) {
        if error.isFull {
            self.init(.storageFull, "The storage server's disk is full; nothing was changed.", underlying: error)
        } else {
            self.init(.ioFailure, "The storage server's file system failed (\(error)).", underlying: error)
        }
    }

    public var description: String { "\(self.code.rawValue): \(self.message)" }
}
