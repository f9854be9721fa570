import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The files of a book on disk.
public struct BookFolder: Sendable, Hashable {
    /// The bytes of Markdown and YAML files by relative path.
    public var files: [String: [UInt8]] = [:]
    /// Relative paths of all other files.
    public var otherPaths: Set<String> = []
    /// The folder's own name.
    public var name: String = ""

    /// No files yet.
    public init(name: String = "") {
        self.name = name
    }

    /// How much is read.
    public struct Limits: Sendable, Hashable {
        /// The most bytes of one file.
        public var maximumFileBytes = 4 * 1024 * 1024
        /// The most bytes of all files together.
        public var maximumTotalBytes = 512 * 1024 * 1024
        /// The most files and folders.
        public var maximumEntries = 100_000
        /// How deep folders may nest.
        public var maximumDepth = 16

        /// The limits that hold unless others are given.
        public init() {}
    }

    /// Reads a folder, names in the order of their bytes; names that begin with a dot are passed over.
    ///
    /// A symbolic link to a file inside the folder is followed; one that leads outside or to a folder is an error, as
    /// is whatever cannot be read: a book half read must not look like a book with lessons deleted.
    public static func read(_ path: String, limits: Limits = .init()) throws(BookFolderError) -> BookFolder {
        var walk = FolderWalk(root: try FolderWalk.resolved(path), limits: limits)
        try walk.visit("", depth: 0)
        return walk.folder
    }

    /// Reads one file below the folder, under the same rules.
    public static func file(
        _ relative: String, in path: String, limits: Limits = .init()
    ) throws(BookFolderError) -> [UInt8] {
        var walk = FolderWalk(root: try FolderWalk.resolved(path), limits: limits)
        try walk.visit(file: relative)
        guard let bytes = walk.folder.files[relative] else {
            throw BookFolderError(code: .unreadable, path: relative, message: "this is no text of a book")
        }
        return bytes
    }

    /// A reader of these files.
    public func reader(limits: BookReader.Limits = .init()) -> BookReader {
        BookReader(files: self.files, otherPaths: self.otherPaths, fallbackSlug: self.name, limits: limits)
    }
}

/// Why a folder could not be read.
public struct BookFolderError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failures.
    public enum Code: String, Sendable, Hashable {
        case notFound = "not_found"
        case unreadable
        case tooLarge = "too_large"
        case outsideLink = "outside_link"
        case badName = "bad_name"
    }

    /// What kind of failure it is.
    public var code: Code
    /// The path relative to the folder, empty for the folder itself.
    public var path: String
    /// What happened, for people.
    public var message: String

    /// `path: message`.
    public var description: String {
        self.path.isEmpty ? self.message : "\(self.path): \(self.message)"
    }
}

/// One walk through a folder.
private struct FolderWalk {
    let root: String
    let limits: BookFolder.Limits
    var folder = BookFolder()
    private var entries = 0
    private var bytes = 0

    init(root: String, limits: BookFolder.Limits) {
        self.root = root
        self.limits = limits
        self.folder.name = root.split(separator: "/").last.map(String.init) ?? ""
    }

