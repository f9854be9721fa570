import Foundation

/// A file of this folder, as it was when the program was built.
enum BundledFile: String {
    case schedule = "schedule.yaml"
    case queues = "queues.yaml"

    /// What error messages call it.
    var path: String { "Jobs/\(self.rawValue)" }

    func text() throws -> String {
        try String(contentsOf: Bundle.module.bundleURL.appendingPathComponent(self.rawValue), encoding: .utf8)
    }
}
