/// One block of a tool's unstructured answer.
public enum MCPContent: Hashable, Sendable {
    /// Plain text.
    case text(String)
    /// A picture, base64 in `data`.
    case image(data: String, mimeType: String)
    /// Sound, base64 in `data`.
    case audio(data: String, mimeType: String)
    /// The address of a resource that can be read apart.
    case resourceLink(uri: String, name: String, mimeType: String?)
    /// A resource in full: `text`, or base64 in `blob`.
    case resource(uri: String, mimeType: String?, text: String?, blob: String?)
    /// A block of a type that this client does not know, as it came.
    case other(JSONValue)

    package init(_ value: JSONValue) {
        switch value["type"]?.stringValue {
        case "text":
            guard let text = value["text"]?.stringValue else { break }
            self = .text(text)
            return
        case "image":
            guard let data = value["data"]?.stringValue, let type = value["mimeType"]?.stringValue else { break }
            self = .image(data: data, mimeType: type)
            return
        case "audio":
            guard let data = value["data"]?.stringValue, let type = value["mimeType"]?.stringValue else { break }
            self = .audio(data: data, mimeType: type)
            return
        case "resource_link":
            guard let uri = value["uri"]?.stringValue else { break }
            self = .resourceLink(
                uri: uri, name: value["name"]?.stringValue ?? "", mimeType: value["mimeType"]?.stringValue)
            return
        case "resource":
            guard let resource = value["resource"], let uri = resource["uri"]?.stringValue else { break }
            self = .resource(
                uri: uri, mimeType: resource["mimeType"]?.stringValue, text: resource["text"]?.stringValue,
                blob: resource["blob"]?.stringValue)
            return
        default: break
        }
        self = .other(value)
    }

    package var json: JSONValue {
        switch self {
        case .text(let text):
            return ["type": "text", "text": .string(text)]
        case .image(let data, let mimeType):
            return ["type": "image", "data": .string(data), "mimeType": .string(mimeType)]
        case .audio(let data, let mimeType):
            return ["type": "audio", "data": .string(data), "mimeType": .string(mimeType)]
        case .resourceLink(let uri, let name, let mimeType):
            var members: [String: JSONValue] = ["type": "resource_link", "uri": .string(uri), "name": .string(name)]
            members["mimeType"] = mimeType.map { .string($0) }
            return .object(members)
        case .resource(let uri, let mimeType, let text, let blob):
            var resource: [String: JSONValue] = ["uri": .string(uri)]
            resource["mimeType"] = mimeType.map { .string($0) }
            resource["text"] = text.map { .string($0) }
            resource["blob"] = blob.map { .string($0) }
            return ["type": "resource", "resource": .object(resource)]
        case .other(let value):
            return value
        }
    }

    /// The text of a text block or of a resource that is text.
    public var text: String? {
        switch self {
        case .text(let text): text
        case .resource(_, _, let text, _): text
        case .image, .audio, .resourceLink, .other: nil
        }
    }
}
