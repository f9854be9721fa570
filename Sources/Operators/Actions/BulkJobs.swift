import ContentHashing
import Foundation
import JobQueue
public import JobQueuePostgres

/// Something that is done to many jobs at once.
public enum BulkAction: String, Hashable, Sendable, CaseIterable, Codable {
    /// Dead letters run again.
    case retry
    /// Jobs that wait or run are stopped.
    case cancel
    /// Dead letters are given up.
    case discard

    /// The states of the jobs that it is for.
    var states: [JobSnapshot.State] {
        switch self {
        case .retry, .discard: [.dead]
        case .cancel: [.ready, .scheduled, .blocked, .running]
        }
    }
}

/// What a bulk action would do if it were done now.
public struct BulkPlan: Hashable, Sendable {
    /// The newest jobs come first, at most ``BulkPlan/maximumCount``.
    public var jobs: [JobListEntry]
    /// More match than one plan takes; apply it and plan again.
    public var isCutOff: Bool
    /// Of the action and the jobs; `apply` does nothing where it is another one by then.
    public var hash: String

    /// Jobs of one plan.
    public static let maximumCount = 1_000
}

/// What a bulk action did.
public struct BulkReport: Hashable, Sendable {
    public var done = 0
    /// Jobs that had moved on between the plan and their turn.
    public var skipped = 0
}

extension OperatorActions {
    /// Works out what an action would do; changes nothing.
    ///
    /// - Throws: ``SteeringError`` for a filter on a state that the action is not for.
    public func plan(_ action: BulkAction, _ filter: JobListFilter) async throws -> BulkPlan {
        if let state = filter.state, !action.states.contains(state) {
            throw SteeringError(.senseless, "\(action.rawValue) is not for jobs in the state \(state.rawValue).")
        }
        var found: [JobListEntry] = []
        for state in filter.state.map({ [$0] }) ?? action.states {
            var one = filter
            one.state = state
            found += try await self.list.jobs(one, limit: BulkPlan.maximumCount)
        }
        let jobs = Array(found.sorted { $0.id.rawValue > $1.id.rawValue }.prefix(BulkPlan.maximumCount))
        var hasher = SHA256Hasher()
        hasher.update(Array(action.rawValue.utf8))
        for job in jobs { hasher.update(Array(" \(job.id)".utf8)) }
        return BulkPlan(jobs: jobs, isCutOff: found.count >= BulkPlan.maximumCount, hash: hasher.finalizeHex())
    }

    /// Does what was planned.
    ///
    /// - Parameters:
    ///   - hash: ``BulkPlan/hash`` of the plan that somebody agreed to.
    ///   - reason: why, for the record.
    /// - Throws: ``SteeringError`` with `moved` where other jobs match by now; nothing was done then.
    public func apply(
        _ action: BulkAction, _ filter: JobListFilter, hash: String, reason: String, by hand: Hand
    ) async throws -> BulkReport {
        let plan = try await self.plan(action, filter)
        guard plan.hash == hash else {
            throw SteeringError(.moved, "Other jobs match than when this was planned; look at a new plan.")
        }
        let subject = [
            filter.queue.map { "queue:\($0)" }, filter.kind.map { "kind:\($0)" }, filter.code.map { "code:\($0)" },
            filter.state.map { "state:\($0.rawValue)" },
        ].compactMap(\.self).joined(separator: " ")
        let act = OperatorAct(
            "jobs.\(action.rawValue)", on: subject.isEmpty ? "all jobs" : subject, reason: reason,
            detail: #"{"count":\#(plan.jobs.count),"hash":"\#(hash)"}"#)
        let detail = { (report: BulkReport) in #"{"done":\#(report.done),"skipped":\#(report.skipped)}"# }
        return try await self.recording(act, hand, detail: detail) {
            var report = BulkReport()
            for job in plan.jobs {
                try Task.checkCancellation()
                if try await self.act(action, on: job.id, reason: reason, actor: hand.who.name) {
                    report.done += 1
                } else {
                    report.skipped += 1
                }
            }
            return report
        }
    }
}
