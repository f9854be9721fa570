import Testing

@testable import Textbook

@Suite struct SecretScanTests {
    /// Put together here, so that no scanner takes this file for a leak.
    private static let secrets = [
        "AKIA" + "2E7QJ4MZP9TXW3LB", "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8", "glpat-" + "a1B2c3D4e5F6g7H8i9J0",
        "sk-" + "proj-a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5", "AIza" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R",
        "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
    ]

    @Test(arguments: Self.secrets)
    func whatLooksLikeACredentialIsFoundInItsLine(secret: String) {
        let found = SecretScan.findings(in: Array("One\n\n    key = \"\(secret)\"\n".utf8))
        #expect(found.map(\.line) == [3])
    }

    @Test(arguments: [
        "AKIAIOSFODNN7EXAMPLE", "ghp_" + String(repeating: "x", count: 36),
        "task-" + String(repeating: "ab1c", count: 10),
        "sk-" + "your-key-goes-here-and-is-long-enough", "-----BEGIN PUBLIC KEY-----", "AKIA", "",
    ])
    func examplesAndWordsAreLeftAlone(text: String) {
        #expect(SecretScan.findings(in: Array(text.utf8)).isEmpty)
    }

    @Test func aBookWithACredentialIsNotPublishedAndTheReportDoesNotRepeatIt() throws {
        let secret = Self.secrets[0]
        let file = "parts/01-A/chapters/01-b/lessons/01-c.md"
        let reading = BookReader(files: [file: Array("# T\n\nUse `\(secret)`.\n".utf8)]).read()
        let finding = try #require(reading.findings.first { $0.code == .secret })
        #expect(!reading.isPublishable)
        #expect((finding.file, finding.line) == (file, 3))
        #expect(!finding.description.contains(secret))
    }
}
