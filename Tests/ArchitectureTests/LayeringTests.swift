import Foundation
import Testing

/// Reads the `import` lines of every target and holds the arrows of the architecture: they point down only.
@Suite struct LayeringTests {
    /// From the top down. A target may import targets of lower layers only, and of its own layer where listed below.
    private static let layers: [[String]] = [
        [
            "lectern-api", "lectern-sync-worker", "lectern-embed-worker", "lectern-personalize-worker",
            "lectern-storage", "lectern-vectordal", "lectern",
        ],
        ["ProcessBootstrap"],
        ["LearnerAPI", "LearnerWeb", "OperatorConsole", "StorageServer", "VectorServer"],
        ["MCPServing"],
        ["Personalization", "LearningPaths", "Operators"],
        ["Learners", "SemanticIndex"],
        ["TextbookSync"],
        ["Textbook"],
        ["PipelineJobs"],
        ["JobQueuePostgres", "Schema"],
        ["JobQueue"],
        ["MCP", "LanguageModels", "Webhooks", "IdentityTokens"],
        ["Postgres", "CurlHTTP", "ServerSentEvents", "ContentHashing", "MarkdownHTML"],
        ["TraceContext", "IPAddresses"],
        ["CPostgres", "CCurl", "CXXHash", "CMarkGFM"],
    ]
    private static let surfaces: Set = ["LearnerAPI", "LearnerWeb", "OperatorConsole"]
    private static let mayServeHTTP: Set = [
        "LearnerAPI", "LearnerWeb", "OperatorConsole", "StorageServer", "VectorServer", "MCPServing",
        "ProcessBootstrap",
        "lectern-api",
    ]
    private static let mayHoldSQL: Set = [
        "Postgres", "Schema", "JobQueuePostgres", "TextbookSync", "SemanticIndex", "Learners", "Personalization",
        "LearningPaths", "Operators",
        // The walkthrough and the embedded cluster ask the database about itself.
        "lectern",
    ]

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func folder(of target: String) -> URL {
        target == "PipelineJobs"
            ? self.root.appendingPathComponent("Jobs") : self.root.appendingPathComponent("Sources/\(target)")
    }

    private static func files(of target: String) throws -> [(path: String, text: String)] {
        let folder = self.folder(of: target)
        guard let walker = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else {
            return []
        }
        return try walker.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.map {
            ($0.path, try String(contentsOf: $0, encoding: .utf8))
        }
    }

    private static func imports(of target: String) throws -> [(path: String, module: String)] {
        let line =
            /(?m)^\s*(?:@[\w()]+\s+)*(?:public |package |internal |private |fileprivate )?import (?:struct |class |enum |func )?(\w+)/
        return try self.files(of: target).flatMap { file in
            file.text.matches(of: line).map { (file.path, String($0.output.1)) }
        }
    }

    @Test func everyTargetHasItsLayer() throws {
        let known = Set(Self.layers.joined())
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appendingPathComponent("Sources").path)
        #expect(Set(folders).subtracting(known).isEmpty)
        #expect(known.subtracting(folders) == ["PipelineJobs"])
    }

    @Test(arguments: LayeringTests.layers.joined().sorted())
    func importsPointDownOnly(target: String) throws {
        let layer = try #require(Self.layers.firstIndex { $0.contains(target) })
        let forbidden = Set(Self.layers.prefix(layer + 1).joined())
        for (path, module) in try Self.imports(of: target) {
            #expect(!forbidden.contains(module), "\(path) imports \(module)")
            if Self.surfaces.contains(target) {
                #expect(
                    !["Postgres", "CurlHTTP", "MCP", "LanguageModels", "CPostgres", "CCurl"].contains(module)
                        || (module == "Postgres" && target == "LearnerAPI"),
                    "\(path) imports the client \(module)")
            }
            if module.hasPrefix("Hummingbird") {
                #expect(Self.mayServeHTTP.contains(target), "\(path) imports \(module)")
            }
        }
    }

    @Test(arguments: LayeringTests.layers.joined().sorted())
    func onlyStoresHoldSQL(target: String) throws {
        guard !Self.mayHoldSQL.contains(target) else { return }
        let statement = #/(?m)^\s*"*\s*(SELECT .* FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM) /#
        for file in try Self.files(of: target) {
            #expect(file.text.firstMatch(of: statement) == nil, "\(file.path) holds SQL")
        }
    }

    @Test func theTopLevelHoldsNothingElse() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.root.path).filter { !$0.hasPrefix(".") }
        let allowed: Set = [
            "Package.swift", "README.md", "Sources", "Tests", "Jobs", "Deploy", "docs", "Package.resolved",
        ]
        #expect(Set(names).subtracting(allowed).isEmpty)
    }

    @Test func everyKindOfJobStandsInTheTable() throws {
        let table = try String(contentsOf: Self.root.appendingPathComponent("Jobs/README.md"), encoding: .utf8)
        for file in try Self.files(of: "PipelineJobs") {
            for match in file.text.matches(of: /kind: "(\w+)", queue: "(\w+)"/) {
                #expect(table.contains("`\(match.output.1)`"), "\(match.output.1) is missing in Jobs/README.md")
            }
        }
    }
}
