#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file of a model, read once and as a whole.
///
/// Read and not mapped: a mapped file that somebody cuts short later would end the process at the next look.
enum ModelFile {
    /// The bytes of the regular file at `path`, at most `limit`.
    static func bytes(of path: String, limit: Int) throws(StaticModelError) -> [UInt8] {
        // O_NONBLOCK: a named pipe that somebody put here must not hang the start.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw errno == ENOENT || errno == ENOTDIR
                ? StaticModelError(.notFound, "there is no such file", path: path)
                : StaticModelError(.unreadable, self.reason("it cannot be opened"), path: path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw StaticModelError(.unreadable, "it is no regular file", path: path)
        }
        guard status.st_size <= limit else {
            throw StaticModelError(
                .tooLarge, "it has \(status.st_size) bytes, \(limit) are accepted", path: path)
        }
        let size = Int(status.st_size)
        var failure: StaticModelError?
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let received = read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
                if received < 0, errno == EINTR { continue }
                guard received > 0 else {
                    failure = StaticModelError(
                        .unreadable, received == 0 ? "it became shorter" : self.reason("reading failed"), path: path)
                    return
                }
                count += received
            }
        }
        if let failure { throw failure }
        return bytes
    }

    private static func reason(_ what: String) -> String { "\(what) (\(String(cString: strerror(errno))))" }
}
