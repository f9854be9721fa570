import Dispatch
import Foundation
import ProcessTesting

/// A server written in Python (`Tests/Support/<name>.py`) that runs beside the tests of a target and ends with them.
public final class PythonServer: Sendable {
    public let port: Int
    public var url: String { "\(self.scheme)://127.0.0.1:\(self.port)" }

    private let scheme: String
    private let process: Process
    /// The server ends when this closes, and so also when the tests crash.
    private let lifeline: Pipe

    /// Starts the script and waits for the port that it prints, at most ten seconds.
    public static func start(
        _ name: String, arguments: [String] = [], scheme: String = "http"
    ) async throws -> PythonServer {
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "\(name).py")
        let (process, (input, output)) = try ProcessStart.run { process in
            let (input, output) = (Pipe(), Pipe())
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["python3", script.path, "--exit-with-stdin"] + arguments
            process.standardInput = input
            process.standardOutput = output
            return (input, output)
        }
        let watchdog = DispatchWorkItem { process.terminate() }
        DispatchQueue.global().asyncAfter(deadline: .now() + 10, execute: watchdog)
        defer { watchdog.cancel() }
        let line = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    returning: String(decoding: output.fileHandleForReading.availableData, as: UTF8.self))
            }
        }
        guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ServerStartError(script: name, output: line)
        }
        return PythonServer(port: port, scheme: scheme, process: process, lifeline: input)
    }

    private init(port: Int, scheme: String, process: Process, lifeline: Pipe) {
        self.port = port
        self.scheme = scheme
        self.process = process
        self.lifeline = lifeline
    }

    deinit { self.process.terminate() }
}

/// The script printed something else than its port, or nothing within ten seconds.
public struct ServerStartError: Error {
    public let script: String
    public let output: String
}
