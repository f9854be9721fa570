import Foundation

/// A directory of its own for one test, removed with everything in it when the test lets go of it.
final class ScratchDirectory: Sendable {
    let path: String

    init() throws {
        let path = NSTemporaryDirectory() + "lectern-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        self.path = path
    }

    deinit {
        // What cannot be removed stays for the system to clear.
        try? FileManager.default.removeItem(atPath: self.path)
    }

    /// The paths of all regular files below, relative to the directory.
    func files(below folder: String = "") throws -> [String] {
        let root = URL(fileURLWithPath: self.path + "/" + folder)
        let found = FileManager.default.enumerator(atPath: root.path)
        return (found?.compactMap { $0 as? String } ?? []).filter { name in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: root.path + "/" + name, isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }
}

/// A generator whose numbers follow from its seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
