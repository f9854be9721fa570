import ArgumentParser
import CurlHTTP

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Ask a process whether it is ready; for container health checks.")

    @Option(help: "The address to ask.") var url = "http://127.0.0.1:8000/readyz"
    @Option(help: "Seconds to wait for an answer.") var timeout = 3

    func run() async throws {
        let answer: HTTPClientResponse
        do {
            answer = try await HTTPClient().execute(
                HTTPClientRequest(url: self.url, timeout: .seconds(self.timeout)))
        } catch {
            throw CommandFailure(.temporary, "\(self.url) does not answer: \(error)")
        }
        guard answer.status == 200 else {
            throw CommandFailure(.temporary, "\(self.url) answers \(answer.status): \(answer.bodyText ?? "")")
        }
        Terminal.put("ok")
    }
}
