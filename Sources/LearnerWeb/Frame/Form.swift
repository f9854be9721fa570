import Foundation
import HTTPTypes
import Hummingbird

/// The fields of a form, as `application/x-www-form-urlencoded` (URL Standard, section 5).
struct Form: Sendable, Equatable {
    /// The largest body, in bytes.
    static let maximumBytes = 64 * 1_024
    /// No form of ours comes near it.
    static let maximumFields = 256

    private let fields: [(name: String, value: String)]

    static func == (one: Form, other: Form) -> Bool {
        one.fields.elementsEqual(other.fields) { $0 == $1 }
    }

    /// The value of a field that may stand once; `nil` where it is missing or stands more than once.
    subscript(_ name: String) -> String? {
        let values = self.all(name)
        return values.count == 1 ? values.first : nil
    }

    /// The values of a field, in the order of the page.
    func all(_ name: String) -> [String] {
        self.fields.filter { $0.name == name }.map(\.value)
    }

    /// Reads the body of a request.
    /// - Throws: ``PageRefusal``.
    static func read(_ request: Request) async throws -> Form {
        let encoding = request.headers[.contentEncoding]?.lowercased() ?? "identity"
        let type = request.headers[.contentType]?.lowercased().split(separator: ";").first
        guard encoding == "identity", type?.split(separator: " ").joined() == "application/x-www-form-urlencoded" else {
            throw PageRefusal(.unsupportedMediaType)
        }
        if let length = request.headers[.contentLength].flatMap(Int.init), length > self.maximumBytes {
            throw PageRefusal(.contentTooLarge)
        }
        let bytes: ByteBuffer
        do {
            bytes = try await request.body.collect(upTo: self.maximumBytes)
        } catch let error as any HTTPResponseError where error.status == .contentTooLarge {
            throw PageRefusal(.contentTooLarge)
        }
        guard let form = Form(Array(buffer: bytes)) else { throw PageRefusal(.unprocessableContent) }
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
