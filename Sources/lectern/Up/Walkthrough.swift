import CurlHTTP
import Foundation
import JobQueue
import JobQueuePostgres
import Logging
import PipelineJobs
import Postgres
import TextbookSync

/// The main job once, as a client would have it done: publish the book, search it, ask for a lesson and come back.
struct Walkthrough {
    /// What `lectern up --once` prints. `ok` says whether every step held.
    struct Summary: Encodable {
        struct Search: Encodable {
            var query: String
            var top: String?
        }

        struct Answer: Encodable {
            var status: Int
            var cached: Bool?
            var shared: Bool?
            var ms: Int?
        }

        struct Personalization: Encodable {
            var lesson: String
            var first: Answer
            var second: Answer
            var generator: String?
        }

        var ok = false
        var book: String?
        var lessons = 0
        var objects = 0
        var chunks = 0
        var search = Search(query: "", top: nil)
        var personalize = Personalization(
            lesson: "", first: Answer(status: 0), second: Answer(status: 0), generator: nil)
        var addresses: [String: String] = [:]
        var seconds = 0.0
        /// What did not hold, in words. Empty when `ok`.
        var problems: [String] = []
    }

    let api: String
    let database: PostgresClient
    let book: URL
    let query: String?
    private let http = HTTPClient()

    init(api: String, database: PostgresClient, book: URL, query: String?) {
        self.api = api
        self.database = database
        self.book = book
        self.query = query
    }

    func run() async throws -> Summary {
        var summary = Summary()
        try await self.publish()
        summary.book = try await self.bookSlug()
        let lessons = try await self.lessons(of: summary.book)
        guard let sample = lessons.first else {
            throw CommandFailure(.permanent, "the published book has no lessons")
        }
        let counts = try await self.database.queryOne(
            """
            SELECT (SELECT count(*) FROM lectern.release_lesson l JOIN lectern.book b ON b.active_release = l.release_id
                    WHERE b.slug = \(summary.book)) AS lessons,
                   (SELECT count(DISTINCT l.object_key) + count(DISTINCT l.bucket_path) FROM lectern.release_lesson l
                    JOIN lectern.book b ON b.active_release = l.release_id WHERE b.slug = \(summary.book)) AS objects,
                   (SELECT sum(i.chunks)::int8 FROM lectern.book b
                    JOIN lectern.release r ON r.id = b.active_release
                    JOIN lectern.release_lesson l ON l.release_id = r.id
                    JOIN lectern.lesson_index i ON i.lesson_id = l.lesson_id AND i.content_hash = l.content_hash
                                               AND i.collection = r.collection AND i.recipe = r.recipe
                    WHERE b.slug = \(summary.book)) AS chunks
            """)
        summary.lessons = try counts?.decode("lessons") ?? 0
        summary.objects = try counts?.decode("objects") ?? 0
        summary.chunks = try counts?.decode("chunks", as: Int?.self) ?? 0

        summary.search.query = self.query ?? sample.title
        summary.search.top = try await self.search(summary.search.query)
        if summary.search.top == nil { summary.problems.append("the search found nothing") }

        summary.personalize.lesson = sample.slug
        try await self.personalize(sample.slug, into: &summary)
        if summary.chunks == 0 { summary.problems.append("no chunks were embedded") }
        summary.ok = summary.problems.isEmpty
        return summary
    }

    /// Syncs the book and waits until readers see it.
    private func publish() async throws {
        let resyncs = LocalResyncs(database: self.database, logger: Logger(label: "lectern"))
        var status = try await resyncs.start(SyncBook(path: self.book.path)).status
        let deadline = ContinuousClock().now + .seconds(600)
        while !status.done {
            guard ContinuousClock().now < deadline else {
                throw CommandFailure(.timedOut, "the book is not published after 600 s, it is \(status.state.rawValue)")
            }
            try await Task.sleep(for: resyncs.pause)
            status = try await resyncs.status(of: status.id)
        }
        if let failure = status.failure { throw failure }
    }

    private func bookSlug() async throws -> String? {
        struct Book: Decodable { var slug: String? }
        return try await self.get("/api/content/book", as: Book.self).slug
    }

    /// Lessons in reading order.
    private func lessons(of book: String?) async throws -> [(slug: String, title: String)] {
        let rows = try await self.database.query(
            """
            SELECT l.slug, l.title FROM lectern.release_lesson l
            JOIN lectern.book b ON b.active_release = l.release_id
            WHERE b.slug = \(book)
            ORDER BY l.type <> 'lesson', l.chapter_number, l.number, l.slug LIMIT 1000
            """)
        return try rows.map { (try $0.decode("slug"), try $0.decode("title")) }
    }

    private func search(_ query: String) async throws -> String? {
        struct Question: Encodable { var query: String }
        struct Results: Decodable {
            struct Result: Decodable { var lessonSlug: String }
            var results: [Result]
        }
        let answer = try await self.send("POST", "/api/search", body: Question(query: query))
        try Self.require(answer, 200, "POST /api/search")
        return try Self.decode(Results.self, from: answer).results.first?.lessonSlug
    }

