import HTTPTypes
import Hummingbird
import IPAddresses
import Learners
import Synchronization

/// Counts requests for work against the rates and says so in the answers (draft-ietf-httpapi-ratelimit-headers).
struct RequestRates: Sendable {
    private let limits: RateLimits
    private let limiter: RateLimiter

    init(_ limits: RateLimits, time: Timekeeper) {
        self.limits = limits
        self.limiter = RateLimiter(time: time)
    }

    /// Counts a request.
    /// - Returns: the headers for its answer.
    /// - Throws: ``Problem`` with `rateLimited` and the time to wait.
    func count(_ caller: Caller) throws(Problem) -> HTTPFields {
        let policies = self.policies(for: caller)
        guard !policies.isEmpty else { return [:] }
        let decisions = self.limiter.admit(policies.map(\.bucket))
        self.limiter.trim()
        var headers: HTTPFields = [:]
        headers[.rateLimitPolicy] = zip(policies, decisions).map {
            "\"\($0.word)\";q=\($1.limit);w=\(RateLimiter.window.components.seconds)"
        }.joined(separator: ", ")
        headers[.rateLimit] = zip(policies, decisions).map {
            "\"\($0.word)\";r=\($1.remaining);t=\($1.reset.wholeSecondsUp)"
        }.joined(separator: ", ")
        let waits = decisions.filter { !$0.isAdmitted }.map(\.reset)
        guard let wait = waits.max() else { return headers }
        var problem = Problem(
            .rateLimited, "This caller asks more often than the policies allow.",
            retryAfter: max(1, wait.wholeSecondsUp))
        problem.headers.append(contentsOf: headers)
        throw problem
    }

    /// Takes a request out of account again that turned out to ask for no work.
    func giveBack(_ caller: Caller) {
        self.limiter.giveBack(self.policies(for: caller).map(\.bucket))
    }

    /// Who asks, and from where.
    struct Caller: Sendable {
        var learner: LearnerID?
        /// Who signed in, for whom there need be no learner yet.
        var identity: LearnerIdentity?
        var peer: IPAddress?
        /// The values of `X-Forwarded-For`.
        var forwardedFor: [String]
    }

    private struct Policy {
        let word: String
        let key: String
        let limit: Int

        var bucket: (name: String, limit: Int) { ("\(self.word) \(self.key)", self.limit) }
    }

    private func policies(for caller: Caller) -> [Policy] {
        var policies: [Policy] = []
        if let limit = self.limits.learnerPerMinute, let key = caller.learner?.text ?? caller.identity?.fingerprint {
            policies.append(Policy(word: "learner", key: key, limit: limit))
        }
        if let limit = self.limits.addressPerMinute,
            let client = self.limits.client(peer: caller.peer, forwardedFor: caller.forwardedFor)
        {
            let key = client.subscriberBytes.map { String($0, radix: 16) }.joined(separator: ".")
            policies.append(Policy(word: "address", key: key, limit: limit))
        }
        return policies
    }
}

extension APIRequest {
    /// Whose request it is for the rates: who signed in, whatever the header says, else who the header names. A malformed
    /// id is refused by the route itself.
    var caller: RequestRates.Caller {
        let learner = if let signedIn { signedIn.learner } else { try? self.namedLearner() }
        return RequestRates.Caller(
            learner: learner, identity: self.signedIn?.identity, peer: self.peer,
            forwardedFor: self.request.headers[values: .forwardedFor])
    }
}

/// Whether a request counts against the rates, as its route finds out.
final class RateReceipt: Sendable {
    private let waived = Mutex(false)

    var isWaived: Bool { self.waived.withLock { $0 } }

    /// The request asked for no work.
    func waive() { self.waived.withLock { $0 = true } }
}
