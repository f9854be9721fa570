/// A vector in the form the database keeps: float32, little-endian.
enum VectorBytes {
    static func bytes(of vector: [Float]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 * vector.count)
        for component in vector {
            let bits = component.bitPattern
            for shift in stride(from: 0, to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(shift)))
            }
        }
        return bytes
    }

    /// `nil` where the bytes are no vector of this length.
    static func vector(from bytes: [UInt8], dimension: Int) -> [Float]? {
        guard bytes.count == 4 * dimension else { return nil }
        return (0..<dimension).map { index in
            let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[4 * index + $1]) << UInt32(8 * $1) }
            return Float(bitPattern: bits)
        }
    }
}
