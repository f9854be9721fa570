import Foundation

/// A file that ships with this module.
struct BundledFile {
    private let path: String

    init(_ path: String) {
        self.path = path
    }

    /// - Throws: ``WebError`` when the installation lacks the file.
    func bytes() throws(WebError) -> [UInt8] {
        do {
            return [UInt8](try Data(contentsOf: Bundle.module.bundleURL.appendingPathComponent(self.path)))
        } catch {
            throw WebError(code: .fileUnreadable, message: "The file \(self.path) cannot be read.")
        }
    }

    /// - Throws: ``WebError`` when the installation lacks the file.
    func text() throws(WebError) -> String {
        String(decoding: try self.bytes(), as: UTF8.self)
    }

    /// The names of the files in a folder with this ending, sorted.
    /// - Throws: ``WebError`` when the installation lacks the folder.
    static func names(in folder: String, ending: String) throws(WebError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(
                atPath: Bundle.module.bundleURL.appendingPathComponent(folder).path
            ).filter { $0.hasSuffix(ending) }.sorted()
        } catch {
            throw WebError(code: .fileUnreadable, message: "The folder \(folder) cannot be read.")
        }
    }
}
