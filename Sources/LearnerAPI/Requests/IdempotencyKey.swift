import HTTPTypes
import Hummingbird

extension APIRequest {
    /// The key under which the request counts once; `nil` where the caller sends none.
    ///
    /// The draft writes it as a string in double quotes (RFC 9651, section 3.3.3); most clients leave them out, and both
    /// forms are the same key.
    /// - Throws: ``Problem`` for what is no key of 1 to 255 visible ASCII characters.
    func idempotencyKey() throws(Problem) -> String? {
        let values = self.request.headers[values: .idempotencyKey]
        guard let value = values.first else { return nil }
        let key = value.hasPrefix("\"") ? Self.unescaped(value.dropFirst()) : value
        guard values.count == 1, let key, (1...255).contains(key.utf8.count),
            key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw Problem(
                .malformedRequest, "The header Idempotency-Key is not one key of 1 to 255 visible ASCII characters.")
        }
        return key
    }

    /// The text up to the closing quote, which comes last: a backslash stands before a quote or another backslash only.
    private static func unescaped(_ text: Substring) -> String? {
        var plain = ""
        var iterator = text.makeIterator()
        while let character = iterator.next() {
            if character == "\"" { return iterator.next() == nil ? plain : nil }
            guard character == "\\" else {
                plain.append(character)
                continue
            }
            guard let escaped = iterator.next(), escaped == "\"" || escaped == "\\" else { return nil }
            plain.append(escaped)
        }
        return nil
    }
}
