import Foundation
import ServiceLifecycle
import Synchronization

/// Says when handlers start: the first one on standard output, all of them in a file where one is named.
///
/// A start only appends to memory; the file is written twice a second and at the end.
final class StartRecorder: Service {
    private let hasStarted = Atomic(false)
    private let file: FileHandle?
    private let lines = Mutex<[UInt8]>([])

    /// - Parameter path: of the trace, which is made anew; `nil` for none.
    init(path: String?) throws {
        guard let path else {
            self.file = nil
            return
        }
        try Data().write(to: URL(fileURLWithPath: path))
        self.file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    func started(_ n: Int) {
        guard self.file != nil || !self.hasStarted.load(ordering: .relaxed) else { return }
        let now = epochNanoseconds()
        if !self.hasStarted.exchange(true, ordering: .relaxed) { Output.line("FIRST \(now)") }
        guard self.file != nil else { return }
        let line = "\(n) \(now)\n"
        self.lines.withLock { $0.append(contentsOf: line.utf8) }
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try self.flush()
                // Cut short by the shutdown, after which the last lines are written.
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
        try self.flush()
    }

    private func flush() throws {
        let bytes = self.lines.withLock { lines in
            defer { lines = [] }
            return lines
        }
        guard let file, !bytes.isEmpty else { return }
        try file.write(contentsOf: Data(bytes))
    }
}
