/// Gives every heading of a document an id of its own.
struct HeadingIDs {
    private var used: Set<String> = []
    /// The number to try next for each id asked for twice, so that many equal headings do not take quadratic time.
    private var nextNumbers: [String: Int] = [:]

    /// An id, numbered (`-1`, `-2`, …) where it is taken.
    mutating func claim(_ id: String) -> String {
        guard !self.used.insert(id).inserted else { return id }
        var number = self.nextNumbers[id, default: 1]
        while !self.used.insert("\(id)-\(number)").inserted { number += 1 }
        self.nextNumbers[id] = number + 1
        return "\(id)-\(number)"
    }

    /// As GitHub does it: lowercase letters, digits, marks, `_` and `-`; spaces become hyphens, all else goes.
    static func slug(_ text: String) -> String {
        var slug = ""
        for scalar in text.lowercased().unicodeScalars.prefix(200) {
            switch scalar {
            case " ", "-": slug.unicodeScalars.append("-")
            case "_": slug.unicodeScalars.append("_")
            default:
                let properties = scalar.properties
                switch properties.generalCategory {
                case .nonspacingMark, .spacingMark, .decimalNumber, .letterNumber, .otherNumber:
                    slug.unicodeScalars.append(scalar)
                default:
                    if properties.isAlphabetic { slug.unicodeScalars.append(scalar) }
                }
            }
        }
        while slug.first == "-" { slug.removeFirst() }
        while slug.last == "-" { slug.removeLast() }
        return slug.isEmpty ? "section" : slug
    }

    /// Divides `Title {#id}` into both; no id where the braces hold none.
    static func divide(_ text: String) -> (title: String, id: String?) {
        guard text.hasSuffix("}"), let start = text.ranges(of: "{#").last else { return (text, nil) }
        let id = text[start.upperBound...].dropLast()
        let isName = id.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isName, (1...100).contains(id.utf8.count) else { return (text, nil) }
        var title = text[..<start.lowerBound]
        while title.last == " " { title.removeLast() }
        return (String(title), String(id))
    }
}
