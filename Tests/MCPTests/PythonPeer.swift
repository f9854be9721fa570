import Foundation
import ProcessTesting

/// A program of `Tests/Support/mcp_peers`, run by the Python that has the official `mcp` package.
///
/// That is `LECTERN_PYTHON`, else `.lectern/venv` of the project. Tests that need it are left out where there is none.
struct PythonPeer {
    private let process: Process
    private let output: Pipe
    /// The peer ends when this closes, and so also when the tests crash.
    private let lifeline: Pipe

    static let interpreter: String? = {
        if let named = ProcessInfo.processInfo.environment["LECTERN_PYTHON"] { return named }
        let usual = projectFolder.appending(path: ".lectern/venv/bin/python").path
        return FileManager.default.isExecutableFile(atPath: usual) ? usual : nil
    }()

    private static let projectFolder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Whether the Python at hand can import `module`.
    static func has(_ module: String) -> Bool {
        guard let interpreter else { return false }
        let started = try? ProcessStart.run { process in
            process.executableURL = URL(filePath: interpreter)
            process.arguments = [
                "-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('\(module)') is None)",
            ]
            process.standardError = FileHandle.nullDevice
        }
        guard let process = started?.process else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    private init(_ arguments: [String]) throws {
        (self.process, (self.lifeline, self.output)) = try ProcessStart.run { process in
            let (lifeline, output) = (Pipe(), Pipe())
            process.executableURL = URL(filePath: Self.interpreter ?? "/nonexistent")
            process.arguments = arguments
            process.standardInput = lifeline
            process.standardOutput = output
            // What the peers log of the failures that the tests provoke would drown the tests' own words.
            process.standardError = FileHandle.nullDevice
            return (lifeline, output)
        }
    }

    private static func script(_ name: String) -> String {
        self.projectFolder.appending(path: "Tests/Support/mcp_peers/\(name).py").path
    }

    /// Starts a server and hands its address to `body`.
    static func withServer<T: Sendable>(
        _ name: String, _ arguments: [String] = [], _ body: (String) async throws -> T
    ) async throws -> T {
        let peer = try PythonPeer([self.script(name)] + arguments)
        defer { peer.process.terminate() }
        let line = await peer.read(all: false)
        guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw CocoaError(.executableLoad)
        }
        return try await body("http://127.0.0.1:\(port)")
    }

    /// Runs a program to its end and returns what it printed.
    static func output(of name: String, _ arguments: [String]) async throws -> Data {
        let peer = try PythonPeer([self.script(name)] + arguments)
        defer { peer.process.terminate() }
        return Data(await peer.read(all: true).utf8)
    }

    /// Reads the first line, or everything; a peer that hangs is stopped after a minute.
    private func read(all: Bool) async -> String {
        let process = self.process
        let watchdog = DispatchWorkItem { process.terminate() }
        DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: watchdog)
        defer { watchdog.cancel() }
        let handle = self.output.fileHandleForReading
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let data = all ? handle.readDataToEndOfFile() : handle.availableData
                continuation.resume(returning: String(decoding: data, as: UTF8.self))
            }
        }
    }
}
