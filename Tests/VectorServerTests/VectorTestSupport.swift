import Logging
import MCP
import ServerTesting

@testable import VectorServer

/// The server's own record, not the client's of the same name.
typealias VectorRecord = VectorServer.VectorRecord

/// A store of vectors in a scratch directory.
func makeStore(
    _ scratch: ScratchDirectory, limits: VectorLimits = VectorLimits(), name: String = "data"
) throws -> VectorStore {
    try VectorStore(
        path: scratch.path + "/" + name, limits: limits, randomNumber: { 0x1234_5678_9ABC_DEF0 },
        logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
}

/// A record of three dimensions.
func record(
    _ id: String, _ vector: [Double], _ metadata: [String: JSONValue] = [:], text: String? = nil
) -> VectorRecord {
    VectorRecord(id: id, vector: vector, metadata: metadata, text: text)
}