    private struct Text: Decodable {
        var cached: Bool
        var shared: Bool?
        var generator: String?
        var personalizedContent: String?
        var status: String?
    }

    private struct Request: Encodable {
        var lessonSlug: String
    }

    /// The answers of a sample learner; they differ in what lessons are written anew for.
    private struct Answers: Encodable {
        var userId: String
        var educationLevel = "undergraduate"
        var programmingExperience: String
        var roboticsBackground: Bool
        var aiMlExperience: String
        var learningGoals = ["building_projects"]
        var preferredLanguage = "en"

        static let all: [Answers] = ["beginner", "intermediate", "advanced"].flatMap { programming in
            [false, true].flatMap { robotics in
                ["none", "advanced"].map {
                    Answers(
                        userId: UUID().uuidString.lowercased(), programmingExperience: programming,
                        roboticsBackground: robotics, aiMlExperience: $0)
                }
            }
        }
    }

    /// A new learner answers six questions, asks for the lesson, and asks again when it is there.
    private func personalize(_ slug: String, into summary: inout Summary) async throws {
        // In an installation that was used before, the text may be there already; then somebody else is sought for
        // whom it is not.
        for answers in Answers.all {
            let first = try await self.ask(for: slug, answers)
            let text = try? Self.decode(Text.self, from: first)
            summary.personalize.first = .init(status: first.status, cached: text?.cached, shared: text?.shared)
            if first.status == 200, text?.cached == true, text?.shared == true { continue }
            if first.status != 202 || text?.cached != false {
                summary.problems.append(
                    "the first request was not answered 202 with cached false: \(first.bodyText ?? "")")
            }
            return try await self.awaitText(slug, learner: answers.userId, into: &summary)
        }
        // Everybody's text is there: any of them shows the cache.
        guard let last = Answers.all.last else { return }
        try await self.awaitText(slug, learner: last.userId, into: &summary)
    }

    private func ask(for slug: String, _ answers: Answers) async throws -> HTTPClientResponse {
        struct User: Codable { var userId: String }
        try Self.require(
            try await self.send("POST", "/api/user/create", body: User(userId: answers.userId)), 201,
            "POST /api/user/create")
        try Self.require(
            try await self.send("POST", "/api/onboarding", body: answers), 200, "POST /api/onboarding")
        return try await self.send(
            "POST", "/api/personalize", body: Request(lessonSlug: slug), learner: answers.userId)
    }

    private func awaitText(_ slug: String, learner: String, into summary: inout Summary) async throws {
        let path = "/api/personalize/" + (slug.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? slug)
        let deadline = ContinuousClock().now + .seconds(60)
        while true {
            let poll = try await self.send("GET", path, body: Never?.none, learner: learner)
            if poll.status == 200 { break }
            guard poll.status == 202, ContinuousClock().now < deadline else {
                summary.problems.append("the text did not come: \(poll.status) \(poll.bodyText ?? "")")
                return
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        let start = ContinuousClock().now
        let second = try await self.send("POST", "/api/personalize", body: Request(lessonSlug: slug), learner: learner)
        let took = start.duration(to: ContinuousClock().now)
        let text = try? Self.decode(Text.self, from: second)
        summary.personalize.second = .init(
            status: second.status, cached: text?.cached, shared: text?.shared, ms: Int(took / .milliseconds(1)))
        summary.personalize.generator = text?.generator
        if second.status != 200 || text?.cached != true {
            summary.problems.append("the second request was not answered 200 with cached true")
        }
    }

    private func get<Value: Decodable>(_ path: String, as: Value.Type) async throws -> Value {
        let answer = try await self.send("GET", path, body: Never?.none)
        try Self.require(answer, 200, "GET \(path)")
        return try Self.decode(Value.self, from: answer)
    }

    private func send(
        _ method: String, _ path: String, body: (some Encodable)?, learner: String? = nil
    ) async throws -> HTTPClientResponse {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        var request = HTTPClientRequest(url: self.api + path, timeout: .seconds(40))
        request.method = method
        request.headers = [("Accept", "application/json")]
        if let learner { request.headers.append(("X-User-ID", learner)) }
        if let body {
            request.headers.append(("Content-Type", "application/json"))
            request.body = Array(try encoder.encode(body))
        }
        return try await self.http.execute(request)
    }

    private static func decode<Value: Decodable>(_: Value.Type, from answer: HTTPClientResponse) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Value.self, from: Data(answer.body))
    }

    private static func require(_ answer: HTTPClientResponse, _ status: Int, _ what: String) throws {
        guard answer.status == status else {
            throw CommandFailure(.other, "\(what) answered \(answer.status): \(answer.bodyText ?? "")")
        }
    }
}
