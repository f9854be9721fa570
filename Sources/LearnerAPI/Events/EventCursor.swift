/// How far a client has read an operation's events: all that `Last-Event-ID` has to say, so that any process can go on
/// where another one stopped.
///
/// Its text is `<count>-<mask>`, with `-done` after the last event: the number of events sent so far, and the ordinals
/// of the delivered sections as the bits of a hexadecimal number.
struct EventCursor: Hashable, Sendable {
    /// Sections beyond this many are delivered again by a stream that is taken up again.
    static let maximumSections = 1_024

    /// Events sent before, over all connections.
    var count = 0
    /// Ordinals of the sections that were delivered.
    private(set) var sections: Set<Int> = []
    /// Whether the last event was delivered.
    var isDone = false

    /// The beginning.
    init() {}

    /// What a client says it has; the beginning for what no server of ours has written.
    init(_ lastEventID: String?) {
        guard let lastEventID, lastEventID.utf8.count <= 16 + Self.maximumSections / 4 else { return }
        let parts = lastEventID.split(separator: "-", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let count = Self.count(parts[0]), let sections = Self.sections(parts[1])
        else { return }
        if parts.count == 3 {
            guard parts[2] == "done" else { return }
            self.isDone = true
        }
        self.count = count
        self.sections = sections
    }

    /// Notes that a section is on its way.
    mutating func deliver(_ ordinal: Int) {
        guard (0..<Self.maximumSections).contains(ordinal) else { return }
        self.sections.insert(ordinal)
    }

    /// The id of the event that was sent last.
    var text: String { "\(self.count)-\(self.mask)" + (self.isDone ? "-done" : "") }

    private var mask: String {
        guard let last = self.sections.max() else { return "0" }
        var digits = ""
        for digit in (0...last / 4).reversed() {
            let value = (0..<4).reduce(0) { $0 | (self.sections.contains(digit * 4 + $1) ? 1 << $1 : 0) }
            digits += String(value, radix: 16)
        }
        return digits
    }

    private static func count(_ text: Substring) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    private static func sections(_ text: Substring) -> Set<Int>? {
        guard (1...Self.maximumSections / 4).contains(text.utf8.count) else { return nil }
        var sections: Set<Int> = []
        for (place, byte) in text.utf8.reversed().enumerated() {
            // Lower case only: the text of a cursor has one form.
            guard let value = Character(Unicode.Scalar(byte)).hexDigitValue, !(0x41...0x46).contains(byte) else {
                return nil
            }
            for bit in 0..<4 where value & (1 << bit) != 0 { sections.insert(place * 4 + bit) }
        }
        return sections
    }
}
