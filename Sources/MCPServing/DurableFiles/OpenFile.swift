#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An open file or folder, closed when it goes out of use.
///
/// Every name is one path component, resolved relative to an open folder, and symbolic links are never followed: nothing
/// that stands inside a data directory can lead out of it, and no path can grow too long for the kernel.
package struct OpenFile: ~Copyable, Sendable {
    let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close(self.descriptor) }

    /// Opens the folder at `path`, the one place where a path of several components is resolved.
    package static func directory(path: String) throws(FileError) -> OpenFile {
        let descriptor = retrying { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .last("open") }
        return OpenFile(descriptor: descriptor)
    }

    /// Opens a folder in this one; `nil` where there is none of that name.
    package borrowing func directory(_ name: String) throws(FileError) -> OpenFile? {
        try self.opened(name, O_RDONLY | O_DIRECTORY)
    }

    /// Opens a file in this folder for reading; `nil` where there is none of that name.
    package borrowing func file(_ name: String) throws(FileError) -> OpenFile? {
        // O_NONBLOCK: a named pipe that somebody put here must not hang the reader.
        try self.opened(name, O_RDONLY | O_NONBLOCK)
    }

    /// Opens a file in this folder for reading and writing; `nil` where there is none of that name.
    package borrowing func writableFile(_ name: String) throws(FileError) -> OpenFile? {
        try self.opened(name, O_RDWR)
    }

    private borrowing func opened(_ name: String, _ flags: Int32) throws(FileError) -> OpenFile? {
        let folder = self.descriptor
        let descriptor = retrying { openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC) }
        guard descriptor >= 0 else {
            let error = FileError.last("openat")
            guard error.isMissing else { throw error }
            return nil
        }
        return OpenFile(descriptor: descriptor)
    }

    /// Creates a file of that name in this folder, readable by its owner only; fails where the name is taken.
    package borrowing func createFile(_ name: String) throws(FileError) -> OpenFile {
        let folder = self.descriptor
        let descriptor = retrying {
            openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        guard descriptor >= 0 else { throw .last("openat") }
        return OpenFile(descriptor: descriptor)
    }

    /// Creates a folder in this one and makes its name durable; does nothing where it stands already.
    package borrowing func createDirectory(_ name: String) throws(FileError) {
        if mkdirat(self.descriptor, name, 0o700) == 0 {
            try self.synchronize()
        } else if errno != EEXIST {
            throw .last("mkdirat")
        }
    }

    /// Takes the exclusive lock on this file, held until it is closed; false where another process holds it.
    package borrowing func lock() throws(FileError) -> Bool {
        if flock(self.descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw .last("flock") }
        return false
    }

    /// The size in bytes of a file.
    package borrowing func size() throws(FileError) -> Int {
        // fstat would do without the way back, but the fields of its result belong to another module on each system.
        let position = lseek(self.descriptor, 0, SEEK_CUR)
        let size = lseek(self.descriptor, 0, SEEK_END)
        guard position >= 0, size >= 0, lseek(self.descriptor, position, SEEK_SET) >= 0 else { throw .last("lseek") }
        return Int(size)
    }

    /// Reads up to `count` bytes from `offset`; fewer only at the end of the file.
    package borrowing func read(count: Int, at offset: Int) throws(FileError) -> [UInt8] {
        let descriptor = self.descriptor
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            guard let base = buffer.baseAddress else { return }
            while filled < count {
                let position = filled
                let got = retrying { pread(descriptor, base + position, count - position, off_t(offset + position)) }
                if got < 0 { failure = .last("pread") }
                guard got > 0 else { return }
                filled += got
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all of `bytes` at the current position.
    package borrowing func write(_ bytes: [UInt8]) throws(FileError) {
        let descriptor = self.descriptor
        var failure: FileError?
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            var written = 0
            while written < buffer.count {
                let position = written
                let took = retrying { Self.systemWrite(descriptor, base + position, buffer.count - position) }
                guard took > 0 else {
                    failure = .last("write")
                    return
                }
                written += took
            }
        }
        if let failure { throw failure }
    }

    private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes, count)
        #else
            Darwin.write(descriptor, bytes, count)
        #endif
    }

    /// Moves the position for the next write.
    package borrowing func seek(to offset: Int) throws(FileError) {
        guard lseek(self.descriptor, off_t(offset), SEEK_SET) >= 0 else { throw .last("lseek") }
    }

    /// Cuts the file to `size` bytes.
    package borrowing func truncate(to size: Int) throws(FileError) {
        let descriptor = self.descriptor
        guard retrying({ ftruncate(descriptor, off_t(size)) }) == 0 else { throw .last("ftruncate") }
    }

    /// Makes content and size, or a folder's names, survive a loss of power.
    package borrowing func synchronize() throws(FileError) {
        let descriptor = self.descriptor
        guard retrying({ fsync(descriptor) }) == 0 else { throw .last("fsync") }
    }

    /// Gives `name` in this folder the name `newName` in `target`, replacing what stood there in one step.
    package borrowing func rename(
        _ name: String, to target: borrowing OpenFile, as newName: String
    ) throws(FileError) {
        guard renameat(self.descriptor, name, target.descriptor, newName) == 0 else { throw .last("renameat") }
    }

    /// Removes a file's name; false where there is none.
    package borrowing func removeFile(_ name: String) throws(FileError) -> Bool {
        try self.remove(name, 0)
    }

    /// Removes an empty folder; false where there is none, and an error where it is not empty.
    package borrowing func removeDirectory(_ name: String) throws(FileError) -> Bool {
        try self.remove(name, AT_REMOVEDIR)
    }

    private borrowing func remove(_ name: String, _ flags: Int32) throws(FileError) -> Bool {
        if unlinkat(self.descriptor, name, flags) == 0 { return true }
        let error = FileError.last("unlinkat")
        guard error.isMissing else { throw error }
        return false
    }

    /// Calls `body` with every name in this folder, in no order.
    package borrowing func forEachName(_ body: (String) throws -> Void) throws {
        // A stream owns its descriptor, and needs a position of its own.
        let copy = openat(self.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw FileError.last("openat") }
        guard let stream = fdopendir(copy) else {
            let error = FileError.last("fdopendir")
            close(copy)
            throw error
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw FileError.last("readdir") }
                return
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { try body(name) }
        }
    }
}

/// Repeats a system call that a signal interrupted.
private func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        guard result == -1, errno == EINTR else { return result }
    }
}
