public import Foundation

/// Starts programs one after the other.
///
/// Foundation learns of a program's end when a socket closes that the program inherits, and closes in a new program only
/// what was open when it began to start it. Of two programs started at the same time, one may therefore hold the other's
/// socket and pipes, and the other's end, or the end of its input, is not seen before both are gone.
public enum ProcessStart {
    private static let turn = NSLock()

    /// Starts a program.
    ///
    /// - Parameter prepare: sets the program up; it opens the pipes to it, so that no other program inherits them.
    /// - Returns: the running program and what `prepare` returned.
    public static func run<T>(_ prepare: (Process) throws -> T) throws -> (process: Process, T) {
        self.turn.lock()
        defer { self.turn.unlock() }
        let process = Process()
        let value = try prepare(process)
        try process.run()
        return (process, value)
    }
}
