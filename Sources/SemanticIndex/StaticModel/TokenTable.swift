/// One vector of half-precision numbers for each token, as a safetensors file holds them.
///
/// The file: eight bytes with the length of the header (little-endian), the header in JSON, which says of each tensor
/// its type, shape and place, then the numbers.
struct TokenTable: Sendable {
    /// How many tokens have a vector.
    let rows: Int
    /// The length of every vector.
    let dimension: Int
    /// The file as it was read; keeping it whole spares a copy.
    private let bytes: [UInt8]
    /// Where the first row begins.
    private let start: Int

    static let maximumFileBytes = 256 * 1024 * 1024
    private static let maximumHeaderBytes = 1024 * 1024
    private static let maximumRows = 1 << 20
    private static let maximumDimension = 4_096
    private static let tensorName = "embedding.weight"

    /// Reads the tensor `embedding.weight` of a safetensors file.
    init(safetensors bytes: [UInt8]) throws(StaticModelError) {
        guard bytes.count >= 8 else { throw StaticModelError(.malformed, "it is too short for a header") }
        let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << UInt64(8 * $1) }
        guard length <= UInt64(Self.maximumHeaderBytes) else {
            throw StaticModelError(.tooLarge, "its header claims \(length) bytes")
        }
        guard length <= UInt64(bytes.count - 8) else {
            throw StaticModelError(.malformed, "its header claims \(length) bytes, more than the file has")
        }
        let data = 8 + Int(length)
        let tensor = try Self.tensor(inHeader: Array(bytes[8..<data]))
        guard tensor.type == "F16" else {
            throw StaticModelError(.unsupported, "\(Self.tensorName) is of type \(tensor.type), not F16")
        }
        guard tensor.shape.count == 2, (1...Self.maximumRows).contains(tensor.shape[0]),
            (1...Self.maximumDimension).contains(tensor.shape[1])
        else { throw StaticModelError(.unsupported, "\(Self.tensorName) has the shape \(tensor.shape)") }
        (self.rows, self.dimension) = (tensor.shape[0], tensor.shape[1])
        guard tensor.offsets.count == 2, tensor.offsets[0] <= tensor.offsets[1],
            tensor.offsets[1] <= bytes.count - data
        else {
            throw StaticModelError(.malformed, "\(Self.tensorName) lies at \(tensor.offsets), outside the file")
        }
        guard tensor.offsets[1] - tensor.offsets[0] == 2 * self.rows * self.dimension else {
            throw StaticModelError(
                .malformed,
                "\(Self.tensorName) has the shape \(tensor.shape) and not the bytes for it: \(tensor.offsets)")
        }
        self.bytes = bytes
        self.start = data + tensor.offsets[0]
        guard self.isFinite else {
            throw StaticModelError(.malformed, "\(Self.tensorName) holds infinity or what is no number")
        }
    }

    private struct Tensor {
        var type = ""
        var shape: [Int] = []
        var offsets: [Int] = []
    }

    private static func tensor(inHeader bytes: [UInt8]) throws(StaticModelError) -> Tensor {
        var json = ModelJSON(bytes)
        var found: Tensor?
        try json.members { (json, name) throws(StaticModelError) in
            guard name.elementsEqual(self.tensorName.utf8) else { return try json.skip() }
            guard found == nil else { throw json.error("\(self.tensorName) stands there twice") }
            var tensor = Tensor()
            try json.members { (json, name) throws(StaticModelError) in
                switch String(decoding: name, as: UTF8.self) {
                case "dtype": tensor.type = String(decoding: try json.string().prefix(16), as: UTF8.self)
                case "shape": tensor.shape = try self.numbers(&json)
                case "data_offsets": tensor.offsets = try self.numbers(&json)
                default: try json.skip()
                }
            }
            found = tensor
        }
        try json.end()
        guard let found else { throw StaticModelError(.malformed, "it holds no tensor \(self.tensorName)") }
        return found
    }

    private static func numbers(_ json: inout ModelJSON) throws(StaticModelError) -> [Int] {
        var numbers: [Int] = []
        try json.elements { (json) throws(StaticModelError) in
            guard numbers.count < 8 else { throw json.error("a list of numbers is too long") }
            numbers.append(try json.number())
        }
        return numbers
    }

    /// Four numbers at a time: one with all bits of its exponent set is infinite or none.
    private var isFinite: Bool {
        let count = 2 * self.rows * self.dimension
        return self.bytes.withUnsafeBytes { bytes in
            var carry: UInt64 = 0
            let whole = count & ~7
            for place in stride(from: self.start, to: self.start + whole, by: 8) {
                let four = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
                carry |= (four & 0x7C00_7C00_7C00_7C00) &+ 0x0400_0400_0400_0400
            }
            for place in stride(from: self.start + whole, to: self.start + count, by: 2) {
                let one = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt16.self))
                carry |= UInt64(one & 0x7C00) &+ 0x0400
            }
            return carry & 0x8000_8000_8000_8000 == 0
        }
    }

    /// The sum of the rows, in their order, so that it is the same on every machine. Every row must exist.
    func sum(of rows: [UInt32]) -> [Float] {
        var sums = [Float](repeating: 0, count: self.dimension)
        self.bytes.withUnsafeBytes { bytes in
            sums.withUnsafeMutableBufferPointer { sums in
                guard let table = bytes.baseAddress, let sums = sums.baseAddress else { return }
                for row in rows {
                    precondition(row < self.rows, "a token without a vector")
                    // Plain pointers, or the loop would not be compiled to four numbers at a time.
                    let halves = table + self.start + 2 * self.dimension * Int(row)
                    for component in 0..<self.dimension {
                        let half = halves.loadUnaligned(fromByteOffset: 2 * component, as: UInt16.self)
                        sums[component] += Self.float(UInt16(littleEndian: half))
                    }
                }
            }
        }
        return sums
    }

    /// The value of a finite half-precision number, exactly.
    ///
    /// `Float16` is not there on every platform.
    static func float(_ half: UInt16) -> Float {
        // Exponent and fraction moved into a Float's places are too small by the difference of the exponents' biases.
        let magnitude = Float(bitPattern: UInt32(half & 0x7FFF) << 13) * 0x1p112
        return Float(bitPattern: magnitude.bitPattern | UInt32(half & 0x8000) << 16)
    }
}
