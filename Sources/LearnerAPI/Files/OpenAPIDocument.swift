import Foundation
import Yams

/// The description of the whole HTTP API (OpenAPI 3.1), written as `openapi.yaml`.
public struct OpenAPIDocument: Sendable {
    /// As its authors wrote it.
    public let yaml: String
    /// The same in JSON, with sorted members.
    public let json: [UInt8]

    /// The description that ships with this module.
    /// - Throws: ``OpenAPIError`` where the installation lacks it.
    public static func bundled() throws -> OpenAPIDocument {
        try OpenAPIDocument(yaml: try String(decoding: BundledText.bytes(of: "openapi.yaml"), as: UTF8.self))
    }

    /// - Throws: ``OpenAPIError`` for what is no YAML, or holds what JSON cannot.
    init(yaml: String) throws(OpenAPIError) {
        self.yaml = yaml
        do {
            guard let root = try Yams.compose(yaml: yaml), root.mapping != nil else {
                throw OpenAPIError(description: "the API's description is no mapping")
            }
            self.json = try JSONResponse.bytes(of: JSONNode(root))
        } catch let error as OpenAPIError {
            throw error
        } catch {
            throw OpenAPIError(description: "the API's description is no YAML that JSON could say: \(error)")
        }
    }
}

/// Why the API cannot describe itself.
public struct OpenAPIError: Error, Sendable, CustomStringConvertible {
    public let description: String
}

/// A text that ships with this module.
enum BundledText {
    static func bytes(of name: String) throws(OpenAPIError) -> [UInt8] {
        do {
            return [UInt8](try Data(contentsOf: Bundle.module.bundleURL.appendingPathComponent(name)))
        } catch {
            throw OpenAPIError(description: "the installation lacks the file \(name)")
        }
    }
}

/// A YAML value for a JSON encoder: a plain scalar that is a literal of JSON is that literal, every other one a string
/// (YAML 1.2, section 10.2).
private struct JSONNode: Encodable {
    private let node: Node

    init(_ node: Node) {
        self.node = node
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue _: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        switch self.node {
        case .mapping(let mapping):
            var container = encoder.container(keyedBy: Name.self)
            for (key, value) in mapping {
                guard let name = key.scalar?.string else {
                    throw OpenAPIError(description: "the API's description has a key that is no text")
                }
                try container.encode(JSONNode(value), forKey: Name(stringValue: name))
            }
        case .sequence(let sequence):
            var container = encoder.unkeyedContainer()
            for element in sequence { try container.encode(JSONNode(element)) }
        case .scalar(let scalar):
            var container = encoder.singleValueContainer()
            try Self.encode(scalar, into: &container)
        case .alias:
            throw OpenAPIError(description: "the API's description refers to what it does not hold")
        }
    }

    private static func encode(
        _ scalar: Node.Scalar, into container: inout any SingleValueEncodingContainer
    ) throws {
        let text = scalar.string
        guard scalar.style == .plain else { return try container.encode(text) }
        switch text {
        case "null", "": try container.encodeNil()
        case "true": try container.encode(true)
        case "false": try container.encode(false)
        default:
            if let number = Int(text) {
                try container.encode(number)
            } else if text.wholeMatch(of: /-?[0-9]+\.[0-9]+/) != nil, let number = Double(text) {
                try container.encode(number)
            } else {
                try container.encode(text)
            }
        }
    }
}
