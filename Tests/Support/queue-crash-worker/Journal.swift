import Foundation
import JobQueue

/// Lines of `what job attempt token nanoseconds`, each written by one call to the system, so that a killed process
/// leaves whole lines only. The time is the wall clock's, since 1970.
final class Journal: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let descriptor: Int32

    /// A journal on an open file.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// A journal at the end of the file at `path`.
    convenience init(path: String) throws {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o644)
        guard descriptor >= 0 else {
            throw Failure(description: "the journal \(path) cannot be opened: errno \(errno)")
        }
        self.init(descriptor: descriptor)
    }

    func write(_ what: String, job: JobID, attempt: Int = 0, token: Int64 = 0) {
        self.write(line: "\(what) \(job) \(attempt) \(token) \(Self.now())")
    }

    func write(line: String) {
        let bytes = Array((line + "\n").utf8)
        // A journal with gaps would make the checks lie, so there is no going on without it.
        precondition(
            Foundation.write(self.descriptor, bytes, bytes.count) == bytes.count, "the journal cannot be written")
    }

    private static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
