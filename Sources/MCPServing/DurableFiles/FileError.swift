#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file system call that failed.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call, such as `rename`.
    package let operation: String
    /// Its `errno`.
    package let number: Int32

    package init(operation: String, number: Int32) {
        self.operation = operation
        self.number = number
    }

    /// The error of the call that just failed. Must be made before any other call.
    package static func last(_ operation: String) -> FileError {
        FileError(operation: operation, number: errno)
    }

    /// The error of a name that is not there.
    package static let missing = FileError(operation: "openat", number: ENOENT)

    /// Disk, quota or file size limit reached: what was being written is not there.
    package var isFull: Bool { [ENOSPC, EDQUOT, EFBIG].contains(self.number) }

    /// The name, or the folder it should stand in, does not exist.
    package var isMissing: Bool { self.number == ENOENT }

    package var description: String {
        "\(self.operation): \(strerror(self.number).map { String(cString: $0) } ?? "error \(self.number)")"
    }
}
