/// What the name of a folder or file says by its form: `01-What-Is-AI` is number 1, title "What Is AI".
package enum FileName {
    /// The number a name begins with, also after `part`, `chapter`, `lesson` or `ch`.
    static func number(_ name: some StringProtocol) -> Int? {
        self.split(name).number
    }

    /// The name without its number and extension, as a title.
    static func title(_ name: some StringProtocol) -> String {
        let rest = self.split(self.stem(name)).rest
        let words = rest.split { $0 == "-" || $0 == "_" || $0 == " " }
        guard !words.isEmpty else { return String(name) }
        let isAllLower = rest.allSatisfy { !$0.isUppercase }
        return words.map { isAllLower ? $0.prefix(1).uppercased() + $0.dropFirst() : String($0) }.joined(separator: " ")
    }

    /// The name without number and extension in the form addresses take: letters, digits and hyphens.
    static func slug(_ name: some StringProtocol) -> String {
        var slug = ""
        for character in self.split(self.stem(name)).rest.lowercased() {
            if character.isLetter || character.isNumber {
                slug.append(character)
            } else if slug.last != "-", !slug.isEmpty {
                slug.append("-")
            }
        }
        while slug.last == "-" { slug.removeLast() }
        return slug
    }

    /// The name without `.md` or `.mdx`.
    static func stem(_ name: some StringProtocol) -> String {
        for ending in [".md", ".mdx"] where name.lowercased().hasSuffix(ending) {
            return String(name.dropLast(ending.count))
        }
        return String(name)
    }

    package static func isMarkdown(_ name: some StringProtocol) -> Bool {
        self.stem(name).count < name.count
    }

    private static func split(_ name: some StringProtocol) -> (number: Int?, rest: String) {
        var start = name.startIndex
        let lower = name.lowercased()
        for word in ["part", "chapter", "lesson", "ch"] where lower.hasPrefix(word) {
            let after = name.index(name.startIndex, offsetBy: word.count)
            let rest = name[after...].drop { $0 == "-" || $0 == "_" || $0 == " " }
            if rest.first?.isNumber == true {
                start = rest.startIndex
                break
            }
        }
        let digits = name[start...].prefix { $0.isASCII && $0.isNumber }
        guard (1...4).contains(digits.count), let number = Int(digits) else { return (nil, String(name)) }
        let rest = name[digits.endIndex...]
        guard let separator = rest.first else { return (number, "") }
        guard separator == "-" || separator == "_" || separator == "." || separator == " " else {
            return (nil, String(name))
        }
        return (number, String(rest.drop { $0 == "-" || $0 == "_" || $0 == "." || $0 == " " }))
    }
}
