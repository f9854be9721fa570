public import Logging
public import Postgres
public import ServiceLifecycle
import Synchronization

/// Does what only one process of the fleet should do, while this process is the one.
///
/// Every process runs one. The office is a lease on a row of `lectern.leader`; its term grows with every holder. A holder
/// that could not renew in time stops its duties before the lease can be another's, by its own monotonic clock; even so a
/// process that was stopped as a whole may finish a statement late, so duties are written to be harmless twice.
public final class Leader: Service {
    private let database: PostgresClient
    private let office: String
    private let holder: String
    private let duties: [LeaderDuty]
    private let configuration: LeaderConfiguration
    private let logger: Logger
    private let clock = ContinuousClock()
    private let lease = Mutex<LeaderLease?>(nil)

    /// - Parameters:
    ///   - office: leaders of different offices know nothing of each other.
    ///   - holder: names this process, for people.
    public init(
        database: PostgresClient, office: String = "queue", holder: String, duties: [LeaderDuty],
        configuration: LeaderConfiguration = LeaderConfiguration(), logger: Logger
    ) {
        self.database = database
        self.office = office
        self.holder = holder
        self.duties = duties
        self.configuration = configuration
        self.logger = logger
    }

    /// The term of this process, while it holds the office.
    public var term: Int64? {
        let now = self.clock.now
        return self.lease.withLock { $0.flatMap { $0.isHeld(at: now) ? $0.term : nil } }
    }

    /// Stands for the office until cancelled or shut down; then gives it back.
    public func run() async throws {
        await cancelWhenGracefulShutdown { await self.stand() }
        // Unstructured, since a cancelled task sends nothing; it ends within its timeout.
        await Task { await self.release() }.value
    }

    private func stand() async {
        var generator = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            do {
                if let lease = try await self.acquire() {
                    self.lease.withLock { $0 = lease }
                    self.logger.info("leading", metadata: ["office": "\(self.office)", "term": "\(lease.term)"])
                    await self.lead()
                }
            } catch {
                guard !Task.isCancelled else { return }
                self.logger.debug("standing for leader failed", metadata: ["error": "\(error)"])
            }
            let pause = self.configuration.candidacyInterval * Double.random(in: 0.8...1.2, using: &generator)
            do { try await self.clock.sleep(for: pause) } catch { return }
        }
    }

    /// Returns when the office is lost, with no duty running any more.
    private func lead() async {
        await withTaskGroup(of: Void.self) { group in
            for duty in self.duties { group.addTask { await self.perform(duty) } }
            // Apart from each other, so that a renewal that hangs does not keep the end from being noticed.
            group.addTask { await self.renew() }
            group.addTask { await self.awaitEnd() }
            await group.next()
            group.cancelAll()
        }
        if !Task.isCancelled {
            self.lease.withLock { $0 = nil }
            self.logger.warning("no longer leading", metadata: ["office": "\(self.office)"])
        }
    }

    private func perform(_ duty: LeaderDuty) async {
        while !Task.isCancelled, self.term != nil {
            var pause = duty.interval
            do {
                if let next = try await duty.perform() { pause = next }
            } catch {
                guard !Task.isCancelled else { break }
                self.logger.warning(
                    "a leader's duty failed", metadata: ["duty": "\(duty.name)", "error": "\(error)"])
            }
            do { try await self.clock.sleep(for: pause) } catch { return }
        }
    }

    /// Returns when the office is another's or the task is cancelled.
    private func renew() async {
        var pause = self.configuration.renewalInterval
        while true {
            do { try await self.clock.sleep(for: pause) } catch { return }
            guard let term = self.term else { return }
            do {
                let askedAt = self.clock.now
                guard try await self.extend(term) else { return }
                let now = self.clock.now
                self.lease.withLock { $0?.renewed(askedAt: askedAt, now: now) }
                pause = self.configuration.renewalInterval
            } catch {
                guard !Task.isCancelled else { return }
                self.logger.warning("a leader's lease was not renewed", metadata: ["error": "\(error)"])
                pause = self.configuration.renewalInterval / 3
            }
        }
    }

    /// Returns when the lease has come to its end without a renewal.
    private func awaitEnd() async {
        while let end = self.lease.withLock({ $0?.endsAt }), self.clock.now < end {
            do { try await self.clock.sleep(until: end) } catch { return }
        }
    }

    /// The term, if the office was free. Reads the row and writes nothing while it is held; locks it otherwise.
    private func acquire() async throws -> LeaderLease? {
        let askedAt = self.clock.now
        let row = try await self.database.queryOne(
            """
            INSERT INTO lectern.leader AS l (name, holder, term, until)
            SELECT \(self.office), \(self.holder), 1, now() + \(self.configuration.lease)
            WHERE NOT EXISTS (SELECT FROM lectern.leader h WHERE h.name = \(self.office) AND h.until > now())
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, term = l.term + 1, until = excluded.until
              WHERE l.until <= now()
            RETURNING term
            """, timeout: self.configuration.lease)
        guard let row else { return nil }
        return LeaderLease(term: try row.decode("term"), askedAt: askedAt, configuration: self.configuration)
    }

    /// False when the office passed on. By primary key; a lease that is over is not renewed, even if nobody took it.
    private func extend(_ term: Int64) async throws -> Bool {
        try await self.database.execute(
            """
            UPDATE lectern.leader SET until = now() + \(self.configuration.lease)
            WHERE name = \(self.office) AND term = \(term) AND until > now()
            """, timeout: self.configuration.renewalInterval) > 0
    }

    /// Frees the office at once, where this process holds it.
    private func release() async {
        guard let term = self.lease.withLock({ $0.take()?.term }) else { return }
        do {
            // By primary key; the row stays, since it counts the terms.
            try await self.database.execute(
                "UPDATE lectern.leader SET until = now() WHERE name = \(self.office) AND term = \(term)",
                timeout: self.configuration.renewalInterval)
        } catch {
            // It ends by itself.
            self.logger.info("the leader's lease was not given back", metadata: ["error": "\(error)"])
        }
    }
}
