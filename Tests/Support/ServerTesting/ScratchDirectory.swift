import Foundation

/// A directory of its own for one test, removed with everything in it when the test lets go of it.
public final class ScratchDirectory: Sendable {
    public let path: String

    public init() throws {
        let path = NSTemporaryDirectory() + "lectern-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        self.path = path
    }

    deinit {
        // What cannot be removed stays for the system to clear.
        try? FileManager.default.removeItem(atPath: self.path)
    }

    /// The paths of all regular files below, relative to the directory.
    public func files(below folder: String = "") throws -> [String] {
        let root = URL(fileURLWithPath: self.path + "/" + folder)
        let found = FileManager.default.enumerator(atPath: root.path)
        return (found?.compactMap { $0 as? String } ?? []).filter { name in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: root.path + "/" + name, isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }
}
