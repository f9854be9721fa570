import Testing

@testable import CurlHTTP

/// The machine behind a reference, so that its events can stand inside expectations.
private final class Subject {
    private var machine: TransferMachine<Int>

    init(bufferLimit: Int?) {
        self.machine = TransferMachine(bufferLimit: bufferLimit)
    }

    var isPaused: Bool { self.machine.isPaused }
    var end: Result<Void, HTTPClientError>? { self.machine.end }

    func waits(for interest: TransferMachine<Int>.Interest, _ waiter: Int) -> Bool {
        self.machine.waits(for: interest, waiter)
    }

    func receivedHead() -> Int? { self.machine.received(head: .init(status: 200)) }

    func receive(_ bytes: [UInt8]) -> String {
        bytes.withUnsafeBufferPointer {
            switch self.machine.received(body: $0) {
            case .accept(let waiter): "accept \(waiter.map(String.init) ?? "-")"
            case .pause: "pause"
            case .abort: "abort"
            }
        }
    }

    func fail(_ code: HTTPClientError.Code) -> Bool {
        self.machine.ended(.failure(HTTPClientError(code, ""))).isFirst
    }

    func succeed() -> (wake: Int?, isFirst: Bool) { self.machine.ended(.success(())) }

    func take() -> (chunk: [UInt8], resumes: Bool) { self.machine.takeChunk() }
}

@Suite struct TransferMachineTests {
    @Test func aWaiterIsWokenOnceByWhatItWaitsFor() {
        let subject = Subject(bufferLimit: 10)
        #expect(subject.waits(for: .head, 1))
        #expect(subject.receivedHead() == 1)
        #expect(!subject.waits(for: .head, 2))
        #expect(subject.waits(for: .chunk, 3))
        #expect(subject.receive([1]) == "accept 3")
        #expect(subject.receive([2]) == "accept -")
        #expect(subject.take().chunk == [1, 2])
        #expect(subject.waits(for: .end, 4))
        #expect(subject.receive([3]) == "accept -")
        #expect(subject.succeed().wake == 4)
    }

    @Test func aFullBufferPausesAndTakingResumes() {
        let subject = Subject(bufferLimit: 3)
        #expect(subject.receive([1, 2, 3, 4]) == "accept -")
        #expect(subject.receive([5]) == "pause")
        #expect(subject.isPaused)
        #expect(subject.take() == ([1, 2, 3, 4], true))
        #expect(subject.take() == ([], false))
        #expect(subject.receive([5]) == "accept -")
    }

    @Test func onlyTheFirstEndCounts() {
        let subject = Subject(bufferLimit: nil)
        #expect(subject.fail(.timeout))
        #expect(!subject.succeed().isFirst)
        #expect(throws: HTTPClientError.self) { try subject.end?.get() }
        #expect(subject.receive([1]) == "abort")
    }

    @Test(
        arguments: [(nil, .connectionLost, []), (10, .connectionLost, [1]), (10, .cancelled, [])]
            as [(Int?, HTTPClientError.Code, [UInt8])])
    func halfABodyIsKeptForTheReaderOfAStreamOnly(limit: Int?, code: HTTPClientError.Code, kept: [UInt8]) {
        let subject = Subject(bufferLimit: limit)
        #expect(subject.receive([1]) == "accept -")
        #expect(subject.fail(code))
        #expect(subject.take().chunk == kept)
    }

    @Test func theReaderOfAnEndedTransferResumesNothing() {
        let subject = Subject(bufferLimit: 1)
        #expect(subject.receive([1]) == "accept -")
        #expect(subject.receive([2]) == "pause")
        #expect(subject.fail(.timeout))
        #expect(!subject.take().resumes)
    }
}
