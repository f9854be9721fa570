/// Checks vectors from outside and scales them to length 1, so that a dot product is the cosine.
enum UnitVector {
    /// Throws ``VectorError`` with the place of the first number that does not fit.
    static func normalized(_ numbers: [Double], dimension: Int, at place: String) throws(VectorError) -> [Float] {
        guard numbers.count == dimension else {
            throw VectorError(
                .dimensionMismatch,
                "\(place) has \(numbers.count) numbers, but the collection's dimension is \(dimension).")
        }
        var largest = 0.0
        for (index, number) in numbers.enumerated() {
            guard number.isFinite, abs(number) <= Double(Float.greatestFiniteMagnitude) else {
                throw VectorError(.invalidArgument, "\(place)[\(index)] is not a finite 32-bit number.")
            }
            largest = max(largest, abs(number))
        }
        guard largest >= Double(Float.leastNormalMagnitude) else {
            throw VectorError(.invalidArgument, "\(place) is a zero vector, which has no direction.")
        }
        // Scaled by the largest number first, so that squares neither overflow nor vanish.
        var squares = 0.0
        for number in numbers { squares += (number / largest) * (number / largest) }
        let length = squares.squareRoot()
        return numbers.map { Float($0 / largest / length) }
    }
}

/// The dot product of two vectors of `count` numbers each.
///
/// Four accumulators of eight lanes keep the adders busy; the order of additions depends on `count` alone, so equal
/// vectors score equally wherever they lie.
@inline(__always)
func dotProduct(_ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, count: Int) -> Float {
    let left = UnsafeRawPointer(left)
    let right = UnsafeRawPointer(right)
    var sums = (SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero)
    var offset = 0
    let end = count * 4
    while offset + 128 <= end {
        sums.0 += product(left + offset, right + offset)
        sums.1 += product(left + offset + 32, right + offset + 32)
        sums.2 += product(left + offset + 64, right + offset + 64)
        sums.3 += product(left + offset + 96, right + offset + 96)
        offset += 128
    }
    while offset + 32 <= end {
        sums.0 += product(left + offset, right + offset)
        offset += 32
    }
    var sum = ((sums.0 + sums.1) + (sums.2 + sums.3)).sum()
    while offset < end {
        sum += left.load(fromByteOffset: offset, as: Float.self) * right.load(fromByteOffset: offset, as: Float.self)
        offset += 4
    }
    return sum
}

@inline(__always)
private func product(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer) -> SIMD8<Float> {
    left.loadUnaligned(as: SIMD8<Float>.self) * right.loadUnaligned(as: SIMD8<Float>.self)
}
