import ArgumentParser
import Foundation
import ProcessBootstrap
import SemanticIndex

struct SearchEvalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "Measure search by questions whose answers are known.",
        discussion: """
            The file has a question on each line, with tabs between id, question, lesson_slug, gold_excerpt and kind
            (plain or low_overlap). A result is right when it belongs to the lesson and contains the excerpt.
            Exits with 7 when too few questions have a right result among the first five.

            EXAMPLES
              lectern search eval Tests/Retrieval/sample-book.tsv
              lectern search eval --min-recall5 0.95 --output json questions.tsv
            """)

    @OptionGroup var options: ProcessOptions
    @Argument(help: "The file with the questions.") var questions: String
    @Option(name: .customLong("k"), help: "Take recall at so many results; may be given several times.")
    var cutoffs: [Int] = [1, 5, 10]
    @Option(help: "Tokens of text that the first results may have together.") var budget = 1_000
    @Option(name: .customLong("min-recall5"), help: "The least recall at 5, from 0 to 1.") var leastRecall = 0.93
    @Option(help: "How to print the result.") var output = OutputFormat.text

    func validate() throws {
        guard !self.cutoffs.isEmpty, self.cutoffs.allSatisfy(SearchService.limits.contains) else {
            let limits = SearchService.limits
            throw ValidationError("--k is from \(limits.lowerBound) to \(limits.upperBound)")
        }
        guard (0...1).contains(self.leastRecall) else { throw ValidationError("--min-recall5 is from 0 to 1") }
        guard self.budget > 0 else { throw ValidationError("--budget is above 0") }
    }

    func run() async throws {
        let questions = try self.read()
        let report = try await self.measure(questions)
        switch self.output {
        case .json: try Terminal.put(json: report)
        case .text: self.print(report)
        }
        let recall = report.all.recall[5] ?? 0
        guard recall >= self.leastRecall else {
            throw CommandFailure(
                .permanent, "recall at 5 is \(Self.figure(recall)), less than \(Self.figure(self.leastRecall))")
        }
    }

    private func read() throws -> [RetrievalQuestion] {
        guard let bytes = FileManager.default.contents(atPath: self.questions) else {
            throw CommandFailure(.notFound, "there is no file \(self.questions) that can be read")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(.usage, "\(self.questions) is no UTF-8 text")
        }
        do {
            return try RetrievalQuestion.questions(fromTSV: text)
        } catch {
            throw CommandFailure(.usage, "\(self.questions), \(error)")
        }
    }

    private func measure(_ questions: [RetrievalQuestion]) async throws -> RetrievalReport {
        let (cutoffs, budget) = (self.cutoffs, self.budget)
        // Enough results for every figure; the budget is used up long before.
        let limit = max(20, cutoffs.max() ?? 0)
        return try await BackendSession.run(self.options) { backends, settings in
            let service = try SearchService(backends, settings)
            var outcomes: [RetrievalReport.Outcome] = []
            for question in questions {
                outcomes.append(
                    RetrievalReport.Outcome(
                        question: question, answer: try await service.search(question.question, limit: limit)))
            }
            return RetrievalReport(outcomes, cutoffs: cutoffs, budget: budget)
        }
    }

    private func print(_ report: RetrievalReport) {
        let cutoffs = report.all.recall.keys.sorted()
        let columns =
            ["questions"] + cutoffs.map { "recall@\($0)" } + ["mrr@10", "recall within \(report.budget) tokens"]
        Terminal.put((["kind"] + columns).joined(separator: "\t"))
        let rows = [("all", report.all)] + report.kinds.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        for (name, figures) in rows {
            let shares = cutoffs.map { figures.recall[$0] ?? 0 } + [figures.mrr10, figures.recallWithinBudget]
            Terminal.put((["\(name)", "\(figures.questions)"] + shares.map(Self.figure)).joined(separator: "\t"))
        }
        for miss in report.missed {
            Terminal.put("missed\t\(miss.id)\t\(miss.place.map { "place \($0)" } ?? "not found")\t\(miss.question)")
        }
        if report.degraded > 0 {
            Terminal.say("\(report.degraded) of \(report.all.questions) questions were answered without vectors")
        }
    }

    private static func figure(_ share: Double) -> String { String(format: "%.3f", share) }
}
