public import Logging
public import ServiceLifecycle
import Synchronization

/// One worker process: performs the jobs of its queues until it is told to leave.
///
/// A graceful shutdown drains: nothing new is claimed, what waits unstarted goes back at once, what runs may finish
/// within the drain timeout and is handed back after it, without spending its attempt.
public final class Worker<Store: JobStore>: Service {
    private let store: Store
    private let registry: JobRegistry<Store.Transaction>
    private let configuration: WorkerConfiguration
    private let observer: any WorkerObserver
    private let logger: Logger
    private let identity = WorkerIdentity()
    private let runs = RunTable()
    private let life: Mutex<WorkerLife>
    private let draining = Mutex(false)
    private let stopsAsked = Signal()

    public init(
        store: Store, registry: JobRegistry<Store.Transaction>, configuration: WorkerConfiguration,
        observer: any WorkerObserver = SilentWorkerObserver(), logger: Logger
    ) {
        self.store = store
        self.registry = registry
        self.configuration = configuration
        self.observer = observer
        self.logger = logger
        self.life = Mutex(
            WorkerLife(
                now: ContinuousClock().now, isolationLimit: configuration.isolationLimit,
                probation: configuration.silenceLimit, trial: configuration.heartbeatInterval * 2))
    }

    /// True while the worker is registered, hears its store and takes work.
    public var isReady: Bool {
        let silence = self.life.withLock { $0.lastHeard }.duration(to: ContinuousClock().now)
        return self.identity.current != nil && silence < self.configuration.silenceLimit
            && !self.draining.withLock { $0 }
    }

    /// Runs under way.
    public var runningCount: Int { self.runs.count }

