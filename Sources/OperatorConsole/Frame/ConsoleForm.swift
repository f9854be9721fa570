import Foundation
import HTTPTypes
import Hummingbird

/// The fields of a form or of an address, as `application/x-www-form-urlencoded` (URL Standard, section 5).
struct ConsoleForm: Sendable {
    /// The largest body, in bytes.
    static let maximumBytes = 8 * 1_024
    /// No form of ours comes near it.
    static let maximumFields = 64

    private let fields: [(name: String, value: String)]

    /// The value of a field, without blanks around it; `nil` where it is missing, empty, or stands more than once.
    subscript(_ name: String) -> String? {
        let values = self.fields.filter { $0.name == name }
        guard values.count == 1, let text = values.first?.value.trimmingCharacters(in: .whitespacesAndNewlines) else {
            return nil
        }
        return text.isEmpty ? nil : text
    }

    /// Reads the body of a request.
    /// - Throws: `HTTPError`: 413, 415, or 422.
    static func read(_ request: Request) async throws -> ConsoleForm {
        let encoding = request.headers[.contentEncoding]?.lowercased() ?? "identity"
        let type = request.headers[.contentType]?.lowercased().prefix { $0 != ";" && $0 != " " }
        guard encoding == "identity", type == "application/x-www-form-urlencoded" else {
            throw HTTPError(.unsupportedMediaType, message: "Send a form, as application/x-www-form-urlencoded.")
        }
        let bytes: ByteBuffer
        do {
            bytes = try await request.body.collect(upTo: self.maximumBytes)
        } catch let error as any HTTPResponseError where error.status == .contentTooLarge {
            throw HTTPError(.contentTooLarge, message: "A form has at most \(self.maximumBytes) bytes.")
        }
        guard let form = ConsoleForm(Array(buffer: bytes)) else {
            throw HTTPError(.unprocessableContent, message: "The form does not read.")
        }
        return form
    }

    /// `nil` for more fields than any page sends, a broken escape, a NUL, and what is not UTF-8.
    init?(_ bytes: [UInt8]) {
        var fields: [(name: String, value: String)] = []
        for pair in bytes.split(separator: UInt8(ascii: "&")) {
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard fields.count < Self.maximumFields, let name = halves.first.flatMap(Self.decoded),
                let value = halves.count == 2 ? Self.decoded(halves[1]) : ""
            else { return nil }
            fields.append((name, value))
        }
        self.fields = fields
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
        let spaced = bytes.map { $0 == UInt8(ascii: "+") ? 0x20 : $0 }
        guard let text = String(validating: spaced, as: UTF8.self)?.removingPercentEncoding, !text.utf8.contains(0)
        else { return nil }
        return text
    }
}
