import ArgumentParser
import LearnerAPI

struct OpenAPICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi", abstract: "Print the description of the HTTP API (OpenAPI 3.1).")

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case yaml, json
    }

    @Option(help: "How to print it.") var output = Format.yaml

    func run() throws {
        let document: OpenAPIDocument
        do {
            document = try .bundled()
        } catch let error as OpenAPIError {
            throw CommandFailure(.permanent, error.description)
        }
        switch self.output {
        case .yaml: Terminal.write(result: document.yaml)
        case .json: Terminal.put(String(decoding: document.json, as: UTF8.self))
        }
    }
}
