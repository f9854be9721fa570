/// What a tokenizer's file does to a text before it is cut into tokens.
///
/// Each step puts one scalar in front or replaces one scalar by another, so a text can hardly grow.
struct ScalarRewriting: Sendable, Hashable {
    enum Step: Sendable, Hashable {
        case prepend(Unicode.Scalar)
        case replace(Unicode.Scalar, with: Unicode.Scalar)
    }

    private(set) var steps: [Step] = []

    private static let maximumSteps = 8

    /// The scalars of a text; none where there is no text.
    func scalars(of text: Substring.UnicodeScalarView) -> [Unicode.Scalar] {
        var scalars = Array(text)
        guard !scalars.isEmpty else { return [] }
        for step in self.steps {
            switch step {
            case .prepend(let scalar): scalars.insert(scalar, at: 0)
            case .replace(let old, let new):
                for index in scalars.indices where scalars[index] == old { scalars[index] = new }
            }
        }
        return scalars
    }

    /// Reads the member `normalizer` of a tokenizer's file.
    init(_ json: inout ModelJSON) throws(StaticModelError) {
        if !json.take("null") { try self.read(&json) }
    }

    init(steps: [Step] = []) {
        self.steps = steps
    }

    private mutating func read(_ json: inout ModelJSON) throws(StaticModelError) {
        var type = ""
        var front: Unicode.Scalar?
        var pattern: Unicode.Scalar?
        var content: Unicode.Scalar?
        try json.members { (json, name) throws(StaticModelError) in
            switch String(decoding: name, as: UTF8.self) {
            case "type": type = String(decoding: try json.string().prefix(32), as: UTF8.self)
            case "prepend": front = try Self.scalar(&json)
            case "content": content = try Self.scalar(&json)
            case "pattern":
                try json.members { (json, name) throws(StaticModelError) in
                    guard name.elementsEqual("String".utf8) else {
                        throw StaticModelError(.unsupported, "its normalizer replaces by a pattern")
                    }
                    pattern = try Self.scalar(&json)
                }
            case "normalizers":
                try json.elements { (json) throws(StaticModelError) in try self.read(&json) }
            default: try json.skip()
            }
        }
        switch (type, front, pattern, content) {
        case ("Sequence", nil, nil, nil): break
        case ("Prepend", let front?, nil, nil): self.steps.append(.prepend(front))
        case ("Replace", nil, let pattern?, let content?): self.steps.append(.replace(pattern, with: content))
        default: throw StaticModelError(.unsupported, "its normalizer \(type) is not known here")
        }
        guard self.steps.count <= Self.maximumSteps else {
            throw StaticModelError(.tooLarge, "its normalizer has more than \(Self.maximumSteps) steps")
        }
    }

    private static func scalar(_ json: inout ModelJSON) throws(StaticModelError) -> Unicode.Scalar {
        guard let scalar = Unicode.Scalar(onlyIn: try json.string()) else {
            throw StaticModelError(.unsupported, "its normalizer handles more than one character at a time")
        }
        return scalar
    }
}

extension Unicode.Scalar {
    /// The scalar that these bytes are in UTF-8; `nil` unless it is exactly one.
    init?(onlyIn bytes: ArraySlice<UInt8>) {
        guard bytes.count <= 4 else { return nil }
        var decoder = UTF8()
        var bytes = bytes.makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&bytes), case .emptyInput = decoder.decode(&bytes) else {
            return nil
        }
        self = scalar
    }
}
