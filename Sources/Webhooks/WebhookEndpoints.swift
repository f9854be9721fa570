import Foundation
import Yams

/// The operator's receivers, by name: `LECTERN_WEBHOOKS_FILE`.
///
/// ```yaml
/// endpoints:
///   - name: app                                   # what callers say
///     url: https://app.example.org/hooks/lectern
///     secret_file: /run/secrets/app               # whsec_…
///     previous_secret_file: /run/secrets/app.old  # while receivers still know it; may be left out
///     allow_http: false                           # true where the network is your own; may be left out
/// ```
public struct WebhookEndpoints: Sendable {
    /// In the order of the file.
    public let all: [WebhookEndpoint]

    /// Receivers from elsewhere than a file.
    public init(_ all: [WebhookEndpoint]) {
        self.all = all
    }

    /// The receiver of this name.
    public subscript(name: String) -> WebhookEndpoint? {
        self.all.first { $0.name == name }
    }

    /// Everything that is wrong with the file, a line for each fault. Holds no secret.
    public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// Reads the file and the secrets that it names. Who changes one of them restarts the processes.
    /// - Throws: ``FileError``.
    public init(file path: String) throws(FileError) {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw FileError(description: "\(path) cannot be read as UTF-8")
        }
        try self.init(yaml: text, file: path) { try? String(contentsOfFile: $0, encoding: .utf8) }
    }

    /// Reads the file's text.
    /// - Parameter read: the text of a secret's file, `nil` where it cannot be read.
    init(yaml: String, file path: String, read: @escaping (String) -> String?) throws(FileError) {
        var reader = Reader(path: path, read: read)
        self.all = reader.endpoints(yaml)
        guard reader.faults.isEmpty else {
            throw FileError(description: reader.faults.joined(separator: "\n"))
        }
    }

    /// Collects the endpoints and the faults.
    private struct Reader {
        let path: String
        let read: (String) -> String?
        var faults: [String] = []

        private static let fields: Set = ["name", "url", "secret_file", "previous_secret_file", "allow_http"]

        init(path: String, read: @escaping (String) -> String?) {
            self.path = path
            self.read = read
        }

        mutating func endpoints(_ yaml: String) -> [WebhookEndpoint] {
            guard let root = try? Yams.compose(yaml: yaml), let mapping = root.mapping, mapping.count == 1,
                let list = mapping["endpoints"]?.sequence
            else {
                self.faults.append("\(self.path): expected YAML with the one key endpoints, a list")
                return []
            }
            var endpoints: [WebhookEndpoint] = []
            for node in list {
                guard let endpoint = self.endpoint(node) else { continue }
                if endpoints.contains(where: { $0.name == endpoint.name }) {
                    self.note(node, "the name \(endpoint.name) stands twice; every endpoint needs its own")
                } else {
                    endpoints.append(endpoint)
                }
            }
            return endpoints
        }

        private mutating func endpoint(_ node: Node) -> WebhookEndpoint? {
            guard let mapping = node.mapping else {
                self.note(node, "an endpoint must be a mapping of key: value")
                return nil
            }
            for (key, value) in mapping where !Self.fields.contains(key.string ?? "") {
                self.note(
                    value,
                    "\(key.string ?? "?") is unknown; allowed are \(Self.fields.sorted().joined(separator: ", "))")
            }
            guard let name = mapping["name"]?.string, WebhookEndpoint.isName(name) else {
                self.note(node, "name must be 1 to 64 lower-case letters, digits, - and _")
                return nil
            }
            let allowsHTTP = mapping["allow_http"]
            if let allowsHTTP, allowsHTTP.bool == nil { self.note(allowsHTTP, "allow_http must be true or false") }
            let url = mapping["url"]?.string ?? ""
            if let fault = WebhookEndpoint.fault(of: url, allowsHTTP: allowsHTTP?.bool ?? false) {
                self.note(mapping["url"] ?? node, fault)
            }
            guard let file = mapping["secret_file"] else {
                self.note(node, "secret_file is missing; add it")
                return nil
            }
            let secrets = [file, mapping["previous_secret_file"]].compactMap { $0 }.compactMap { self.secret($0) }
            return secrets.isEmpty ? nil : WebhookEndpoint(name: name, url: url, secrets: secrets)
        }

        private mutating func secret(_ node: Node) -> WebhookSecret? {
            guard let file = node.string, let text = self.read(file) else {
                self.note(node, "the secret's file cannot be read")
                return nil
            }
            guard let secret = WebhookSecret(text) else {
                let lengths = WebhookSecret.lengths
                self.note(
                    node,
                    "the secret's file must hold whsec_ and the base64 of \(lengths.lowerBound) to "
                        + "\(lengths.upperBound) bytes")
                return nil
            }
            return secret
        }

        private mutating func note(_ node: Node, _ message: String) {
            self.faults.append("\(self.path):\(node.mark?.line ?? 1): \(message)")
        }
    }
}
