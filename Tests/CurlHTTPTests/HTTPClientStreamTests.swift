import CurlHTTP
import ServerTesting
import Testing

@Suite struct HTTPClientStreamTests {
    private let client = HTTPClient()

    @Test func theHeadComesBeforeTheBody() async throws {
        let status = try await self.client.withStream(.init(url: "\(TestServer.url)/silent")) { stream in
            var chunks = stream.chunks.makeAsyncIterator()
            let first = try await chunks.next()
            #expect(first == Array("first".utf8))
            return stream.status
        }
        #expect(status == 200)
    }

    @Test func theBodyArrivesWhole() async throws {
        let bytes = try await self.client.withStream(.init(url: "\(TestServer.url)/big?bytes=5000000")) { stream in
            try await stream.chunks.reduce(0) { $0 + $1.count }
        }
        #expect(bytes == 5_000_000)
    }

    @Test func leavingTheClosureAbortsTheTransfer() async throws {
        try await self.client.withStream(.init(url: "\(TestServer.url)/silent?id=leave")) { _ in }
        #expect(try await eventually { try await TestServer.state("closed:leave", as: Bool.self) == true })
    }

    @Test func anErrorInTheClosureAbortsTheTransfer() async throws {
        struct Boredom: Error {}
        let url = try await TestServer.url
        await #expect(throws: Boredom.self) {
            try await self.client.withStream(.init(url: "\(url)/silent?id=bored")) { _ in throw Boredom() }
        }
        #expect(try await eventually { try await TestServer.state("closed:bored", as: Bool.self) == true })
    }

    @Test func aSlowReaderHoldsTheSenderBack() async throws {
        let request = HTTPClientRequest(url: "\(try await TestServer.url)/endless?id=slow", maximumResponseBytes: .max)
        try await self.client.withStream(request) { stream in
            var chunks = stream.chunks.makeAsyncIterator()
            // The sender stands still once the buffers on the way are full, however long nobody reads.
            var sent = -1
            var unchanged = 0
            #expect(
                try await eventually(within: .seconds(20)) {
                    let now = try await TestServer.state("sent:slow", as: Int.self) ?? 0
                    unchanged = now == sent ? unchanged + 1 : 0
                    sent = now
                    return unchanged >= 20
                })
            // Buffers of the kernel count too; an unbounded client takes gigabytes in this time.
            #expect(sent < 32 << 20)
            var read = 0
            while read < sent + (8 << 20) {
                let chunk = try await chunks.next()
                read += try #require(chunk).count
            }
        }
        #expect(try await eventually { try await TestServer.state("closed:slow", as: Bool.self) == true })
    }

    @Test func aHeldBackSenderIsNotSilent() async throws {
        let request = HTTPClientRequest(
            url: "\(try await TestServer.url)/endless?id=paused", timeout: nil, idleTimeout: .milliseconds(500),
            maximumResponseBytes: .max)
        try await self.client.withStream(request) { stream in
            var chunks = stream.chunks.makeAsyncIterator()
            let until = ContinuousClock.now.advanced(by: .milliseconds(1200))
            #expect(try await eventually { ContinuousClock.now > until })
            for _ in 0..<100 {
                let chunk = try await chunks.next()
                #expect(chunk != nil)
            }
        }
    }

    @Test func cancellingTheReaderEndsTheStream() async throws {
        let url = try await TestServer.url
        let task = Task {
            await httpError {
                try await self.client.withStream(.init(url: "\(url)/silent?id=reader")) { stream in
                    for try await _ in stream.chunks {}
                }
            }?.code
        }
        #expect(try await eventually { try await TestServer.state("requests:reader", as: Int.self) == 1 })
        task.cancel()
        #expect(await task.value == .cancelled)
        #expect(try await eventually { try await TestServer.state("closed:reader", as: Bool.self) == true })
    }

    @Test func aBrokenStreamGivesWhatCameAndThenTheError() async throws {
        let url = try await TestServer.url
        var received: [UInt8] = []
        let error = await httpError {
            try await self.client.withStream(.init(url: "\(url)/reset-middle")) { stream in
                for try await chunk in stream.chunks { received += chunk }
            }
        }
        #expect(error?.code == .connectionLost)
        #expect(received == Array("ten bytes.".utf8))
    }

    @Test func aStreamHasItsSizeLimitToo() async throws {
        let url = try await TestServer.url
        let request = HTTPClientRequest(url: "\(url)/endless?id=limit", maximumResponseBytes: 1 << 20)
        let error = await httpError {
            try await self.client.withStream(request) { stream in for try await _ in stream.chunks {} }
        }
        #expect(error?.code == .tooLarge)
    }

    @Test func manyStreamsRunSideBySide() async throws {
        let url = try await TestServer.url
        let total = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await self.client.withStream(.init(url: "\(url)/big-chunked?bytes=500000")) { stream in
                        try await stream.chunks.reduce(0) { $0 + $1.count }
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(total == 10_000_000)
    }
}
