import Foundation
import ProcessTesting

/// A server process under a small shell that outlives neither this process nor its folder.
///
/// The shell waits for a line on its standard input: a signal to stop the server with. When this process dies, however
/// it dies, the input ends, and the shell stops the server and removes the folder. The server starts with the default
/// signal mask, because threads that start processes here may have signals blocked, and children inherit that.
final class ChildProcess: Sendable {
    private let process: Process
    private let input: FileHandle

    private static let script = """
        folder=$1; signal=$2; shift 2
        env --default-signal "$@" </dev/null >>"$folder/log" 2>&1 & pid=$!
        read -r told keep && signal=$told
        kill -"$signal" $pid 2>/dev/null
        wait $pid
        [ "$keep" = keep ] || rm -rf "$folder"
        """

    /// - Parameter orphanSignal: stops the server at once when this process dies.
    init(_ arguments: [String], folder: String, orphanSignal: String) throws {
        let command = try UnprivilegedUser.command(arguments)
        (self.process, self.input) = try ProcessStart.run { process in
            let pipe = Pipe()
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = ["-c", Self.script, "bash", folder, orphanSignal] + command
            process.standardInput = pipe
            // A test runner waits until nobody holds its output open.
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            return pipe.fileHandleForWriting
        }
    }

    var isRunning: Bool { self.process.isRunning }

    /// Stops the server and waits until it is gone.
    func stop(signal: String, keepsFolder: Bool) async throws {
        try self.input.write(contentsOf: Data("\(signal) \(keepsFolder ? "keep" : "remove")\n".utf8))
        try self.input.close()
        try await Deadline.poll("a server to stop") { !self.process.isRunning }
    }

    /// Runs a short command to its end without holding a thread meanwhile.
    @discardableResult
    static func output(of arguments: [String]) async throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("lectern-\(UUID().uuidString).out")
            .path
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        defer { unlink(path) }
        let output = FileHandle(forWritingAtPath: path) ?? .nullDevice
        let status = try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Int32, any Error>) in
            do {
                _ = try ProcessStart.run { process in
                    process.executableURL = URL(fileURLWithPath: arguments[0])
                    process.arguments = Array(arguments.dropFirst())
                    process.standardInput = FileHandle.nullDevice
                    process.standardOutput = output
                    process.standardError = output
                    process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
        let text = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        guard status == 0 else { throw PostgresTestingError("\(arguments[0]) failed: \(text)") }
        return text
    }
}
