import FoundationEssentials
public import Logging

/// One line of text for each event on standard error: time, level, logger, metadata, message.
///
/// Metadata becomes text when a line is written. The handler that comes with swift-log writes it out whenever a value is
/// set, which happens for every request, whether it is logged or not.
public struct TextLogHandler: LogHandler {
    public var logLevel: Logger.Level = .info
    public var metadata: Logger.Metadata = [:]
    private let label: String

    public init(label: String) {
        self.label = label
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let metadata = self.metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 })
        var words = [
            Date.now.formatted(.iso8601.time(includingFractionalSeconds: true)), event.level.rawValue,
            "\(self.label):",
        ]
        words += metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        words.append(event.message.description)
        // A line break in a value would begin a line that nobody wrote.
        let line = words.joined(separator: " ").replacing("\n", with: "\\n").replacing("\r", with: "\\r")
        StandardError.write(Array(line.utf8) + [0x0A])
    }
}
