import ArgumentParser
import ContentHashing
import Foundation
import Textbook
import TextbookSync

/// Findings in the form in which a CI system shows them beside the line they are about.
enum ResyncAnnotations: String, ExpressibleByArgument, CaseIterable {
    /// Workflow commands on standard error.
    case github
    /// A Code Quality report in `gl-code-quality-report.json`.
    case gitlab

    private static let report = "gl-code-quality-report.json"

    /// - Parameter folder: where the book stands, as the CI system knows it.
    func put(_ status: ResyncStatus, folder: String) {
        let findings = status.report?.findings ?? []
        switch self {
        case .github:
            for finding in findings { Terminal.say(Self.command(finding, folder: folder)) }
            if findings.isEmpty, let error = status.error {
                Terminal.say("::error title=\(Self.property(error.code))::\(Self.data(error.message))")
            }
        case .gitlab:
            let issues = findings.map { Issue($0, folder: folder) }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            do {
                try encoder.encode(issues).write(to: URL(fileURLWithPath: Self.report))
            } catch {
                Terminal.say("lectern: \(Self.report) cannot be written: \(error)")
            }
        }
    }

    /// The worst stand first in a report, which matters: only ten of a kind are shown for a step.
    static func command(_ finding: Finding, folder: String) -> String {
        let line = finding.line.map { ",line=\($0)" } ?? ""
        let file = finding.file.isEmpty ? "" : "file=\(self.property(self.path(finding.file, in: folder)))\(line),"
        let message = self.data("\(finding.message) (\(finding.advice))")
        return "::\(finding.severity.rawValue) \(file)title=\(self.property(finding.code.rawValue))::\(message)"
    }

    private static func path(_ file: String, in folder: String) -> String {
        let base = folder.hasPrefix("./") ? String(folder.dropFirst(2)) : folder
        if base.isEmpty || base == "." { return file }
        return base.hasSuffix("/") ? base + file : "\(base)/\(file)"
    }

    private static func data(_ text: String) -> String {
        text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
    }

    private static func property(_ text: String) -> String {
        self.data(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
    }

    /// One entry of a Code Quality report.
    private struct Issue: Encodable {
        struct Location: Encodable {
            struct Lines: Encodable { var begin: Int }
            var path: String
            var lines: Lines
        }

        var description: String
        var check_name: String
        var fingerprint: String
        var severity: String
        var location: Location

        init(_ finding: Finding, folder: String) {
            self.description = "\(finding.message) (\(finding.advice))"
            self.check_name = finding.code.rawValue
            self.fingerprint = ContentHash(of: finding.description).hex
            self.severity = finding.severity == .error ? "major" : "minor"
            self.location = Location(
                path: ResyncAnnotations.path(finding.file, in: folder), lines: .init(begin: finding.line ?? 1))
        }
    }
}
