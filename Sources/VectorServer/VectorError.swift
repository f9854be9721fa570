package import MCPServing

/// Why the vector store refused or failed; `code` and `message` are what the caller of a tool sees.
public struct VectorError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it was.
    public enum Code: String, Sendable, CaseIterable {
        /// An argument is missing, has the wrong type or breaks a rule of the store.
        case invalidArgument = "invalid_argument"
        /// A filter that is not understood.
        case invalidFilter = "invalid_filter"
        /// A vector has another length than its collection, or a collection exists with another dimension.
        case dimensionMismatch = "dimension_mismatch"
        /// There is no such collection.
        case collectionNotFound = "collection_not_found"
        /// The store holds as much as it may.
        case capacityExceeded = "capacity_exceeded"
        /// No room on the disk: nothing was changed.
        case storageFull = "storage_full"
        /// What stands on disk is not what was written.
        case corrupted
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

    /// Maps what the layers below throw.
    init(_ error: any Error) {
        switch error {
        case let error as VectorError:
            self = error
        case let error as FileError where error.isFull:
            self.init(.storageFull, "The vector server's disk is full; nothing was changed.", underlying: error)
        case let error as FileError:
            self.init(.ioFailure, "The vector server's file system failed (\(error)).", underlying: error)
        case is DataDirectory.InUse:
            self.init(.inUse, "Another process serves this data directory.")
        default:
            self.init(.ioFailure, "The vector server failed unexpectedly.")
        }
    }

    public var description: String { "\(self.code.rawValue): \(self.message)" }
}
