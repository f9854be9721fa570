import Hummingbird
import Testing

@testable import LearnerAPI

@Suite struct RoutingTests {
    private static let table = RouteTable(
        [
            (.get, "user/preferences"), (.put, "user/preferences"), (.get, "user/{user_id}"), (.post, "personalize"),
            (.delete, "personalize/cache"), (.get, "personalize/{slug...}"), (.get, "lessons/{slug...}/content"),
            (.get, "lessons/{slug...}"),
        ].map { (method: HTTPRequest.Method, pattern: String) in Route(method, pattern) { _ in Response(status: .ok) } }
    )

    private func match(_ method: HTTPRequest.Method, _ path: String) -> (pattern: String, slug: String?)? {
        guard case .route(let route, let parameters) = Self.table.match(method, path: path) else { return nil }
        return (route.pattern.description, parameters["slug"].flatMap(PathText.decoding))
    }

    @Test(arguments: [
        ("/api/lessons/one", "/api/lessons/{slug...}", "one"),
        ("/api/lessons/one/content", "/api/lessons/{slug...}/content", "one"),
        ("/api/lessons/a/b/content", "/api/lessons/{slug...}/content", "a/b"),
        ("/api/lessons/a%2Fb/content", "/api/lessons/{slug...}/content", "a/b"),
        ("/api/lessons/a%2fb", "/api/lessons/{slug...}", "a/b"),
        ("/api/lessons/a%2Fcontent", "/api/lessons/{slug...}", "a/content"),
        ("/api/lessons/content", "/api/lessons/{slug...}", "content"),
        ("/api/lessons/content/content", "/api/lessons/{slug...}/content", "content"),
        ("/api/personalize/%63ache", "/api/personalize/{slug...}", "cache"),
        ("/api/lessons/%C3%A9", "/api/lessons/{slug...}", "é"),
    ])
    func slugsMayHoldSlashesBeforeASuffix(path: String, pattern: String, slug: String) throws {
        let found = try #require(self.match(.get, path))
        #expect(found.pattern == pattern)
        #expect(found.slug == slug)
    }

    @Test func headIsAnsweredWhereGetIs() {
        #expect(self.match(.head, "/api/lessons/one")?.slug == "one")
        #expect(self.match(.head, "/api/personalize") == nil)
    }

    @Test func anotherMethodIsToldWhatIsAllowed() {
        for (method, path, expected) in [
            (.delete, "/api/user/preferences", "GET, HEAD, OPTIONS, PUT"), (.get, "/api/personalize", "OPTIONS, POST"),
            (.get, "/api/personalize/cache", "DELETE, OPTIONS"),
            (.post, "/api/lessons/a/b/content", "GET, HEAD, OPTIONS"),
        ] as [(HTTPRequest.Method, String, String)] {
            guard case .otherMethods(let allow, _) = Self.table.match(method, path: path) else {
                Issue.record("\(path) is matched otherwise")
                continue
            }
            #expect(allow == expected)
        }
    }

    @Test(arguments: ["/api", "/api/", "/api/lessons", "/api/user/a/b", "/api//user/preferences", "/other"])
    func whatIsNoRouteIsNothing(path: String) {
        guard case .nothing = Self.table.match(.get, path: path) else {
            Issue.record("\(path) is a route")
            return
        }
    }

    @Test(arguments: ["%", "%4", "%zz", "%ff", "a%C3", "%C0%80"])
    func brokenEscapesAreNoText(path: String) {
        #expect(PathText.decoding(path) == nil)
    }

    @Test func whatIsEncodedIsDecodedToTheSame() {
        for text in ["a/b", "é ü", "100%", "a?b#c", "😀", "\u{0}"] {
            #expect(PathText.decoding(PathText.encoding(text)) == text)
        }
    }

