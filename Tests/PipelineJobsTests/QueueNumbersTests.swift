import JobQueue
import PipelineJobs
import Testing

@Suite struct QueueNumbersTests {
    private static let complete = """
        queues:
          sync: {slots: 2, prefetch: 0, max_running: 1}
          embed: {slots: 4, prefetch: 8}
          personalize: {slots: 16, prefetch: 0, max_running: null}
        kinds:
          sync_book: {max_running: 1, timeout: 15m, max_attempts: 8}
          embed_lesson: {timeout: 90s, max_attempts: 10}
          personalize_lesson: {timeout: 2500ms, max_attempts: 1}
        providers:
          acme-large: {requests_per_minute: 500, tokens_per_minute: 200000, concurrency: 8}
          open: {}
        budgets:
          all: {period: month, cap_usd: 1000}
          kind:personalize_lesson: {period: day, cap_usd: 25.5}
          provider:acme-large: {period: hour, cap_usd: 0.000001}
        retention: {done: 30d, event: 720h, dead: 90d, job: 1d}
        ageing: {standard: 60s, bulk: 10m}
        """

    private func numbers(_ yaml: String) throws(OperatorFileError) -> QueueNumbers {
        try QueueNumbers(
            yaml: yaml, file: "Jobs/queues.yaml",
            kinds: [SyncBook.self, EmbedLesson.self, PersonalizeLesson.self])
    }

    private func problems(_ yaml: String) throws -> [String] {
        let error = #expect(throws: OperatorFileError.self) { try self.numbers(yaml) }
        return try #require(error).description.split(separator: "\n").map(String.init)
    }

    @Test func everySectionIsRead() throws {
        let numbers = try self.numbers(Self.complete)
        #expect(
            numbers
                == QueueNumbers(
                    queues: [
                        "sync": .init(slots: 2, maxRunning: 1), "embed": .init(slots: 4, prefetch: 8),
                        "personalize": .init(slots: 16),
                    ],
                    kinds: [
                        "sync_book": .init(maxRunning: 1, timeout: .seconds(900), maxAttempts: 8),
                        "embed_lesson": .init(timeout: .seconds(90), maxAttempts: 10),
                        "personalize_lesson": .init(timeout: .milliseconds(2_500), maxAttempts: 1),
                    ],
                    providers: [
                        "acme-large": .init(requestsPerMinute: 500, tokensPerMinute: 200_000, concurrency: 8),
                        "open": .init(),
                    ],
                    budgets: [
                        "all": .init(period: .month, capMicros: 1_000_000_000),
                        "kind:personalize_lesson": .init(period: .day, capMicros: 25_500_000),
                        "provider:acme-large": .init(period: .hour, capMicros: 1),
                    ],
                    retention: .init(
                        done: .seconds(86_400 * 30), event: .seconds(86_400 * 30), dead: .seconds(86_400 * 90),
                        job: .seconds(86_400)),
                    ageing: [.standard: .seconds(60), .bulk: .seconds(600)]))
    }

    @Test(
        arguments: [
            (
                "  sync: {slots: 2, prefetch: 0, max_running: 1}",
                "  sync: {slots: 0, prefetch: -1, max_running: none}",
                [
                    "2: queues.sync.slots must be a whole number from 1 to 1024",
                    "2: queues.sync.prefetch must be a whole number from 0 to 10000",
                    "2: queues.sync.max_running must be a whole number from 1 to 1000000, or null for no limit",
                ]
            ),
            (
                "  embed: {slots: 4, prefetch: 8}", "  embedd: {slot: 4, prefetch: 8}",
                [
                    "2: queues.embed is missing; add it",
                    "3: queues.embedd is unknown; allowed are embed, personalize, sync",
                    "3: queues.embedd.slot is unknown; allowed are slots, prefetch, max_running",
                    "3: queues.embedd.slots is missing; add it",
                ]
            ),
            (
                "  sync_book: {max_running: 1, timeout: 15m, max_attempts: 8}",
                "  sync_book: {timeout: 15, max_attempts: x}",
                [
                    "6: kinds.sync_book.timeout must be a duration from 100ms to 1d",
                    "6: kinds.sync_book.max_attempts must be a whole number from 1 to 1000",
                ]
            ),
            (
                "  embed_lesson: {timeout: 90s, max_attempts: 10}",
                "  embed_lessons: {timeout: 25h, max_attempts: null}",
                [
                    "6: kinds.embed_lesson is missing; add it",
                    "7: kinds.embed_lessons is unknown; allowed are embed_lesson, personalize_lesson, sync_book",
                    "7: kinds.embed_lessons.timeout must be a duration from 100ms to 1d",
                    "7: kinds.embed_lessons.max_attempts must be a whole number from 1 to 1000",
                ]
            ),
            (
                "  open: {}", "  Open AI: {}\n  fast: {rpm: 5, concurrency: 0}",
                [
                    "11: providers.Open AI: a provider's name is 1 to 64 lower-case letters, digits, ., - and _",
                    "12: providers.fast.rpm is unknown; allowed are requests_per_minute, tokens_per_minute",
                    "12: providers.fast.concurrency must be a whole number from 1 to 1000000, or null for no limit",
                ]
            ),
            (
                "  all: {period: month, cap_usd: 1000}", "  user: {period: week, cap_usd: 1e3}",
                [
                    "13: budgets.user is unknown; allowed are all, queue:embed",
                    "13: budgets.user.period must be one of hour, day, month",
                    "13: budgets.user.cap_usd must be an amount from 0 to 1000000",
                ]
            ),
            (
                "retention: {done: 30d, event: 720h, dead: 90d, job: 1d}",
                "retention: {done: 36h, event: 0d, dead: 4000d}",
                [
                    "16: retention.job is missing; add it",
                    "16: retention.done must be whole days from 1d to 3650d",
                    "16: retention.event must be whole days from 1d to 3650d",
                    "16: retention.dead must be whole days from 1d to 3650d",
                ]
            ),
            (
                "ageing: {standard: 60s, bulk: 10m}", "ageing: {interactive: 1s, bulk: 1ms}\nageings: {}",
                [
                    "17: ageing.interactive is unknown; allowed are standard, bulk",
                    "17: ageing.bulk must be a duration from 1s to 30d",
                    "18: ageings is unknown; allowed are queues, kinds, providers, budgets, retention, ageing, autoscale",
                ]
            ),
        ])
    func whatIsWrongIsReportedTogetherWithItsLine(line: String, wrong: String, expected: [String])
        throws
    {
        try #require(Self.complete.contains(line))
        let report = try self.problems(Self.complete.replacing(line, with: wrong))
        #expect(report.count == expected.count, "\(report.joined(separator: "\n"))")
        for start in expected {
            #expect(
                report.contains { $0.hasPrefix("Jobs/queues.yaml:\(start)") },
                "\(report.joined(separator: "\n"))")
        }
    }

    @Test func noSectionMayBeLeftOut() throws {
        #expect(
            try self.problems("queues: null").map { String($0.drop { $0 != " " }) } == [
                " kinds is missing; add it", " providers is missing; add it", " budgets is missing; add it",
                " retention is missing; add it", " ageing is missing; add it",
                " queues.embed is missing; add it",
                " queues.personalize is missing; add it", " queues.sync is missing; add it",
            ])
    }
}
