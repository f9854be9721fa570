import Foundation

/// What the process says on standard output, unbuffered: whoever reads it acts on single lines.
enum Output {
    static func line(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    /// Prints the value as one line of JSON.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        self.line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

/// Nanoseconds since 1970 by this machine's clock.
func epochNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// Time spent since it was made: on the clock, and by this process on all cores.
struct Stopwatch {
    private let start = ContinuousClock.now
    private let cpuAtStart = Self.cpuSeconds()

    var seconds: Double { self.start.duration(to: .now) / .seconds(1) }
    var cpuSeconds: Double { Self.cpuSeconds() - self.cpuAtStart }

    private static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
