/// The shape of a path: literal segments, `{name}` for one segment, `{name...}` for one or more.
///
/// Segments are compared as they came, before percent-decoding, so a slug that holds `%2F` is one segment and one that
/// holds raw slashes is several: `{slug...}` gives the same text for both, and a suffix behind it still counts. What is
/// percent-encoded is never a literal: `a%2Fstart` is the lesson `a/start`, and `a/start` the start of the lesson `a`.
struct RoutePattern: Hashable, Sendable, CustomStringConvertible {
    private enum Segment: Hashable, Sendable {
        case literal(String)
        case parameter(String)
        case rest(String)
    }

    let description: String
    private let segments: [Segment]

    /// The path as the API's description writes it: `{slug}`, also where it takes several segments.
    var template: String { self.description.replacing("...}", with: "}") }

    init(_ text: String) {
        self.description = text
        self.segments = text.split(separator: "/").map { part in
            guard part.first == "{", part.last == "}" else { return .literal(String(part)) }
            let name = part.dropFirst().dropLast()
            return name.hasSuffix("...") ? .rest(String(name.dropLast(3))) : .parameter(String(name))
        }
    }

    /// The parameters, still percent-encoded; `nil` when the path has another shape.
    func match(_ path: ArraySlice<Substring>) -> [String: String]? {
        var parameters: [String: String] = [:]
        var position = path.startIndex
        for (index, segment) in self.segments.enumerated() {
            let following = self.segments.count - index - 1
            guard position < path.endIndex else { return nil }
            switch segment {
            case .literal(let text):
                guard path[position] == text else { return nil }
                position += 1
            case .parameter(let name):
                parameters[name] = String(path[position])
                position += 1
            case .rest(let name):
                let end = path.endIndex - following
                guard end > position else { return nil }
                parameters[name] = path[position..<end].joined(separator: "/")
                position = end
            }
        }
        return position == path.endIndex ? parameters : nil
    }
}
