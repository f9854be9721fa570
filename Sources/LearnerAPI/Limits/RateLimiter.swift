import Synchronization

/// Token buckets of one minute, one for each name. The memory is bounded: what was not used of late is forgotten, which
/// is as good as a full bucket.
final class RateLimiter: Sendable {
    /// Seconds in which an empty bucket fills.
    static let window: Duration = .seconds(60)

    /// What became of a request.
    struct Decision: Hashable, Sendable {
        var isAdmitted: Bool
        /// The bucket's size.
        var limit: Int
        /// Requests that would still be admitted now.
        var remaining: Int
        /// Until the bucket is full again; until the next request is admitted, for one that was not.
        var reset: Duration
    }

    /// For each name the time at which its bucket will be full. The older half goes when the younger one is large.
    private struct Buckets {
        var young: [String: Duration] = [:]
        var old: [String: Duration] = [:]
    }

    private let maximumNames: Int
    private let time: Timekeeper
    private let buckets = Mutex(Buckets())

    /// - Parameter maximumNames: of which the state is kept, twice at most.
    init(maximumNames: Int = 50_000, time: Timekeeper) {
        self.maximumNames = maximumNames
        self.time = time
    }

    /// Takes one token from each bucket, or none where one of them is empty.
    func admit(_ wanted: [(name: String, limit: Int)]) -> [Decision] {
        let now = self.time.now()
        return self.buckets.withLock { buckets in
            let fills = wanted.map { max(buckets.young[$0.name] ?? buckets.old[$0.name] ?? now, now) }
            let isAdmitted = zip(wanted, fills).allSatisfy { $1 - now + Self.token($0.limit) <= Self.window }
            return zip(wanted, fills).map { bucket, full in
                let token = Self.token(bucket.limit)
                guard isAdmitted else {
                    let wait = full - now + token - Self.window
                    return Decision(
                        isAdmitted: wait <= .zero, limit: bucket.limit,
                        remaining: Self.remaining(bucket.limit, until: full - now), reset: max(wait, .zero))
                }
                buckets.young[bucket.name] = full + token
                return Decision(
                    isAdmitted: true, limit: bucket.limit,
                    remaining: Self.remaining(bucket.limit, until: full + token - now), reset: full + token - now)
            }
        }
    }

    /// Puts a token back into each bucket.
    func giveBack(_ wanted: [(name: String, limit: Int)]) {
        self.buckets.withLock { buckets in
            for bucket in wanted {
                guard let full = buckets.young[bucket.name] ?? buckets.old[bucket.name] else { continue }
                buckets.young[bucket.name] = full - Self.token(bucket.limit)
            }
        }
    }

    /// Forgets what is not needed. Called after ``admit(_:)``, at a cost that many requests share.
    func trim() {
        self.buckets.withLock { buckets in
            guard buckets.young.count >= self.maximumNames else { return }
            buckets.old = buckets.young
            buckets.young = [:]
        }
    }

    /// Names of which something is remembered.
    var count: Int { self.buckets.withLock { $0.young.count + $0.old.count } }

    private static func token(_ limit: Int) -> Duration { Self.window / limit }

    private static func remaining(_ limit: Int, until full: Duration) -> Int {
        max(0, Int(((Self.window - full) / Self.token(limit) + 1e-9).rounded(.down)))
    }
}
