import ContentHashing
import Crypto
import FoundationEssentials
import Postgres

/// Recomputes the hashes of the audit log, line by line, apart from the database's own function.
public struct AuditChain: Sendable {
    /// The number and the hash of the last line that held; 0 and zeros before the first.
    public private(set) var head: Head

    /// Where the chain stands. Kept elsewhere, it proves later that no line before it was changed or cut off.
    public struct Head: Hashable, Sendable {
        public var id: Int64
        /// 32 bytes.
        public var hash: [UInt8]

        public init(id: Int64, hash: [UInt8]) {
            self.id = id
            self.hash = hash
        }
    }

    /// What does not hold, at which line.
    public struct Break: Error, Hashable, Sendable, CustomStringConvertible {
        public var line: Int64
        public var what: String
        public var description: String { "line \(self.line): \(self.what)" }
    }

    public init() {
        self.head = Head(id: 0, hash: Array(repeating: 0, count: 32))
    }

    /// Takes the next line.
    public mutating func append(_ line: AuditLine) throws(Break) {
        guard line.id == self.head.id + 1 else {
            throw Break(line: self.head.id + 1, what: "it is missing; the next one is \(line.id)")
        }
        guard line.previous == self.head.hash else {
            throw Break(line: line.id, what: "it does not follow the line before")
        }
        guard Array(SHA256.hash(data: Array(Self.text(of: line).utf8))) == line.hash else {
            throw Break(line: line.id, what: "it was changed after it was written")
        }
        self.head = Head(id: line.id, hash: line.hash)
    }

    /// The same text as `lectern.audit_text`.
    static func text(of line: AuditLine) -> String {
        let values: [String?] = [
            String(line.id), String(Int64((line.at.timeIntervalSince1970 * 1_000_000).rounded())), line.actor,
            line.role,
            line.act.action, line.act.subject, line.outcome.rawValue, line.about.map(String.init), line.act.reason,
            line.act.detail, line.requestID, LowercaseHex.string(line.previous),
        ]
        return values.map { $0.map { "\($0.utf8.count):\($0)" } ?? "-" }.joined(separator: ",")
    }
}

extension AuditTrail {
    /// Walks the whole log from its first line and answers where it ends.
    ///
    /// - Parameter anchor: a head that was seen before; the line must still be there with the same hash.
    /// - Throws: ``AuditChain/Break`` for the first line that does not hold.
    public func verify(anchor: AuditChain.Head? = nil) async throws -> AuditChain.Head {
        var chain = AuditChain()
        var isAnchored = anchor == nil
        while true {
            // A page along the primary key.
            let rows = try await self.database.query(
                """
                SELECT * FROM lectern.audit WHERE id > \(chain.head.id) ORDER BY id LIMIT \(Int32(Self.maximumLimit))
                """, timeout: .seconds(30))
            for line in try rows.map(AuditLine.init) {
                try chain.append(line)
                guard let anchor, line.id == anchor.id else { continue }
                guard line.hash == anchor.hash else {
                    throw AuditChain.Break(line: line.id, what: "its hash is not the one that was seen before")
                }
                isAnchored = true
            }
            guard rows.count == Self.maximumLimit else { break }
        }
        if let anchor, !isAnchored {
            throw AuditChain.Break(line: anchor.id, what: "it was seen before and is gone")
        }
        return chain.head
    }
}

extension AuditLine {
    /// The line's hash, 64 lowercase hexadecimal digits.
    public var hashText: String { LowercaseHex.string(self.hash) }
}

extension AuditChain.Head {
    /// The number, a colon and 64 lowercase hexadecimal digits.
    public var text: String { "\(self.id):\(LowercaseHex.string(self.hash))" }

    /// Reads ``text``.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let id = Int64(parts[0]), id > 0, parts[1].utf8.count == 64 else { return nil }
        var hash: [UInt8] = []
        var digits = parts[1][...]
        while !digits.isEmpty {
            guard let byte = UInt8(digits.prefix(2), radix: 16) else { return nil }
            hash.append(byte)
            digits = digits.dropFirst(2)
        }
        self.init(id: id, hash: hash)
    }
}
