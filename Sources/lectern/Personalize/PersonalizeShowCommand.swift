import ArgumentParser
import Personalization
import ProcessBootstrap

struct PersonalizeShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Write one lesson for one slice and print it, or what was changed.",
        discussion: """
            Needs no database. The frame around the text, which is each learner's own, is left out.

            EXAMPLES
              lectern personalize show --book DIR --lesson ch01-lab --diff
            """)

    @OptionGroup var options: ProcessOptions
    @Option(help: "The folder of the book.") var book: String
    @Option(help: "The slug of the lesson.") var lesson: String
    @Option(help: "The slice in words.") var slice = "language=en programming=novice robotics=no ai=no"
    @Option(help: "An operators' file of providers; those of the environment without it.") var providers: String?
    @Flag(help: "Print the lines that differ from the author's, with + and -.") var diff = false

    func validate() throws {
        guard ProfileSlice(text: self.slice) != nil else {
            let known = ProfileSlice.allCases.map(\.text).joined(separator: "\n  ")
            throw ValidationError("--slice is one of:\n  \(known)")
        }
    }

    func run() async throws {
        guard let slice = ProfileSlice(text: self.slice) else { return }
        let trial = try await LessonTrial(
            self.options, folder: self.book, providers: self.providers, only: self.lesson)
        guard let lesson = trial.lessons.first?.source else { return }
        let plan = trial.plan(lesson)
        let written = try await trial.write(plan, for: slice)
        let text = written.map(\.text).joined(separator: "\n")
        guard self.diff else { return Terminal.put(text) }
        let original = String(decoding: plan.sections.flatMap(\.markdown), as: UTF8.self)
        for hunk in LineDiff(from: original, to: text).hunks where hunk.kind != .equal {
            for line in hunk.lines { Terminal.put((hunk.kind == .insert ? "+ " : "- ") + line) }
        }
    }
}
