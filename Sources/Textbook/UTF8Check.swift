/// Whether bytes are well-formed UTF-8 (Unicode 16, table 3-7), and if not, where.
public enum UTF8Check {
    /// The offset, from the first byte, of the first sequence that is not well formed.
    public static func firstInvalid(_ bytes: some Collection<UInt8>) -> Int? {
        let inContiguous = bytes.withContiguousStorageIfAvailable { self.scan($0) }
        return inContiguous ?? Array(bytes).withUnsafeBufferPointer { self.scan($0) }
    }

    private static func scan(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var place = 0
        while place < bytes.count {
            let length = self.sequenceLength(bytes, place)
            guard length > 0 else { return place }
            place += length
        }
        return nil
    }

    /// 0 for an ill-formed sequence.
    private static func sequenceLength(_ bytes: UnsafeBufferPointer<UInt8>, _ place: Int) -> Int {
        let first = bytes[place]
        let second: ClosedRange<UInt8>
        let length: Int
        switch first {
        case 0x00...0x7F: return 1
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return 0
        }
        guard place + length <= bytes.count, second.contains(bytes[place + 1]) else { return 0 }
        for next in (place + 2)..<max(place + 2, place + length) where !(0x80...0xBF).contains(bytes[next]) { return 0 }
        return length
    }
}
