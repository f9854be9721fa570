import Foundation
import Textbook
import TextbookSync

/// How far a resync has come, for whoever waits: a bar on a terminal, else a line now and then.
struct ResyncDisplay {
    private let output: ResyncOutput
    private let isTerminal = isatty(FileHandle.standardError.fileDescriptor) == 1
    private var lastLine: ContinuousClock.Instant?
    private var lastStatus: ResyncStatus?
    private static let pause: Duration = .seconds(10)
    private static let width = 30

    init(output: ResyncOutput) {
        self.output = output
    }

    mutating func show(_ status: ResyncStatus, now: ContinuousClock.Instant) {
        defer { self.lastStatus = status }
        if self.output == .jsonl {
            if status != self.lastStatus { try? Terminal.put(line: status) }
        } else if self.isTerminal {
            Terminal.write("\r\u{1B}[K" + Self.line(status))
        } else if self.lastLine.map({ $0.duration(to: now) >= Self.pause }) ?? true {
            self.lastLine = now
            Terminal.say(Self.line(status))
        }
    }

    func end() {
        if self.isTerminal, self.output != .jsonl, self.lastStatus != nil { Terminal.write("\r\u{1B}[K") }
    }

    private static func line(_ status: ResyncStatus) -> String {
        guard let progress = status.progress, progress.total > 0 else { return status.state.rawValue }
        let ended = progress.done + progress.failed
        let filled = self.width * ended / progress.total
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: self.width - filled)
        let failed = progress.failed > 0 ? ", \(progress.failed) failed" : ""
        return "\(status.state.rawValue) [\(bar)] \(ended)/\(progress.total)\(failed)"
    }
}

/// A resync in words.
enum ResyncSummary {
    static func text(_ status: ResyncStatus) -> String {
        var lines = [self.verdict(status)]
        guard let report = status.report else { return lines[0] }
        lines.append(
            "\(report.lessons) lessons: \(report.created) created, \(report.updated) updated "
                + "(\(report.moved) moved, \(report.renamed) renamed), \(report.deleted) deleted, "
                + "\(report.unchanged) unchanged")
        if report.outcome == .planned {
            for change in report.changes {
                lines.append("  \(change.kind.rawValue) \(change.from.map { "\($0) -> " } ?? "")\(change.slug)")
            }
            lines.append("plan_hash \(report.planHash); deletes allowed: \(report.deletesAllowed)")
        }
        lines += report.findings.map(\.description)
        return lines.joined(separator: "\n")
    }

    /// Appends a table in Markdown, as CI systems show it beside a run.
    static func append(_ status: ResyncStatus, to path: String) throws {
        var lines = ["### Content resync: \(self.verdict(status))", ""]
        if let report = status.report {
            lines += [
                "| lessons | created | updated | moved | renamed | deleted | unchanged | warnings |",
                "|---|---|---|---|---|---|---|---|",
                "| \(report.lessons) | \(report.created) | \(report.updated) | \(report.moved) | \(report.renamed) "
                    + "| \(report.deleted) | \(report.unchanged) | \(report.warnings) |", "",
            ]
            lines += report.findings.map { "- `\(self.plain($0.file)):\($0.line ?? 0)` \(self.plain($0.message))" }
        }
        if let error = status.error {
            lines += ["", "```", error.message.split(separator: "```").joined(), "```"]
        }
        let text = lines.joined(separator: "\n") + "\n"
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        guard let file = FileHandle(forWritingAtPath: path) else {
            throw CommandFailure(.other, "\(path) cannot be written")
        }
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }

    private static func verdict(_ status: ResyncStatus) -> String {
        if let error = status.error { return "\(status.state.rawValue), \(error.code)" }
        guard status.done else { return "accepted as resync \(status.id), \(status.state.rawValue)" }
        let outcome = status.report?.outcome.rawValue ?? status.state.rawValue
        return status.release.map { "\(outcome), release \($0)" } ?? outcome
    }

    /// What an author wrote, without what Markdown would make of it.
    private static func plain(_ text: String) -> String {
        String(text.map { "`|<>\n\r".contains($0) ? " " : $0 })
    }
}
