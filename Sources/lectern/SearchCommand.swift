import ArgumentParser
import ProcessBootstrap
import SemanticIndex
import TextbookSync

struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Ask the index of the published book.",
        discussion: """
            EXAMPLES
              lectern search "why do robots fall"
              lectern search --limit 3 --output json torque
            """)

    @OptionGroup var options: ProcessOptions
    @Argument(help: "The question.") var query: String
    @Option(help: "Results at the most.") var limit = 5
    @Option(help: "How to print the result.") var output = OutputFormat.text

    func run() async throws {
        let (query, limit) = (self.query, self.limit)
        let response = try await BackendSession.run(self.options) { backends, settings in
            let index = try IndexParts(
                model: backends.embedding, modelFolder: settings.embedding.folder, client: backends.vectors,
                mapping: backends.vectorMapping, collectionPrefix: settings.vectors.container)
            return try await SearchService(
                database: backends.database, model: index.model, vectors: index.vectors, recipe: index.recipe,
                bookSlug: settings.book
            ).search(query, limit: limit)
        }
        switch self.output {
        case .json: try Terminal.put(json: response)
        case .text:
            for result in response.results {
                let score = (result.score * 1_000).rounded() / 1_000
                Terminal.put("\(score)\t\(result.lessonSlug)\t\(result.sectionTitle)")
            }
            if response.results.isEmpty { Terminal.say("nothing found") }
        }
    }
}