    @Test(arguments: [
        "", "/", "a/", "/a", "a//b", "..", "../etc/passwd", "a/../b", "a/.", "a\u{0}b", "a\nb", "a\\b",
        String(repeating: "a", count: 10_240),
    ])
    func aNameThatNoLessonCanHaveIsNoSlug(text: String) {
        #expect(throws: LessonSlug.Fault.self) { try LessonSlug(text) }
    }

    @Test(arguments: ["a", "ch01-x", "a/b/c", "..a", "a..b", "é", "a b"])
    func anyOtherNameIsASlug(text: String) throws {
        #expect(try LessonSlug(text).text == text)
    }
}

@Suite struct HeaderTests {
    @Test(
        arguments: [
            (["wait=5"], 5, "wait=5"), (["wait=0"], 0, "wait=0"), (["wait=31"], 30, "wait=30"),
            (["wait=99999999999999999999999"], 30, "wait=30"),
            (["respond-async, wait=10"], 10, "respond-async, wait=10"),
            (["respond-async"], nil, "respond-async"), (["Wait = 7"], 7, "wait=7"), (["wait=2, wait=9"], 2, "wait=2"),
            (["wait=-1"], nil, nil), (["wait=x"], nil, nil), (["wait"], nil, nil), (["wait="], nil, nil),
            ([",;=,"], nil, nil),
            (["handling=lenient"], nil, nil), ([], nil, nil),
            (["respond-async", "wait=3;x=y"], 3, "respond-async, wait=3"),
        ] as [([String], Int?, String?)])
    func preferencesAreReadAndBounded(fields: [String], wait: Int?, applied: String?) {
        let preference = Preference(fields)
        #expect(preference.wait == wait.map { .seconds($0) })
        #expect(preference.applied == applied)
    }

    @Test(
        arguments: [
            (["text/markdown"], true), (["application/json, text/markdown"], true), (["*/*"], false), ([], false),
            (["text/markdown;q=0.5, application/json"], false), (["text/markdown;q=0"], false),
            (["TEXT/Markdown ; q=0.9", "application/json;q=0.8"], true),
        ] as [([String], Bool)])
    func markdownIsGivenToThoseWhoAskForIt(fields: [String], expected: Bool) {
        #expect(Accept.prefers("text/markdown", to: "application/json", fields) == expected)
    }

    @Test func entityTagsCompareWeakly() {
        #expect(EntityTags.match(["\"a\", W/\"b\""], tag: "\"b\""))
        #expect(EntityTags.match(["*"], tag: "\"b\""))
        #expect(!EntityTags.match(["\"a\""], tag: "\"b\""))
        #expect(!EntityTags.match([""], tag: "\"b\""))
    }

    @Test(arguments: ["", "a b", "a\"b", "ü", String(repeating: "a", count: 129)])
    func aRequestIDThatCouldGarbleALogIsReplaced(header: String) {
        #expect(RequestName(header) == nil)
        #expect(RequestName("abc-1.2:3_4/5=+") != nil)
    }

    @Test func whatOutlastsItsLimitIsCancelled() async throws {
        let error = try #require(
            await #expect(throws: Problem.self) {
                try await RequestDeadlines().run(atMost: .milliseconds(20)) { try await Task.sleep(for: .seconds(600)) }
            })
        #expect(error.type == .requestTimedOut)
        #expect(error.headers[.retryAfter] == "2")
    }

    @Test func whatEndsInTimeIsNotCancelledAndItsCallersEndIsPassedOn() async throws {
        struct Refusal: Error {}
        let deadlines = RequestDeadlines()
        #expect(try await deadlines.run(atMost: .seconds(600)) { Task.isCancelled } == false)
        await #expect(throws: Refusal.self) { try await deadlines.run(atMost: .seconds(600)) { throw Refusal() } }
        let caller = Task {
            try await deadlines.run(atMost: .seconds(600)) { try await Task.sleep(for: .seconds(600)) }
        }
        caller.cancel()
        await #expect(throws: CancellationError.self) { try await caller.value }
    }
}
