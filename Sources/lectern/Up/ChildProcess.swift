import Foundation
import ProcessBootstrap
import Synchronization

/// A program that `lectern up` started and answers for.
final class ChildProcess: Sendable {
    let name: String
    private let process: Mutex<Process>
    /// Written beside the logs, so that a later start can clear what a killed one left behind.
    private let pidFile: URL

    /// - Parameter log: gets what the program says, after what it said before.
    init(
        name: String, executable: URL, arguments: [String], environment: [String: String], log: URL, pidFile: URL
    ) throws {
        self.name = name
        self.pidFile = pidFile
        if !FileManager.default.fileExists(atPath: log.path) {
            guard FileManager.default.createFile(atPath: log.path, contents: nil) else {
                throw CommandFailure(.other, "\(log.path) cannot be written")
            }
        }
        let output = try FileHandle(forWritingTo: log)
        try output.seekToEnd()
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        do {
            try process.run()
        } catch {
            throw CommandFailure(.other, "\(executable.path) cannot be started: \(error.localizedDescription)")
        }
        let id = process.processIdentifier
        self.process = Mutex(process)
        try Data("\(id)".utf8).write(to: pidFile)
    }

    var isRunning: Bool { self.process.withLock { $0.isRunning } }

    var exitCode: Int32 { self.process.withLock { $0.isRunning ? 0 : $0.terminationStatus } }

    /// Asks the program to end and waits; ends it by force when it takes longer than `patience`.
    func stop(signal number: Int32 = SIGTERM, patience: Duration) async {
        let id = self.process.withLock { $0.processIdentifier }
        if self.isRunning { kill(id, number) }
        let clock = ContinuousClock()
        let deadline = clock.now + patience
        while self.isRunning, clock.now < deadline {
            // Uninterrupted even when the command itself is being cancelled: children must not outlive it.
            await Task.detached { try? await Task.sleep(for: .milliseconds(50)) }.value
        }
        if self.isRunning {
            Terminal.say("\(self.name) did not end within \(patience), it is killed")
            kill(id, SIGKILL)
        }
        try? FileManager.default.removeItem(at: self.pidFile)
    }

    /// Ends what a former start of the same program left behind: the process of the file, if it still is that program.
    static func clearStale(pidFile: URL, named name: String) async {
        guard let text = try? String(contentsOf: pidFile, encoding: .utf8), let id = Int32(text) else { return }
        func isOurs() -> Bool {
            // The first word of the command line is the program.
            guard let line = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") else { return false }
            return String(decoding: line.prefix { $0 != 0 }, as: UTF8.self).hasSuffix(name)
        }
        if isOurs() {
            Terminal.say("ending \(name), left behind by a former start (process \(id))")
            kill(id, name == "postgres" ? SIGINT : SIGTERM)
            for _ in 0..<200 where isOurs() {
                try? await Task.sleep(for: .milliseconds(50))
            }
            if isOurs() { kill(id, SIGKILL) }
        }
        try? FileManager.default.removeItem(at: pidFile)
    }
}
