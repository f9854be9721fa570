import Learners

/// Reads the members of a JSON object and collects everything that is wrong with them, so that one answer names every
/// bad field.
struct BodyReader {
    private let members: [String: ProfileValue]
    private let place: JSONPointer
    private var known: Set<String> = []
    private(set) var errors: [BadField] = []

    init(_ members: [String: ProfileValue], at place: JSONPointer = JSONPointer()) {
        self.members = members
        self.place = place
    }

    mutating func report(_ field: String, _ code: FieldError.Code, _ message: String) {
        self.errors.append(BadField(self.place.appending(field), code, message))
    }

    /// `nil` when the member is missing or no string.
    mutating func string(_ field: String, isRequired: Bool = false) -> String? {
        switch self.member(field) {
        case .none:
            if isRequired { self.report(field, .missing, "This field is required.") }
            return nil
        case .string(let text):
            return text
        case .some(let other):
            self.report(field, .wrongType, "Expected a string, found \(other.kind).")
            return nil
        }
    }

    /// `nil` when the member is missing or no whole number in the range.
    mutating func integer(_ field: String, in range: ClosedRange<Int>, isRequired: Bool = false) -> Int? {
        switch self.member(field) {
        case .none:
            if isRequired { self.report(field, .missing, "This field is required.") }
            return nil
        case .number(let number):
            guard let value = Int(exactly: number), range.contains(value) else {
                let bounds = "\(range.lowerBound) to \(range.upperBound)"
                self.report(field, .unknownValue, "Expected a whole number from \(bounds).")
                return nil
            }
            return value
        case .some(let other):
            self.report(field, .wrongType, "Expected a number, found \(other.kind).")
            return nil
        }
    }

    mutating func word<Word: RawRepresentable & CaseIterable>(
        _ field: String, as type: Word.Type
    ) -> Word? where Word.RawValue == String {
        guard let text = self.string(field) else { return nil }
        if let word = Word(rawValue: text) { return word }
        self.report(field, .unknownValue, "Expected one of: \(Word.allCases.map(\.rawValue).joined(separator: ", ")).")
        return nil
    }

    /// The slug of a lesson; `nil` when it is missing or no lesson can have it.
    mutating func slug(_ field: String, isRequired: Bool = false) -> LessonSlug? {
        guard let text = self.string(field, isRequired: isRequired) else { return nil }
        do {
            return try LessonSlug(text)
        } catch {
            self.report(field, .malformed, error.reason)
            return nil
        }
    }

    /// The slugs of lessons in an array that must be there; `nil` when it is not, or holds another thing.
    mutating func slugs(_ field: String, upTo limit: Int) -> [String]? {
        switch self.member(field) {
        case .none:
            self.report(field, .missing, "This field is required.")
            return nil
        case .array(let elements):
            let slugs = elements.compactMap { element -> String? in
                guard case .string(let text) = element else { return nil }
                return (try? LessonSlug(text))?.text
            }
            guard slugs.count == elements.count, slugs.count <= limit else {
                self.report(field, .malformed, "Expected at most \(limit) slugs of lessons.")
                return nil
            }
            return slugs
        case .some(let other):
            self.report(field, .wrongType, "Expected an array of strings, found \(other.kind).")
            return nil
        }
    }

    /// Reads the members of an object below this one; its errors come under this reader's.
    mutating func object<Value>(_ field: String, _ read: (inout BodyReader) -> Value) -> Value? {
        switch self.member(field) {
        case .none:
            return nil
        case .object(let members):
            var reader = BodyReader(members, at: self.place.appending(field))
            let value = read(&reader)
            reader.reportUnknownFields()
            self.errors += reader.errors
            return value
        case .some(let other):
            self.report(field, .wrongType, "Expected an object, found \(other.kind).")
            return nil
        }
    }

    /// - Throws: ``Problem`` that lists every bad field, those nobody asked for included.
    mutating func finish() throws(Problem) {
        self.reportUnknownFields()
        guard self.errors.isEmpty else { throw Problem(fields: self.errors) }
    }

    private mutating func reportUnknownFields() {
        for name in self.members.keys.sorted().prefix(100) where !self.known.contains(name) {
            self.report(name, .unknownField, "This field is not part of the request.")
        }
    }

    private mutating func member(_ field: String) -> ProfileValue? {
        self.known.insert(field)
        return self.members[field]
    }
}

extension ProfileValue {
    /// The JSON name of the value's type.
    fileprivate var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
