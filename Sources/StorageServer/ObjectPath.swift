/// Where an object lies under its bucket's folder.
///
/// Each segment of the key becomes one folder `<name>.d`, and the last one the file `<name>.o`, so that the objects `a`
/// and `a/b` can stand side by side. In names, lowercase letters, digits, `-`, `_` and `.` stand for themselves and every
/// other byte is written `%XX`: the names are equally distinct on file systems that fold case or normalise Unicode. A
/// segment of 80 bytes or more is cut: its first 80 bytes name a folder `<name>.c` in which the rest of the key goes on.
/// A name is therefore at most 242 bytes long.
struct ObjectPath: Hashable, Sendable {
    /// Raw bytes of a segment that one name holds.
    static let piece = 80

    /// The folders from the bucket's own down to the one that holds the file.
    private(set) var folders: [String] = []
    /// The name of the file.
    let file: String

    init(_ key: ObjectKey) {
        let segments = key.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        var file = ""
        for (index, segment) in segments.enumerated() {
            var rest = segment
            while rest.count >= Self.piece {
                self.folders.append(EntryName(kind: .continuation, bytes: Array(rest.prefix(Self.piece))).encoded)
                rest = rest.dropFirst(Self.piece)
            }
            let isLast = index == segments.count - 1
            let name = EntryName(kind: isLast ? .object : .segment, bytes: Array(rest)).encoded
            if isLast { file = name } else { self.folders.append(name) }
        }
        self.file = file
    }
}

/// One name in a folder of a bucket.
struct EntryName: Hashable, Sendable {
    enum Kind: UInt8, Sendable {
        /// A file: the key ends here.
        case object = 0x6F  // o
        /// A folder: the key goes on after a `/`.
        case segment = 0x64  // d
        /// A folder: the key goes on within the same segment.
        case continuation = 0x63  // c
    }

    let kind: Kind
    /// The bytes of the key that this name adds, without the `/` of a segment.
    let bytes: [UInt8]

    init(kind: Kind, bytes: [UInt8]) {
        self.kind = kind
        self.bytes = bytes
    }

    /// Reads a name back; `nil` where the store would not have written it.
    init?(encoded: String) {
        let characters = Array(encoded.utf8)
        guard characters.count >= 2, characters[characters.count - 2] == UInt8(ascii: "."),
            let kind = Kind(rawValue: characters[characters.count - 1])
        else { return nil }
        var bytes: [UInt8] = []
        var index = 0
        while index < characters.count - 2 {
            if characters[index] == UInt8(ascii: "%") {
                guard index + 2 < characters.count - 2,
                    let byte = UInt8(String(decoding: characters[index + 1...index + 2], as: UTF8.self), radix: 16)
                else { return nil }
                bytes.append(byte)
                index += 3
            } else {
                bytes.append(characters[index])
                index += 1
            }
        }
        self.init(kind: kind, bytes: bytes)
        guard self.encoded == encoded else { return nil }
    }

    /// The bytes that this name adds to the key. Every key below a folder begins with the folder's added bytes, and
    /// sorting a folder's names by them sorts the keys below.
    var added: [UInt8] {
        self.kind == .segment ? self.bytes + [UInt8(ascii: "/")] : self.bytes
    }

    /// The name on disk.
    var encoded: String {
        let digits = Array("0123456789ABCDEF".utf8)
        var name: [UInt8] = []
        name.reserveCapacity(self.bytes.count + 2)
        for byte in self.bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                name.append(byte)
            default:
                name += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        name += [UInt8(ascii: "."), self.kind.rawValue]
        return String(decoding: name, as: UTF8.self)
    }
}
