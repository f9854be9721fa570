import ArgumentParser
import Personalization
import ProcessBootstrap

struct PersonalizeEvalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "Write lessons for slices and measure what comes out.",
        discussion: """
            Needs no database. Every lesson that was put together is checked against its source once more; exits with
            7 when one breaks a promise.

            The table has a line for each slice: sections, those a model wrote, those the rules stood in for, checks
            that were let pass, the reading grade before and after, the length in proportion, terms in 100 words, the
            share of Urdu letters, tokens and seconds.
            """)

    @OptionGroup var options: ProcessOptions
    @Option(help: "The folder of the book.") var book: String
    @Option(help: "Lessons at the most; all without it.") var lessons: Int?
    @Option(help: "Slices at the most, spread over all 24; all without it.") var slices: Int?
    @Option(help: "An operators' file of providers; those of the environment without it.") var providers: String?
    @Option(help: "How to print the result.") var output = OutputFormat.text

    func validate() throws {
        guard self.lessons ?? 1 > 0, self.slices ?? 1 > 0 else {
            throw ValidationError("--lessons and --slices are above 0")
        }
    }

    func run() async throws {
        let trial = try await LessonTrial(self.options, folder: self.book, providers: self.providers)
        var report = EvaluationReport()
        let all = ProfileSlice.allCases
        let count = min(self.slices ?? all.count, all.count)
        for index in 0..<count {
            let slice = all[index * all.count / count]
            var row = EvaluationReport.Row(slice: slice.text)
            for (slug, lesson) in trial.lessons.prefix(self.lessons ?? .max) {
                let plan = trial.plan(lesson)
                let start = ContinuousClock.now
                let written = try await trial.write(plan, for: slice)
                row.seconds += start.duration(to: .now) / .seconds(1)
                row.add(plan, written, glossary: trial.writing.parts.embedded.glossary)
                report.add(slug, lesson, written, slice)
            }
            report.rows.append(row)
            if self.output == .text { Terminal.put(row.line) }
        }
        if self.output == .json { try Terminal.put(json: report) }
        guard report.broken.isEmpty else {
            for line in report.broken { Terminal.say(line) }
            throw CommandFailure(.permanent, "\(report.broken.count) promises were broken")
        }
    }
}

/// What writing lessons for slices came to.
struct EvaluationReport: Encodable {
    struct Section: Encodable {
        var lesson: String
        var slice: String
        var ordinal: Int
        var generator: String
        var isFallback: Bool
        var fallbackReason: String?
        var attempts: Int
        var softFailures: [String]
    }

    /// One slice over all lessons.
    struct Row: Encodable {
        var slice: String
        var sections = 0
        var byModel = 0
        var fallbacks = 0
        var letPass = 0
        var grade: Mean = Mean()
        var sourceGrade: Mean = Mean()
        var wordsPerSentence: Mean = Mean()
        var lengthRatio: Mean = Mean()
        var glossaryDensity: Mean = Mean()
        var urduShare: Mean = Mean()
        var tokens = 0
        var seconds = 0.0

        init(slice: String) {
            self.slice = slice
        }

        mutating func add(_ plan: LessonPlan, _ written: [WrittenSection], glossary: Glossary) {
            for (section, result) in zip(plan.sections, written) {
                let source = TextMeasures(String(decoding: section.markdown, as: UTF8.self), glossary: glossary)
                let measures = TextMeasures(result.text, glossary: glossary)
                self.sections += 1
                self.byModel += result.generator.hasPrefix("embedded/") ? 0 : 1
                self.fallbacks += result.isFallback ? 1 : 0
                self.letPass += result.softFailures.count
                self.grade.add(measures.grade)
                self.sourceGrade.add(source.grade)
                self.wordsPerSentence.add(measures.wordsPerSentence)
                self.lengthRatio.add(measures.lengthRatio(to: source))
                self.glossaryDensity.add(measures.glossaryDensity)
                self.urduShare.add(measures.urduShare)
                self.tokens += result.promptTokens + result.completionTokens
            }
        }

        var line: String {
            """
            \(self.slice)
              sections \(self.sections), by a model \(self.byModel), stood in for \(self.fallbacks), \
            let pass \(self.letPass)
              grade \(self.sourceGrade.text) -> \(self.grade.text), words a sentence \(self.wordsPerSentence.text), \
            length \(self.lengthRatio.text), terms in 100 words \(self.glossaryDensity.text), \
            Urdu \(self.urduShare.text), \(self.tokens) tokens, \(Mean.rounded(self.seconds)) s
            """
        }
    }

    /// A mean that is built up.
    struct Mean: Encodable {
        private var sum = 0.0
        private var count = 0

        mutating func add(_ value: Double?) {
            guard let value else { return }
            self.sum += value
            self.count += 1
        }

        var value: Double? { self.count == 0 ? nil : self.sum / Double(self.count) }
        var text: String { self.value.map(Self.rounded) ?? "-" }

        static func rounded(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(self.value.map { ($0 * 1_000).rounded() / 1_000 })
        }
    }

    var rows: [Row] = []
    var sections: [Section] = []
    /// Promises that a lesson as a whole broke.
    var broken: [String] = []

    mutating func add(_ slug: String, _ lesson: LessonSource, _ written: [WrittenSection], _ slice: ProfileSlice) {
        for (ordinal, section) in written.enumerated() {
            self.sections.append(
                Section(
                    lesson: slug, slice: slice.text, ordinal: ordinal, generator: section.generator,
                    isFallback: section.isFallback, fallbackReason: section.fallbackReason,
                    attempts: section.attempts, softFailures: section.softFailures))
        }
        let text = LessonFrame.assemble(
            sections: written.map(\.text), frame: FrameText(opening: "For you.", closing: "The end."))
        for failure in Validators.failures(ofAssembled: text, for: lesson) {
            self.broken.append("\(slug), \(slice.text): \(failure.check.rawValue) \(failure.message)")
        }
    }
}
