import Logging
import Operators
import Postgres
import PostgresTesting
import Schema
import Testing

@Suite struct AuditTrailTests {
    private static let anna = Operator(name: "cli anna", role: .admin)

    private struct Stumble: Error {}

    private nonisolated(nonsending) func withTrail(
        _ body: nonisolated(nonsending) (AuditTrail, PostgresClient) async throws -> Void
    ) async throws {
        try await withTestClient { client in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            try await Migrator(database: client, migrations: try Migration.bundled(), logger: logger).up()
            try await body(AuditTrail(database: client), client)
        }
    }

    private func fill(_ trail: AuditTrail) async throws {
        for number in 1...3 {
            let act = OperatorAct(
                "queue.pause", on: "queue قطار \(number)", reason: "a: 1, b - 2", detail: #"{"minutes":\#(number)}"#)
            _ = try await trail.recording(act, by: Self.anna, requestID: "r\(number)", detail: { "[\($0)]" }) { number }
        }
    }

    /// Whoever owns the table can switch its triggers off; the chain has to tell.
    private func tamper(_ client: PostgresClient, _ statement: SQL) async throws {
        try await client.execute("ALTER TABLE lectern.audit DISABLE TRIGGER USER")
        try await client.execute(statement)
    }

    @Test func anActIsWrittenDownBeforeAndAfterItIsDone() async throws {
        try await self.withTrail { trail, client in
            let act = OperatorAct("job.cancel", on: "job 7", reason: "stuck")
            let seen = try await trail.recording(act, by: Self.anna, requestID: "r1", detail: { "[\($0.count)]" }) {
                try await trail.lines()
            }
            #expect(seen.map(\.outcome) == [.asked])
            let lines = try await trail.lines()
            #expect(lines.map(\.outcome) == [.done, .asked])
            #expect(lines[0].about == lines[1].id)
            #expect(lines[0].act.detail == "[1]")
            #expect(lines.allSatisfy { $0.actor == "cli anna" && $0.role == "admin" && $0.requestID == "r1" })
            _ = try await trail.verify()
        }
    }

    @Test func anActThatFailsIsWrittenDownAsFailed() async throws {
        try await self.withTrail { trail, _ in
            let act = OperatorAct("queue.pause", on: "queue sync")
            await #expect(throws: Stumble.self) {
                try await trail.recording(act, by: Self.anna) { throw Stumble() }
            }
            try await trail.refused(act, by: Self.anna)
            let lines = try await trail.lines()
            #expect(lines.map(\.outcome) == [.refused, .failed, .asked])
            #expect(lines[1].act.detail == #"{"error":"Stumble"}"#)
        }
    }

    @Test func linesAreFoundByTheirSubjectAndPageByPage() async throws {
        try await self.withTrail { trail, _ in
            try await self.fill(trail)
            #expect(try await trail.lines(limit: 2).map(\.id) == [6, 5])
            #expect(try await trail.lines(before: 5, limit: 2).map(\.id) == [4, 3])
            #expect(try await trail.lines(subject: "queue قطار 2").map(\.id) == [4, 3])
        }
    }

    @Test func theChainHoldsWhatManyWriteAtOnce() async throws {
        try await self.withTrail { trail, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        for number in 0..<5 {
                            _ = try await trail.recording(
                                OperatorAct("job.retry", on: "job \(writer * 5 + number)"), by: Self.anna
                            ) {}
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await trail.verify().id == 80)
        }
    }

    @Test func nobodyChangesWhatIsWritten() async throws {
        try await self.withTrail { trail, client in
            try await self.fill(trail)
            for statement: SQL in [
                "UPDATE lectern.audit SET actor = 'nobody' WHERE id = 1", "DELETE FROM lectern.audit WHERE id = 6",
                "TRUNCATE lectern.audit",
            ] {
                await #expect(throws: PostgresError.self) { try await client.execute(statement) }
            }
            #expect(try await trail.verify().id == 6)
        }
    }

    @Test(
        arguments: [
            ("actor = 'cli berta'", 3), ("reason = 'a: 1, b - 22'", 3), ("at = at + interval '1 microsecond'", 3),
            ("detail = NULL", 3), ("hash = sha256('x')", 3), ("outcome = 'done'", 3),
        ] as [(String, Int64)])
    func aChangedLineBreaksTheChain(change: String, line: Int64) async throws {
        try await self.withTrail { trail, client in
            try await self.fill(trail)
            try await self.tamper(
                client, "UPDATE lectern.audit SET \(sql: SQL(stringLiteral: change)) WHERE id = \(line)")
            let found = await #expect(throws: AuditChain.Break.self) { try await trail.verify() }
            #expect(found?.line == line)
        }
    }

    @Test func aMissingLineBreaksTheChain() async throws {
        try await self.withTrail { trail, client in
            try await self.fill(trail)
            try await self.tamper(client, "DELETE FROM lectern.audit WHERE id = 4")
            let found = await #expect(throws: AuditChain.Break.self) { try await trail.verify() }
            #expect(found?.line == 4)
        }
    }

    @Test func aHeadThatWasKeptTellsThatTheEndWasCutOff() async throws {
        try await self.withTrail { trail, client in
            try await self.fill(trail)
            let head = try await trail.verify()
            #expect(try await trail.verify(anchor: head) == head)
            try await self.tamper(client, "DELETE FROM lectern.audit WHERE id > 4")
            #expect(try await trail.verify().id == 4)
            await #expect(throws: AuditChain.Break.self) { try await trail.verify(anchor: head) }
            try await self.fill(trail)
            await #expect(throws: AuditChain.Break.self) { try await trail.verify(anchor: head) }
        }
    }
}