    public func run() async throws {
        let endings = EndingWriter(
            store: self.store, retryCap: self.configuration.endingRetryCap, observer: self.observer,
            logger: self.logger)
        let performer = JobPerformer(
            store: self.store, registry: self.registry, runs: self.runs, endings: endings,
            progress: ProgressWriter(store: self.store, logger: self.logger),
            commitPatience: self.configuration.isolationLimit, observer: self.observer, logger: self.logger)
        let runners = self.configuration.concurrency.sorted { $0.key < $1.key }.map { queue, slots in
            let prefetch = self.configuration.prefetch[queue] ?? 0
            return QueueRunner(
                queue: queue, defaults: QueueShare(slots: slots, prefetch: prefetch),
                desk: .init(slots: slots, prefetch: prefetch), store: self.store, performer: performer,
                endings: endings, identity: self.identity,
                pollInterval: self.configuration.pollInterval, observer: self.observer, logger: self.logger)
        }
        await withGracefulShutdownHandler {
            await withTaskExecutorPreference(self.store.executor) {
                await self.perform(runners, endings: endings)
            }
        } onGracefulShutdown: {
            self.drain(runners)
        }
        if let id = self.identity.current {
            do {
                try await self.store.unregister(id)
            } catch {
                // The row goes silent and is cleared by the others.
                self.logger.info("the worker could not sign off", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Returns when the queues are drained and every end is written.
    private func perform(_ runners: [QueueRunner<Store>], endings: EndingWriter<Store>) async {
        await withTaskGroup(of: Void.self) { upkeep in
            upkeep.addTask { await self.keepAlive(runners) }
            upkeep.addTask { await self.watchForStops(runners, endings: endings) }
            upkeep.addTask { await self.promote(runners) }
            upkeep.addTask { await self.rescue() }
            upkeep.addTask { await self.sweepDeadlines(endings: endings) }
            upkeep.addTask { await self.forwardWakeUps(to: runners) }
            await withTaskGroup(of: Void.self) { work in
                work.addTask { await endings.run() }
                await withTaskGroup(of: Void.self) { queues in
                    for runner in runners {
                        queues.addTask { await runner.run() }
                    }
                }
                endings.finish()
            }
            upkeep.cancelAll()
        }
    }

    private func drain(_ runners: [QueueRunner<Store>]) {
        self.draining.withLock { $0 = true }
        self.logger.info("draining", metadata: ["running": "\(self.runs.count)"])
        for runner in runners { runner.desk.drain() }
    }

    /// Registers, and from then on says every few seconds that this process lives.
    private func keepAlive(_ runners: [QueueRunner<Store>]) async {
        let clock = ContinuousClock()
        var drainingSince: ContinuousClock.Instant?
        while !Task.isCancelled {
            let isDraining = self.draining.withLock { $0 }
            do {
                if let id = self.identity.current {
                    let reply = try await self.store.heartbeat(
                        id, running: self.runs.count, isDraining: isDraining)
                    self.follow(reply, runners)
                    self.observer.heartbeat(isAlive: reply.isKnown)
                    switch self.life.withLock({ $0.heartbeatSucceeded(isKnown: reply.isKnown, now: clock.now) }) {
                    case .nothing, .cancelRuns:
                        break
                    case .startOver:
                        self.logger.warning("the store had given this worker up; it starts over")
                        self.identity.set(nil)
                        self.runs.stopAll(reason: .leaseLost)
                        continue
                    }
                } else {
                    let id = try await self.store.register(
                        WorkerDescription(
                            name: self.configuration.name, queues: self.configuration.concurrency.keys.sorted(),
                            slots: self.configuration.slots))
                    _ = self.life.withLock { $0.heartbeatSucceeded(isKnown: true, now: clock.now) }
                    self.identity.set(id)
                    for runner in runners { runner.desk.changed.raise() }
                    self.logger.info("registered", metadata: ["worker_id": "\(id)"])
                }
            } catch {
                guard !Task.isCancelled else { return }
                self.observer.heartbeat(isAlive: false)
                self.logger.warning("a heartbeat failed", metadata: ["error": "\(error)"])
                if self.life.withLock({ $0.heartbeatFailed(now: clock.now) }) == .cancelRuns {
                    self.logger.error("the store was away for too long, running jobs are stopped")
                    self.runs.stopAll(reason: .leaseLost)
                }
            }
            if isDraining {
                let since = drainingSince ?? clock.now
                drainingSince = since
                if since.duration(to: clock.now) >= self.configuration.drainTimeout {
                    self.runs.stopAll(reason: .draining)
                }
            }
            let pause = isDraining ? .milliseconds(250) : self.configuration.heartbeatInterval
            let retryPause = self.identity.current == nil ? min(pause, .seconds(1)) : pause
            do { try await clock.sleep(for: retryPause) } catch { return }
        }
    }

    private func promote(_ runners: [QueueRunner<Store>]) async {
        let clock = ContinuousClock()
        var generator = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            var pause = self.configuration.pollInterval
            do {
                let (promoted, nextDue) = try await self.store.promoteDue(limit: 500)
                if promoted > 0 {
                    for runner in runners { runner.desk.changed.raise() }
                }
                if let nextDue { pause = max(.milliseconds(20), min(pause, nextDue)) }
                if promoted >= 500 { continue }
            } catch {
                self.logger.debug("promoting due jobs failed", metadata: ["error": "\(error)"])
            }
            do {
                try await clock.sleep(for: pause * Double.random(in: 0.8...1.2, using: &generator))
            } catch { return }
        }
    }

    private func rescue() async {
        let clock = ContinuousClock()
        var sweptAt = clock.now - self.configuration.deadlineSweepInterval
        var generator = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            if self.life.withLock({ $0.mayRescue(now: clock.now) }) {
                do {
                    let isThorough = sweptAt.duration(to: clock.now) >= self.configuration.deadlineSweepInterval
                    if isThorough { sweptAt = clock.now }
                    let report = try await self.store.rescue(
                        silence: self.configuration.silenceLimit, isThorough: isThorough)
                    if report != RescueReport() {
                        self.observer.rescued(report)
                        self.logger.warning(
                            "lost work was rescued",
                            metadata: [
                                "lost_workers": "\(report.lostWorkers)", "requeued": "\(report.requeued)",
                                "discarded": "\(report.discarded)",
                            ])
                    }
                    // A claim of a lost worker may have been under way while its other leases were taken.
                    if report.lostWorkers > 0 { sweptAt = clock.now - self.configuration.deadlineSweepInterval }
                } catch {
                    self.logger.debug("the rescue sweep failed", metadata: ["error": "\(error)"])
                }
            }
            do {
                try await clock.sleep(
                    for: self.configuration.rescueInterval * Double.random(in: 0.8...1.2, using: &generator))
            } catch { return }
        }
    }

    private func sweepDeadlines(endings: EndingWriter<Store>) async {
        let clock = ContinuousClock()
        while !Task.isCancelled {
            for (job, ran) in self.runs.sweep(now: clock.now, grace: .seconds(5)) {
                self.logger.error(
                    "a handler ignores its cancellation", metadata: ["job_id": "\(job.lease.jobID)"])
                if let ending = JobPerformer<Store>.ending(
                    failure: CancellationError(), of: job, reason: .timedOut, ran: ran, registry: self.registry)
                {
                    endings.add(ending)
                }
            }
            do { try await clock.sleep(for: .milliseconds(200)) } catch { return }
        }
    }

    private func forwardWakeUps(to runners: [QueueRunner<Store>]) async {
        for await wakeUp in self.store.wakeUps {
            switch wakeUp {
            case .queue(let name):
                for runner in runners where runner.queue == name { runner.desk.changed.raise() }
            case .everything:
                for runner in runners { runner.desk.changed.raise() }
                self.stopsAsked.raise()
            case .stops:
                self.stopsAsked.raise()
            }
        }
    }

    /// Stops runs that somebody wants stopped: at once when a wake-up says so, and by asking now and then.
    private func watchForStops(_ runners: [QueueRunner<Store>], endings: EndingWriter<Store>) async {
        while !Task.isCancelled {
            await self.stopsAsked.wait(atMost: self.configuration.stopPollInterval, clock: ContinuousClock())
            guard self.runs.count > 0, let id = self.identity.current else { continue }
            do {
                let wanted = Set(try await self.store.stopWishes(for: id))
                for runner in runners {
                    endings.add(
                        runner.desk.withdraw(wanted).map {
                            JobEnding(job: $0, action: .cancel, code: "cancelled", message: "cancelled on request")
                        })
                }
                self.runs.stop(jobs: wanted)
            } catch {
                // The wish stays where it is until it is heard.
                self.logger.debug("asking for stops failed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Takes over what operators set for this worker and its queues.
    private func follow(_ reply: HeartbeatReply, _ runners: [QueueRunner<Store>]) {
        for runner in runners {
            let share = reply.shares[runner.queue]
            runner.desk.adjust(
                slots: share?.slots ?? runner.defaults.slots ?? 1,
                prefetch: share?.prefetch ?? runner.defaults.prefetch ?? 0, isQuiet: reply.wish == .quiet)
        }
        if reply.wish == .stop, !self.draining.withLock({ $0 }) { self.drain(runners) }
    }
}