    static func resolved(_ path: String) throws(BookFolderError) -> String {
        guard let real = self.realPath(path) else {
            throw BookFolderError(code: .notFound, path: "", message: "the folder \(path) is not there")
        }
        return real
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    mutating func visit(_ relative: String, depth: Int) throws(BookFolderError) {
        guard depth <= self.limits.maximumDepth else {
            throw BookFolderError(code: .tooLarge, path: relative, message: "folders nest too deeply")
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: self.absolute(relative))
        } catch {
            throw BookFolderError(code: .unreadable, path: relative, message: "the folder cannot be read")
        }
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) where !name.hasPrefix(".") {
            self.entries += 1
            guard self.entries <= self.limits.maximumEntries else {
                throw BookFolderError(
                    code: .tooLarge, path: relative, message: "there are more than \(self.limits.maximumEntries) files")
            }
            try self.take(relative.isEmpty ? name : "\(relative)/\(name)", name: name, depth: depth)
        }
    }

    mutating func visit(file relative: String) throws(BookFolderError) {
        let segments = relative.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        for (index, segment) in segments.enumerated() {
            if let problem = SafeName.problemWithSegment(segment) {
                throw BookFolderError(code: .badName, path: relative, message: "the name \(problem)")
            }
            guard index < segments.count - 1 else { break }
            // A folder that became a link since the book was read would lead elsewhere.
            var status = stat()
            let folder = segments[...index].joined(separator: "/")
            guard lstat(self.absolute(folder), &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                throw BookFolderError(code: .unreadable, path: relative, message: "its folder is gone")
            }
        }
        try self.take(relative, name: segments.last ?? "", depth: 0)
    }

    private mutating func take(_ relative: String, name: String, depth: Int) throws(BookFolderError) {
        if let problem = SafeName.problemWithSegment(name) {
            throw BookFolderError(code: .badName, path: relative, message: "the name \(problem)")
        }
        var status = stat()
        guard lstat(self.absolute(relative), &status) == 0 else {
            throw BookFolderError(code: .unreadable, path: relative, message: self.reason())
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            try self.visit(relative, depth: depth + 1)
        case S_IFREG:
            try self.takeFile(relative, at: self.absolute(relative), name: name)
        case S_IFLNK:
            guard let target = FolderWalk.realPath(self.absolute(relative)) else {
                throw BookFolderError(code: .unreadable, path: relative, message: "the link leads nowhere")
            }
            guard target.hasPrefix(self.root + "/") else {
                throw BookFolderError(code: .outsideLink, path: relative, message: "the link leads out of the book")
            }
            var end = stat()
            guard lstat(target, &end) == 0, end.st_mode & S_IFMT == S_IFREG else {
                throw BookFolderError(code: .outsideLink, path: relative, message: "the link leads to no plain file")
            }
            try self.takeFile(relative, at: target, name: name)
        default:
            throw BookFolderError(code: .unreadable, path: relative, message: "this is no plain file")
        }
    }

    private mutating func takeFile(_ relative: String, at path: String, name: String) throws(BookFolderError) {
        guard FileName.isMarkdown(name) || name == "book.yaml" || name == "book.yml" else {
            self.folder.otherPaths.insert(relative)
            return
        }
        let bytes = try self.contents(relative, at: path)
        self.bytes += bytes.count
        guard self.bytes <= self.limits.maximumTotalBytes else {
            throw BookFolderError(
                code: .tooLarge, path: relative,
                message: "the files have more than \(self.limits.maximumTotalBytes) bytes together")
        }
        self.folder.files[relative] = bytes
    }

    private func contents(_ relative: String, at path: String) throws(BookFolderError) -> [UInt8] {
        // Not blocking, and not following a link that took the file's place after it was looked at.
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw BookFolderError(code: .unreadable, path: relative, message: self.reason())
        }
        defer { close(descriptor) }
        let limit = self.limits.maximumFileBytes
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count <= limit {
            let count = buffer.withUnsafeMutableBytes { Self.readSome(descriptor, $0) }
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw BookFolderError(code: .unreadable, path: relative, message: self.reason())
            }
            bytes.append(contentsOf: buffer[..<count])
        }
        throw BookFolderError(code: .tooLarge, path: relative, message: "the file has more than \(limit) bytes")
    }

    private static func readSome(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        read(descriptor, buffer.baseAddress, buffer.count)
    }

    private func absolute(_ relative: String) -> String {
        relative.isEmpty ? self.root : "\(self.root)/\(relative)"
    }

    private func reason() -> String {
        switch errno {
        case EACCES, EPERM: "no permission to read it"
        case ENOENT: "it is gone"
        default: "it cannot be read (errno \(errno))"
        }
    }
}
