import CurlHTTP
import JobQueue
import JobQueuePostgres
import Logging
import Postgres
import PostgresTesting
import ServerTesting
import Synchronization
import Testing
import TraceContext

@Suite struct TraceTests {
    private struct Seen: Sendable {
        var span: SpanContext?
        var answer = ""
    }

    @Test func theTraceOfARequestReachesTheCallsOfItsJob() async throws {
        let server = try await PythonServer.start("http_test_server")
        let http = HTTPClient()
        let request = try #require(
            SpanContext(
                traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", state: ["vendor=1"]))
        try await withQueue { fixture in
            let seen = Mutex(Seen())
            _ = try await SpanContext.$current.withValue(request) {
                try await fixture.queue.enqueue(Probe(name: "traced"))
            }
            try await fixture.withWorker(perform: { _, _ in
                let answer = try await http.execute(.init(url: "\(server.url)/echo"))
                seen.withLock {
                    $0.span = SpanContext.current
                    $0.answer = answer.bodyText ?? ""
                }
                return JobOutcome()
            }) {
                try await Deadline.poll("the job to be done") { try await fixture.count("lectern.done") == 1 }
            }
            let result = seen.withLock { $0 }
            let span = try #require(result.span)
            #expect(span.traceID == request.traceID)
            #expect(span.spanID != request.spanID)
            #expect(span.state == request.state)
            #expect(result.answer.contains(span.traceparent))
        }
    }

    @Test func whatARunLogsNamesItsTrace() throws {
        let span = try #require(
            SpanContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
        let context = JobContext(
            jobID: JobID(rawValue: 1), kind: "probe", attempt: 1, maxAttempts: 3, deadline: ContinuousClock().now,
            trace: span.stored, logger: Logger(label: "test") { StreamLogHandler.standardError(label: $0) })
        let logger = SpanContext.$current.withValue(span) { context.logger }
        #expect(logger[metadataKey: "trace_id"] == "0af7651916cd43dd8448eb211c80319c")
        #expect(context.logger[metadataKey: "trace_id"] == nil)
    }

    @Test func aJobWithoutATraceRunsOutsideOfOne() async throws {
        try await withQueue { fixture in
            let seen = Mutex<[SpanContext?]>([])
            _ = try await fixture.queue.enqueue(Probe(name: "a"), options: EnqueueOptions(trace: "no trace at all"))
            _ = try await fixture.queue.enqueue(Probe(name: "b"))
            try await fixture.withWorker(perform: { _, _ in
                seen.withLock { $0.append(SpanContext.current) }
                return JobOutcome()
            }) {
                try await Deadline.poll("the jobs to be done") { try await fixture.count("lectern.done") == 2 }
            }
            #expect(seen.withLock { $0 } == [nil, nil])
        }
    }

    @Test func whatAJobEnqueuesBelongsToItsTrace() async throws {
        let request = try #require(
            SpanContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"))
        try await withQueue { fixture in
            _ = try await fixture.queue.enqueue(
                Probe(name: "first"), options: EnqueueOptions(trace: request.stored))
            try await fixture.withWorker(perform: { probe, _ in
                guard probe.name == "first" else { return JobOutcome() }
                return JobOutcome { transaction in _ = try await transaction.enqueue(Probe(name: "second")) }
            }) {
                try await Deadline.poll("both jobs to be done") { try await fixture.count("lectern.done") == 2 }
            }
            let traces = try await fixture.database.query("SELECT trace FROM lectern.job ORDER BY id").map {
                try $0.decode("trace", as: String.self)
            }
            #expect(traces.first == request.stored)
            #expect(traces.last != request.stored)
            #expect(traces.last.flatMap(SpanContext.init(stored:))?.traceID == request.traceID)
        }
    }
}
