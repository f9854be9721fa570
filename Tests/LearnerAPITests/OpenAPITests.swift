import CurlHTTP
import FoundationEssentials
import HTTPTypes
import JobQueuePostgres
import Learners
import Logging
import OperatorConsole
import Operators
import Postgres
import ProcessBootstrap
import Testing
import TextbookSync

@testable import LearnerAPI

/// The API's description, held against what the routers, the kinds of problems and the answers are.
@Suite struct OpenAPITests {
    private let document: ProfileValue

    init() throws {
        self.document = try StrictJSONReader.read(try OpenAPIDocument.bundled().json)
    }

    private static let methods: Set = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]

    /// `GET /api/user/{user_id}` with its description, for everything that is described.
    private var described: [String: ProfileValue] {
        var operations: [String: ProfileValue] = [:]
        for (path, item) in self.document["paths"].members {
            for (method, operation) in item.members where Self.methods.contains(method) {
                operations["\(method.uppercased()) \(path)"] = operation
            }
        }
        return operations
    }

    /// Everything that is routed.
    private func routed() async throws -> [String] {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let database = PostgresClient(
            configuration: PostgresConfiguration(url: "postgresql://lectern@127.0.0.1:1/none"), logger: logger)
        let queue = PostgresJobQueue(database: database, logger: logger)
        let fixture = APIFixture(database: database, bucket: Bucket(), vectors: Vectors())
        let api = try LearnerAPI(try fixture.dependencies(logger))
        let operators = OperatorAPI(
            access: OperatorAccess(
                token: nil, listeningOn: "127.0.0.1", keys: OperatorKeys(database: database),
                sessions: OperatorSessions(database: database)),
            audit: AuditTrail(database: database),
            parts: OperatorAPI.Parts(
                resyncs: ResyncService(database: database, queue: queue), uploads: BookUploads(database: database),
                releases: ReleaseDirectory(database: database, queue: queue, bookSlug: nil),
                scales: QueueScales(database: database), overview: QueueOverviewStore(database: database),
                jobs: JobList(database: database), inspector: JobInspector(database: database),
                workers: WorkerControl(database: database), budgets: JobBudgets(database: database, queue: queue),
                actions: OperatorActions(database: database, queue: queue)))
        await database.close()
        return api.table.operations + operators.operations + ProcessHealth.paths.map { "GET \($0)" }
    }

    @Test func whatIsRoutedIsDescribedAndNothingElse() async throws {
        let routed = try await self.routed()
        #expect(Set(routed).count == routed.count)
        #expect(Set(routed).subtracting(self.described.keys).sorted() == [])
        #expect(Set(self.described.keys).subtracting(routed).sorted() == [])
        #expect(routed.count > 40)
    }

    @Test func everyOperationHasANameOfItsOwnAndAHeading() {
        let names = self.described.values.compactMap { $0["operationId"].text }
        #expect(Set(names).count == self.described.count)
        for (name, operation) in self.described {
            #expect(operation["summary"].text?.isEmpty == false, "\(name)")
            #expect(operation["responses"].members.isEmpty == false, "\(name)")
        }
    }

    /// The parameters in braces and those described as standing in the path are the same.
    @Test func everyParameterOfAPathIsDescribed() {
        for (path, item) in self.document["paths"].members {
            let inBraces = Set(path.matches(of: /\{(\w+)\}/).map { String($0.output.1) })
            for (method, operation) in item.members where Self.methods.contains(method) {
                let described = (item["parameters"].elements + operation["parameters"].elements).map(self.resolved)
                let inPath = Set(described.filter { $0["in"].text == "path" }.compactMap { $0["name"].text })
                #expect(inPath == inBraces, "\(method) \(path)")
            }
        }
    }

    @Test func everyKindOfProblemStandsUnderItsOwnStatus() {
        var words: Set<String> = []
        for (name, operation) in self.described {
            for (status, response) in operation["responses"].members {
                words.formUnion(self.words(of: response, under: status, in: name))
            }
        }
        words.formUnion(self.words(of: self.document["x-undescribed-methods"]["405"], under: "405", in: "any other"))
        #expect(words == Set(ProblemType.allCases.map(\.rawValue)))
        #expect(Set(self.document["components"]["schemas"]["ProblemWord"]["enum"].texts) == words)
    }

    private func words(of response: ProfileValue, under status: String, in name: String) -> [String] {
        let content = self.resolved(response)["content"]
        let schema = content["application/problem+json"]["schema"]
        let words = schema["properties"]["error"]["enum"].texts
        for word in words where word != ProblemType.refused.rawValue {
            #expect(ProblemType(rawValue: word).map { "\($0.status.code)" } == status, "\(word) in \(name)")
        }
        // What watches a process reads plain text.
        if let code = Int(status), code >= 400, content["text/plain"] == .null {
            #expect(schema["properties"]["status"]["const"].number == Double(code), "\(status) of \(name)")
            #expect(!words.isEmpty, "\(status) of \(name) says no word")
        }
        return words
    }

    @Test func whatIsReferredToIsThereAndWhatIsThereIsReferredTo() {
        var wanted: Set<String> = []
        Self.walk(self.document) { wanted.formUnion($0["$ref"].text.map { [$0] } ?? []) }
        var present: Set<String> = []
        for (kind, parts) in self.document["components"].members where kind != "securitySchemes" {
            present.formUnion(parts.members.keys.map { "#/components/\(kind)/\($0)" })
        }
        #expect(wanted.subtracting(present).sorted() == [])
        #expect(present.subtracting(wanted).sorted() == [])
    }

    private static func walk(_ value: ProfileValue, _ visit: (ProfileValue) -> Void) {
        visit(value)
        for member in value.members.values { self.walk(member, visit) }
        for element in value.elements { self.walk(element, visit) }
    }

    private func resolved(_ value: ProfileValue) -> ProfileValue {
        guard let reference = value["$ref"].text else { return value }
        return reference.split(separator: "/").dropFirst().reduce(self.document) { $0[String($1)] }
    }

    @Test func theExamplesHaveTheShapeOfAnswers() async throws {
        let document = self.document
        try await APIFixture.run { fixture, server in
            let id = try await fixture.learner(server)
            let slug = APIFixture.slug
            for (method, path, schema) in [
                ("GET", "/api/user/\(id)", "User"), ("GET", "/api/user/preferences", "Preferences"),
                ("POST", "/api/progress/lessons/\(slug)/start", "LessonProgress"),
                ("GET", "/api/progress", "ProgressSummary"),
                ("GET", "/api/problems/not_found", "ProblemKind"), ("GET", "/api/operations/none", "Problem"),
                ("DELETE", "/api/personalize/cache", "DeletedCount"),
            ] {
                let answer = try await server.send(method, path, user: id)
                let example = document["components"]["schemas"][schema]["examples"].elements.first ?? .null
                #expect(try StrictJSONReader.read(answer.body).shape == example.shape, "\(method) \(path)")
            }
        }
    }

    @Test func itIsServedInBothFormsToWhomeverHasAnOlderOne() async throws {
        let document = try OpenAPIDocument.bundled()
        try await APIFixture.run { _, server in
            for (path, type, body) in [
                ("/openapi.json", "application/json; charset=utf-8", document.json),
                ("/openapi.yaml", "application/yaml; charset=utf-8", Array(document.yaml.utf8)),
            ] {
                let answer = try await server.send("GET", path)
                #expect((answer.status, answer.headers.first("Content-Type")) == (200, type))
                #expect(answer.body == body)
                let tag = try #require(answer.headers.first("ETag"))
                let again = try await server.send("GET", path, headers: [("If-None-Match", tag)])
                #expect((again.status, again.body.count, again.headers.first("ETag")) == (304, 0, tag))
                let head = try await server.send("HEAD", path)
                #expect((head.status, head.body.count) == (200, 0))
                let other = try await server.send("POST", path)
                #expect((other.status, other.headers.first("Allow")) == (405, "GET, HEAD, OPTIONS"))
            }
        }
    }

    @Test func theGuideAndTheContactAreServed() async throws {
        let now = Date(timeIntervalSince1970: 1_767_225_600)
        try await APIFixture.run(
            adjust: { dependencies, _ in
                dependencies.configuration.securityContact = SecurityContact("mailto:security@example.org", at: now)
            }
        ) { _, server in
            let guide = try await server.send("GET", "/llms.txt")
            #expect((guide.status, guide.headers.first("Content-Type")) == (200, "text/plain; charset=utf-8"))
            #expect(guide.text.contains("/openapi.json"))
            let contact = try await server.send("GET", "/.well-known/security.txt")
            #expect(
                contact.text == """
                    Contact: mailto:security@example.org
                    Expires: 2026-06-30T00:00:00Z
                    Preferred-Languages: en, ur

                    """)
        }
        try await APIFixture.run { _, server in
            let contact = try await server.send("GET", "/.well-known/security.txt")
            #expect(contact.status == 404)
        }
    }

    @Test func onlyWhatJSONCanSayIsADescription() {
        for yaml in ["", "- 1", "a: [", "a: 1\na: 2", "? [a]\n: 1", "a: *b"] {
            #expect(throws: OpenAPIError.self) { try OpenAPIDocument(yaml: yaml) }
        }
    }

    @Test func plainScalarsAreTheLiteralsThatJSONHas() throws {
        let yaml = "{a: 1, b: -2.5, c: true, d: null, e: '1', f: yes, g: 1e5, h: 2026-01-01, i: 1.2.3}"
        let json = String(decoding: try OpenAPIDocument(yaml: yaml).json, as: UTF8.self)
        #expect(
            json == #"""
                {"a":1,"b":-2.5,"c":true,"d":null,"e":"1","f":"yes","g":"1e5","h":"2026-01-01","i":"1.2.3"}
                """#)
    }
}

extension ProfileValue {
    fileprivate var members: [String: ProfileValue] {
        guard case .object(let members) = self else { return [:] }
        return members
    }

    fileprivate var elements: [ProfileValue] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    fileprivate var texts: [String] { self.elements.compactMap(\.text) }

    fileprivate var number: Double? {
        guard case .number(let number) = self else { return nil }
        return number
    }

    /// A member; null where there is none.
    fileprivate subscript(_ name: String) -> ProfileValue { self.members[name] ?? .null }

    /// The names and the kinds of the members all the way down, of the first element where there are several.
    fileprivate var shape: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .number: "number"
        case .string: "string"
        case .array(let elements): "[\(elements.first?.shape ?? "")]"
        case .object(let members): "{\(members.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value.shape)" })}"
        }
    }
}
