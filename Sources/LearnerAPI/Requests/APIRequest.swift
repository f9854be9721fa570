import HTTPTypes
import Hummingbird
import IPAddresses
import Learners
import Logging

/// A request to the API: its parameters, its caller and its body, each checked when it is read.
struct APIRequest: Sendable {
    let request: Request
    /// By name, still percent-encoded.
    let parameters: [String: String]
    /// Knows the connection's other end, where that can be known.
    let connection: (any PeerContext)?
    let logger: Logger
    let receipt = RateReceipt()
    /// Who signed in; `nil` where learners are anonymous, and for what needs no learner.
    var signedIn: SignedIn?

    /// The largest body of an ordinary request, in bytes.
    static let ordinaryBodyLimit = 64 * 1024

    /// The connection's other end, where it is known.
    var peer: IPAddress? { self.connection?.peer }

    /// Who asks.
    /// - Throws: ``Problem`` when the header is missing or is no id.
    func learner() throws(Problem) -> LearnerID {
        guard let id = try self.optionalLearner() else {
            throw Problem(.missingUserID, "This request needs the header X-User-ID.")
        }
        return id
    }

    /// Who asks, where the header is optional. Who signed in is the learner of the sign-in, and nobody else.
    func optionalLearner() throws(Problem) -> LearnerID? {
        let named = try self.namedLearner()
        guard let signedIn else { return named }
        guard let own = signedIn.learner, named == nil || named == own else {
            throw Problem(.unknownUser, "There is no such user for this sign-in.")
        }
        return own
    }

    /// Whom the header names.
    func namedLearner() throws(Problem) -> LearnerID? {
        let values = self.request.headers[values: .userID]
        guard let value = values.first else { return nil }
        guard values.count == 1, let id = LearnerID(value) else {
            throw Problem(.invalidUserID, "The header X-User-ID is not one UUID of version 4.")
        }
        return id
    }

    /// What the caller prefers about the time of the answer.
    var preference: Preference { Preference(self.request.headers[values: .prefer]) }

    /// How long the query's `wait` lets the answer take, in whole seconds and at most ``Preference/maximumWait``.
    /// - Throws: ``Problem`` for what is no number.
    func wait() throws(Problem) -> Duration {
        guard let text = self.request.uri.queryParameters["wait"] else { return .zero }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw Problem(.malformedRequest, "The parameter wait is not a whole number of seconds.")
        }
        // More digits than an Int holds still mean "as long as possible".
        return .seconds(min(Int(text) ?? Preference.maximumWait, Preference.maximumWait))
    }

    /// How long the caller agreed to wait, one way or the other.
    var agreedWait: Duration { max(self.preference.wait ?? .zero, (try? self.wait()) ?? .zero) }

    /// A parameter of the path, decoded.
    func text(_ name: String) throws(Problem) -> String {
        guard let text = self.parameters[name].flatMap(PathText.decoding) else {
            throw Problem(.malformedRequest, "The path holds a broken percent escape or text that is not UTF-8.")
        }
        return text
    }

    /// A number from the path; `nil` for what cannot be the number of anything.
    func number(_ name: String) throws(Problem) -> Int? {
        let text = try self.text(name)
        guard text.utf8.count <= 9, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }

    /// A slug from the path.
    /// - Throws: ``Problem`` that says why no lesson can have it.
    func slug() throws(Problem) -> LessonSlug {
        let text = try self.text("slug")
        do {
            return try LessonSlug(text)
        } catch {
            throw Problem(.unknownLesson, "No lesson can have this slug. \(error.reason)")
        }
    }
}

extension APIRequest {
    /// The body's bytes.
    func body(upTo limit: Int = Self.ordinaryBodyLimit) async throws -> [UInt8] {
        let tooLarge = Problem(.contentTooLarge, "The body of this request is limited to \(limit) bytes.")
        if let length = self.request.headers[.contentLength].flatMap(Int.init), length > limit { throw tooLarge }
        do {
            return Array(buffer: try await self.request.body.collect(upTo: limit))
        } catch let error as any HTTPResponseError where error.status == .contentTooLarge {
            throw tooLarge
        }
    }

    /// The bytes of a body that must be JSON, read as one object.
    func object(upTo limit: Int = Self.ordinaryBodyLimit) async throws -> [String: ProfileValue] {
        try Self.object(in: try await self.jsonBytes(upTo: limit))
    }

    /// The bytes of a body that is declared to be JSON.
    func jsonBytes(upTo limit: Int = Self.ordinaryBodyLimit) async throws -> [UInt8] {
        let bytes = try await self.body(upTo: limit)
        if !bytes.isEmpty { try self.checkMediaType() }
        return bytes
    }

    private func checkMediaType() throws(Problem) {
        if let encoding = self.request.headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw Problem(.unsupportedMediaType, "The body is compressed.")
        }
        guard let type = self.request.headers[.contentType] else {
            throw Problem(.unsupportedMediaType, "The header Content-Type is missing.")
        }
        // What nearly everybody writes.
        if type == "application/json" { return }
        let parts = type.lowercased().split(separator: ";").map { part in
            part.split(separator: " ", omittingEmptySubsequences: true).joined()
        }
        guard parts.first == "application/json" else {
            throw Problem(.unsupportedMediaType, "The header Content-Type names another type than application/json.")
        }
        let charsets = parts.dropFirst().filter { $0.hasPrefix("charset=") }
        guard charsets.allSatisfy({ ["charset=utf-8", "charset=\"utf-8\""].contains($0) }) else {
            throw Problem(.unsupportedMediaType, "The body is declared in another charset than UTF-8.")
        }
    }

    /// Reads strict JSON.
    /// - Throws: ``Problem`` with the place of the fault.
    static func object(in bytes: [UInt8]) throws(Problem) -> [String: ProfileValue] {
        let value: ProfileValue
        do {
            value = try StrictJSONReader.read(bytes)
        } catch {
            throw Problem(json: error)
        }
        guard case .object(let members) = value else {
            throw Problem(.malformedJSON, "The body must be a JSON object.")
        }
        return members
    }
}

extension Problem {
    init(json fault: JSONFault) {
        let errors = fault.pointer.steps.isEmpty ? [] : [BadField(fault.pointer, .malformed, fault.message + ".")]
        let type: ProblemType = fault.code == .nulCharacter ? .invalidFields : .malformedJSON
        self.init(type, "\(fault.description).", errors: errors)
    }
}
