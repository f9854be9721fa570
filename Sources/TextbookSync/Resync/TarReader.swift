/// Reads a tar stream piece by piece: ustar (POSIX.1-2001) with the long names of pax and GNU tar.
///
/// Nothing in it is trusted: names are given as they stand, sizes are bounded, and a header whose checksum does not fit
/// ends the reading.
struct TarReader {
    struct Entry {
        enum Kind {
            case file
            case folder
            /// A link or a device.
            case other
        }

        var name: String
        var kind: Kind
        /// Only what was asked for by ``keeps``.
        var body: [UInt8]
        var size: Int
    }

    /// Why a stream cannot be read, for people.
    struct Fault: Error, Hashable {
        var message: String
    }

    private enum State {
        case header
        /// Bytes that are left of an entry, and of the zeros behind it.
        case body(Entry, left: Int, padding: Int, isKept: Bool)
        /// The same of an entry that holds a name for the next one.
        case note(type: UInt8, text: [UInt8], left: Int, padding: Int)
        case end
    }

    private static let block = 512
    /// The longest extended header.
    private static let longestNote = 64 * 1024

    private var state = State.header
    private var pending: [UInt8] = []
    private var longName: String?
    private let limit: Int
    private let keeps: (_ name: String) -> Bool

    /// - Parameters:
    ///   - limit: the most bytes of a file that is kept.
    ///   - keeps: whether a file's bytes are wanted.
    init(limit: Int, keeps: @escaping (_ name: String) -> Bool) {
        self.limit = limit
        self.keeps = keeps
    }

    /// True when the stream may end here.
    var isComplete: Bool {
        switch self.state {
        case .end: true
        case .header: self.pending.isEmpty
        case .body, .note: false
        }
    }

    /// Takes the next bytes and returns the entries that they complete.
    mutating func feed(_ bytes: ArraySlice<UInt8>) throws(Fault) -> [Entry] {
        var rest = bytes
        var entries: [Entry] = []
        while !rest.isEmpty {
            switch self.state {
            case .end:
                return entries
            case .header:
                let missing = Self.block - self.pending.count
                self.pending += rest.prefix(missing)
                rest = rest.dropFirst(missing)
                guard self.pending.count == Self.block else { return entries }
                let header = self.pending
                self.pending = []
                if let entry = try self.begin(header) { entries.append(entry) }
            case .body(var entry, var left, var padding, let isKept):
                let part = rest.prefix(left)
                if isKept { entry.body += part }
                left -= part.count
                rest = rest.dropFirst(part.count)
                if left == 0 {
                    let zeros = min(padding, rest.count)
                    padding -= zeros
                    rest = rest.dropFirst(zeros)
                }
                if left == 0, padding == 0 {
                    entries.append(entry)
                    self.state = .header
                } else {
                    self.state = .body(entry, left: left, padding: padding, isKept: isKept)
                }
            case .note(let type, var text, var left, var padding):
                let part = rest.prefix(left)
                text += part
                left -= part.count
                rest = rest.dropFirst(part.count)
                if left == 0 {
                    let zeros = min(padding, rest.count)
                    padding -= zeros
                    rest = rest.dropFirst(zeros)
                }
                if left == 0, padding == 0 {
                    try self.take(note: text, type: type)
                    self.state = .header
                } else {
                    self.state = .note(type: type, text: text, left: left, padding: padding)
                }
            }
        }
        return entries
    }

    private mutating func begin(_ header: [UInt8]) throws(Fault) -> Entry? {
        guard header.contains(where: { $0 != 0 }) else {
            self.state = .end
            return nil
        }
        try Self.check(header)
        let size = try Self.number(header[124..<136])
        let padding = (Self.block - size % Self.block) % Self.block
        let type = header[156]
        if [UInt8(ascii: "x"), UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "K")].contains(type) {
            guard size <= Self.longestNote else { throw Fault(message: "an extended header has \(size) bytes") }
            self.state = .note(type: type, text: [], left: size, padding: padding)
            return nil
        }
        let name: String
        if let longName { name = longName } else { name = try Self.name(header) }
        self.longName = nil
        let kind: Entry.Kind
        switch type {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): kind = name.hasSuffix("/") ? .folder : .file
        case UInt8(ascii: "5"): kind = .folder
        default: kind = .other
        }
        let isKept = kind == .file && self.keeps(name)
        guard !isKept || size <= self.limit else {
            throw Fault(message: "\(name) has \(size) bytes, \(self.limit) are allowed")
        }
        let entry = Entry(name: name, kind: kind, body: [], size: size)
        // A link or a folder may tell a size and has no bytes.
        guard kind == .file, size > 0 else { return entry }
        self.state = .body(entry, left: size, padding: padding, isKept: isKept)
        return nil
    }

    private mutating func take(note: [UInt8], type: UInt8) throws(Fault) {
        switch type {
        case UInt8(ascii: "L"):
            self.longName = try Self.text(note.prefix { $0 != 0 })
        case UInt8(ascii: "x"):
            if let path = try Self.paxPath(note) { self.longName = path }
        default: break
        }
    }

    /// The member `path` of records of the form `length key=value\n`.
    private static func paxPath(_ bytes: [UInt8]) throws(Fault) -> String? {
        var rest = bytes[...]
        var path: String?
        while let space = rest.firstIndex(of: UInt8(ascii: " ")) {
            guard let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length > 0, length <= rest.count
            else { throw Fault(message: "an extended header is broken") }
            let record = rest.prefix(length)
            rest = rest.dropFirst(length)
            let pair = record.dropFirst(space - record.startIndex + 1)
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")), pair.last == UInt8(ascii: "\n") else {
                throw Fault(message: "an extended header is broken")
            }
            if pair[..<equals].elementsEqual("path".utf8) { path = try self.text(pair[(equals + 1)...].dropLast()) }
        }
        return path
    }

    private static func check(_ header: [UInt8]) throws(Fault) {
        let told = try self.number(header[148..<156])
        let sum = header.indices.reduce(0) { $0 + ((148..<156).contains($1) ? 32 : Int(header[$1])) }
        guard told == sum else { throw Fault(message: "this is no tar stream, or it is damaged") }
    }

    /// An octal number, or GNU tar's binary one.
    private static func number(_ field: ArraySlice<UInt8>) throws(Fault) -> Int {
        if let first = field.first, first & 0x80 != 0 {
            guard first == 0x80, field.dropFirst().dropLast(7).allSatisfy({ $0 == 0 }), field.suffix(7).first == 0
            else {
                throw Fault(message: "a file in the stream is too large")
            }
            return field.suffix(7).reduce(0) { $0 << 8 | Int($1) }
        }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        guard digits.allSatisfy({ (0x30...0x37).contains($0) }), digits.count <= 12 else {
            throw Fault(message: "this is no tar stream, or it is damaged")
        }
        return digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }
    }

    private static func name(_ header: [UInt8]) throws(Fault) -> String {
        let name = try self.text(header[0..<100].prefix { $0 != 0 })
        let isUstar = header[257..<262].elementsEqual("ustar".utf8)
        // GNU tar keeps other things in the place of the prefix.
        guard isUstar, header[262] == 0 else { return name }
        let prefix = try self.text(header[345..<500].prefix { $0 != 0 })
        return prefix.isEmpty ? name : "\(prefix)/\(name)"
    }

    private static func text(_ bytes: ArraySlice<UInt8>) throws(Fault) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Fault(message: "a name in the stream is not UTF-8")
        }
        return text
    }
}
