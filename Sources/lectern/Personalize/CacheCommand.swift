import ArgumentParser
import JobQueuePostgres
import Operators
import Personalization
import ProcessBootstrap
import TextbookSync

struct CacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "What is kept of personalized lessons.",
        discussion: """
            EXAMPLES
              lectern cache stats                          what is kept, what it cost, what sharing saved
              lectern cache prewarm --plan                 what writing ahead would take
              lectern cache prewarm --max-tokens 200000    write ahead, newest-active learners first
              lectern cache purge --lesson ch01-lab --yes  have a lesson written anew for everybody
            """,
        subcommands: [CacheStatsCommand.self, CachePurgeCommand.self, CachePrewarmCommand.self])
}

struct CacheStatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Count rows, sections, tokens and what sharing saved.")

    @OptionGroup var options: ProcessOptions
    @Option(help: "How to print the result.") var output = OutputFormat.text

    func run() async throws {
        let statistics = try await BackendSession.run(self.options) { backends, _ in
            try await CacheKeeper(database: backends.database).statistics()
        }
        switch self.output {
        case .json: try Terminal.put(line: statistics)
        case .text:
            let saved = statistics.sectionsServed - statistics.sections
            Terminal.put(
                """
                lessons   \(statistics.ready) ready, \(statistics.pending) pending, \(statistics.failed) failed; \
                \(statistics.shared) needed no writing
                sections  \(statistics.sections) kept (\(statistics.bytes) bytes), \(statistics.sectionsServed) served; \
                sharing saved \(max(0, saved))
                tokens    \(statistics.promptTokens) asked, \(statistics.completionTokens) answered; \
                \(Self.dollars(statistics.costMicros))
                thumbs    \(statistics.thumbsUp) up, \(statistics.thumbsDown) down
                """)
            for (generator, sections) in statistics.generators.sorted(by: { $0.key < $1.key }) {
                Terminal.put("          \(sections) sections by \(generator)")
            }
        }
    }

    static func dollars(_ micros: Int) -> String {
        let fraction = String(micros % 1_000_000)
        return "\(micros / 1_000_000).\(String(repeating: "0", count: 6 - fraction.count))\(fraction) USD"
    }
}

struct CachePurgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge", abstract: "Take texts away, so that they are written anew when they are asked for.",
        discussion: """
            Without --yes it only says what would go. Whoever waits for a text just now still gets it.

            EXAMPLES
              lectern cache purge --lesson ch01-lab
              lectern cache purge --all --yes
            """)

    @OptionGroup var options: ProcessOptions
    @Option(help: "The lesson whose texts go.") var lesson: String?
    @Flag(help: "The texts of all lessons go.") var all = false
    @Flag(help: "Do it.") var yes = false
    @Option(help: "How to print the result.") var output = OutputFormat.text

    func validate() throws {
        guard self.all == (self.lesson == nil) else { throw ValidationError("give either --lesson or --all") }
    }

    func run() async throws {
        let (lesson, isDry) = (self.lesson, !self.yes)
        let purge = try await BackendSession.run(self.options) { backends, _ in
            let keeper = CacheKeeper(database: backends.database)
            guard !isDry else { return try await keeper.purge(lesson: lesson, isDry: true) }
            let act = OperatorAct("cache.purge", on: lesson.map { "lesson \($0)" } ?? "all lessons")
            return try await AuditTrail(database: backends.database).recording(act, by: .commandLine) {
                try await keeper.purge(lesson: lesson, isDry: false)
            }
        }
        switch self.output {
        case .json: try Terminal.put(line: purge)
        case .text: Terminal.put("\(purge.rows) lessons of learners, \(purge.sections) sections")
        }
        if isDry { Terminal.say("nothing was taken away; repeat it with --yes") }
    }
}

struct CachePrewarmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prewarm", abstract: "Have lessons written for the slices in use before anybody asks.",
        discussion: """
            EXAMPLES
              lectern cache prewarm --plan
              lectern cache prewarm --max-tokens 200000
            """)

    @OptionGroup var options: ProcessOptions
    @Flag(help: "Only say what there is to do and what it would take.") var plan = false
    @Option(help: "Tokens that may be spent; without it there is no limit.") var maxTokens: Int?
    @Option(help: "How to print the result.") var output = OutputFormat.text

    func validate() throws {
        guard self.maxTokens ?? 0 >= 0 else { throw ValidationError("--max-tokens is 0 or more") }
    }

    func run() async throws {
        let (budget, isPlan) = (self.maxTokens, self.plan)
        let (forecast, jobs) = try await BackendSession.run(self.options) { backends, settings in
            let writing = try WritingParts(backends, bodies: LessonBodies(store: backends.objects))
            let prewarmer = Prewarmer(
                database: backends.database, queue: backends.jobs, parts: writing.parts, bookSlug: settings.book)
            let forecast = try await prewarmer.forecast(.everything, budget: budget)
            return (forecast, isPlan ? 0 : try await prewarmer.enqueue(forecast, actor: "cli"))
        }
        switch self.output {
        case .json: try Terminal.put(line: forecast)
        case .text:
            Terminal.put(
                """
                \(forecast.lessons) lessons, \(forecast.slices) slices in use: \(forecast.sections) sections are \
                missing, about \(forecast.tokens) tokens
                """)
            for step in forecast.affordable.prefix(20) {
                Terminal.put("\(step.lessonSlug)\t\(step.slice)\t\(step.sections) sections\t\(step.tokens) tokens")
            }
            if forecast.affordable.count > 20 { Terminal.put("… and \(forecast.affordable.count - 20) more") }
        }
        if forecast.affordable.count < forecast.steps.count {
            Terminal.say("the budget has room for \(forecast.affordable.count) of \(forecast.steps.count) steps")
        }
        if !isPlan { Terminal.say("\(jobs) jobs wait in the bulk lane") }
    }
}
