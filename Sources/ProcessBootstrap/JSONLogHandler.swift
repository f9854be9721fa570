import FoundationEssentials
public import Logging
import Synchronization

/// One JSON object a line on standard error.
///
/// Fields: `ts`, `level`, `msg`, `service.name`, `logger`, and the metadata under their own names.
public struct JSONLogHandler: LogHandler {
    public var logLevel: Logger.Level = .info
    public var metadata: Logger.Metadata = [:]
    private let label: String
    private let service: String

    public init(label: String, service: String) {
        self.label = label
        self.service = service
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var fields = [
            "ts": Date.now.formatted(.iso8601.time(includingFractionalSeconds: true)),
            "level": event.level.rawValue,
            "msg": event.message.description,
            "service.name": self.service,
            "logger": self.label,
        ]
        for (key, value) in self.metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 })
        where fields[key] == nil {
            fields[key] = value.description
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A dictionary of strings always encodes.
        guard let line = try? encoder.encode(fields) else { return }
        StandardError.write(line + [0x0A])
    }
}

/// Standard error, written whole lines at a time.
enum StandardError {
    private static let lock = Mutex(())

    static func write(_ bytes: some Sequence<UInt8>) {
        let line = Array(bytes)
        Self.lock.withLock { _ in
            line.withUnsafeBytes { buffer in
                var offset = 0
                while offset < buffer.count {
                    let written = posixWrite(2, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
                    // Nobody reads the log any more: there is nobody to tell.
                    guard written > 0 else { return }
                    offset += written
                }
            }
        }
    }
}
