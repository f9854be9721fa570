import ArgumentParser
import Foundation
import HTTPTypes
import Hummingbird
import Logging

/// The yardstick of `Deploy/bench personalize`: a server that does nothing but send the same bytes.
///
/// It answers `GET /bytes` and, after it has read the request's body, `POST /bytes`.
@main
struct PlainRoute: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plain-route", abstract: "Answers every request with the bytes of a file.")

    @Option(help: "The port on 127.0.0.1.")
    var port: Int

    @Option(help: "The file whose bytes are sent.")
    var file: String

    func run() async throws {
        let bytes = ByteBuffer(bytes: try Data(contentsOf: URL(filePath: self.file)))
        let router = Router()
        router.get("bytes") { _, _ in Self.answer(bytes) }
        router.post("bytes") { request, _ in
            _ = try await request.body.collect(upTo: 1024 * 1024)
            return Self.answer(bytes)
        }
        var logger = Logger(label: "plain-route")
        logger.logLevel = .warning
        let server = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: self.port)), logger: logger)
        try await server.runService()
    }

    private static func answer(_ bytes: ByteBuffer) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
            body: ResponseBody(byteBuffer: bytes))
    }
}
