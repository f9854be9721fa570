#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A server's data directory: created where missing, owned by one process at a time, with a place for unfinished files.
package struct DataDirectory: ~Copyable, Sendable {
    /// The directory itself.
    package let root: OpenFile
    /// Unfinished files and folders, on the same file system as the rest and emptied whenever the directory is opened.
    package let scratch: OpenFile
    private let lock: OpenFile

    /// Another process serves this directory.
    package struct InUse: Error, Sendable {}

    /// Opens the directory at `path`, of which only the last component may be missing.
    ///
    /// Throws ``InUse`` or ``FileError``.
    package init(path: String) throws {
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw FileError.last("mkdir") }
        let root = try OpenFile.directory(path: path)
        let lock = if let file = try root.writableFile("lock") { file } else { try root.createFile("lock") }
        // A server that is just ending, or a child that another thread forked and that has not replaced its program
        // yet, lets go of the lock within moments.
        var tries = 0
        while try !lock.lock() {
            tries += 1
            guard tries < 50 else { throw InUse() }
            usleep(20_000)
        }
        try root.createDirectory("scratch")
        guard let scratch = try root.directory("scratch") else { throw FileError.missing }
        try scratch.removeContents()
        self.root = root
        self.scratch = scratch
        self.lock = lock
    }
}

/// A data directory that several owners share: it stays this process's until the last of them is gone.
package final class SharedDataDirectory: Sendable {
    package let directory: DataDirectory

    /// Throws ``DataDirectory/InUse`` or ``FileError``.
    package init(path: String) throws {
        self.directory = try DataDirectory(path: path)
    }
}

extension OpenFile {
    /// Removes everything in this folder. What is linked from inside it stays.
    package borrowing func removeContents() throws {
        var names: [String] = []
        try self.forEachName { names.append($0) }
        for name in names {
            do throws(FileError) {
                _ = try self.removeFile(name)
            } catch {
                guard [EISDIR, EPERM].contains(error.number) else { throw error }
                try self.removeTree(name)
            }
        }
    }

    /// Removes a folder of this one with everything in it.
    package borrowing func removeTree(_ name: String) throws {
        guard let folder = try self.directory(name) else { return }
        try folder.removeContents()
        _ = try self.removeDirectory(name)
    }
}
