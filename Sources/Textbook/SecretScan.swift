/// Finds what looks like somebody's credentials in a text: a published secret cannot be taken back.
///
/// The forms are those that issuers give their keys so that they can be recognised. Whatever says of itself that it is an
/// example is left alone. Linear in the text.
enum SecretScan {
    /// A form of secret: how it begins, what follows, and how much of that there must be.
    private struct Form {
        let name: String
        let prefix: [UInt8]
        let minimum: Int
        let allows: @Sendable (UInt8) -> Bool

        init(_ name: String, _ prefix: String, _ minimum: Int, _ allows: @escaping @Sendable (UInt8) -> Bool) {
            self.name = name
            self.prefix = Array(prefix.utf8)
            self.minimum = minimum
            self.allows = allows
        }
    }

    private static let forms: [Form] = [
        Form("an access key of AWS", "AKIA", 16) { SecretScan.isUpper($0) || SecretScan.isDigit($0) },
        Form("a token of GitHub", "ghp_", 36, SecretScan.isWord),
        Form("a token of GitHub", "gho_", 36, SecretScan.isWord),
        Form("a token of GitHub", "ghs_", 36, SecretScan.isWord),
        Form("a token of GitHub", "github_pat_", 40, SecretScan.isWord),
        Form("a token of GitLab", "glpat-", 20) { SecretScan.isWord($0) || $0 == UInt8(ascii: "-") },
        Form("a token of Slack", "xoxb-", 20) { SecretScan.isWord($0) || $0 == UInt8(ascii: "-") },
        Form("a token of Slack", "xoxp-", 20) { SecretScan.isWord($0) || $0 == UInt8(ascii: "-") },
        Form("an API key of Google", "AIza", 35) { SecretScan.isWord($0) || $0 == UInt8(ascii: "-") },
        Form("a secret key of Stripe", "sk_live_", 20, SecretScan.isWord),
        Form("an API key", "sk-", 32) { SecretScan.isWord($0) || $0 == UInt8(ascii: "-") },
    ]
    /// The bytes with which a form begins.
    private static let beginnings: [Bool] = {
        var beginnings = [Bool](repeating: false, count: 256)
        for form in SecretScan.forms { beginnings[Int(form.prefix[0])] = true }
        return beginnings
    }()
    private static let keyBlock = Array("PRIVATE KEY-----".utf8)
    private static let dashes = Array("-----BEGIN ".utf8)

    /// What was found, with its line from 1; at most `limit`.
    static func findings(in bytes: [UInt8], limit: Int = 20) -> [(line: Int, what: String)] {
        var findings: [(line: Int, what: String)] = []
        var line = 1
        for text in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if findings.count >= limit { break }
            if let what = self.secret(in: text) { findings.append((line, what)) }
            line += 1
        }
        return findings
    }

    private static func secret(in line: ArraySlice<UInt8>) -> String? {
        if line.contains(self.dashes[0]), self.holds(line, self.dashes), self.holds(line, self.keyBlock) {
            return "a private key"
        }
        for place in line.indices where self.beginnings[Int(line[place])] {
            // A key stands by itself: what only continues a longer word is none.
            if place > line.startIndex, self.isWord(line[place - 1]) { continue }
            for form in self.forms where line[place...].starts(with: form.prefix) {
                let body = line[(place + form.prefix.count)...].prefix { form.allows($0) }
                guard body.count >= form.minimum, !self.isExample(body) else { continue }
                return form.name
            }
        }
        return nil
    }

    /// Says EXAMPLE or XXXX of itself, or is one character again and again.
    private static func isExample(_ body: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: body, as: UTF8.self).uppercased()
        return text.contains("EXAMPLE") || text.contains("XXXX") || text.contains("YOUR") || Set(body).count < 6
    }

    private static func holds(_ line: ArraySlice<UInt8>, _ wanted: [UInt8]) -> Bool {
        guard line.count >= wanted.count else { return false }
        return (line.startIndex...(line.endIndex - wanted.count)).contains { line[$0...].starts(with: wanted) }
    }

    private static func isUpper(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isWord(_ byte: UInt8) -> Bool {
        self.isUpper(byte) || self.isDigit(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "_")
    }
}
