/// An answer whose body arrives while it is being read.
public struct HTTPClientStream: Sendable {
    public let status: Int
    public let headers: HTTPClientHeaders
    /// The body, piece by piece, for one reader. A slow reader holds the sender back.
    public let chunks: Chunks

    /// The pieces of a streamed body; they end, or throw ``HTTPClientError``.
    public struct Chunks: AsyncSequence, Sendable {
        public typealias Element = [UInt8]
        public typealias Failure = HTTPClientError

        let transfer: Transfer

        public func makeAsyncIterator() -> AsyncIterator {
            AsyncIterator(transfer: self.transfer)
        }

        public struct AsyncIterator: AsyncIteratorProtocol {
            let transfer: Transfer

            public mutating func next() async throws(HTTPClientError) -> [UInt8]? {
                try await self.transfer.nextChunk()
            }

            public mutating func next(isolation actor: isolated (any Actor)?) async throws(HTTPClientError) -> [UInt8]?
            {
                try await self.transfer.nextChunk()
            }
        }
    }

    /// Reads the rest of the body, at most `maximumBytes` of it.
    public func collect(maximumBytes: Int) async throws(HTTPClientError) -> [UInt8] {
        var body: [UInt8] = []
        for try await chunk in self.chunks {
            guard body.count + chunk.count <= maximumBytes else {
                throw HTTPClientError(.tooLarge, "the body exceeds \(maximumBytes) bytes")
            }
            body.append(contentsOf: chunk)
        }
        return body
    }
}
