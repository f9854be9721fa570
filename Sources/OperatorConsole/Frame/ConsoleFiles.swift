import Foundation
import HTTPTypes
import Hummingbird

/// The console's stylesheet and script, read once.
struct ConsoleFiles: Sendable {
    /// By their addresses in the router's notation.
    let all: [(path: String, file: Response)]

    /// - Throws: ``ConsoleError`` when the installation lacks one.
    init() throws(ConsoleError) {
        self.all = [
            ("ops/console.css", try Self.file("console.css", "text/css; charset=utf-8")),
            ("ops/console.js", try Self.file("console.js", "text/javascript; charset=utf-8")),
        ]
    }

    private static func file(_ name: String, _ type: String) throws(ConsoleError) -> Response {
        do {
            let bytes = try Data(contentsOf: Bundle.module.bundleURL.appendingPathComponent("Assets/\(name)"))
            return Response(
                status: .ok, headers: [.contentType: type, .cacheControl: "private, max-age=300"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        } catch {
            throw ConsoleError(description: "the console's file \(name) cannot be read: \(error)")
        }
    }
}
