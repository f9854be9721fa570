/// How long to wait before the next attempt to connect.
///
///     failures in a row   1       2       3     4     …  7 and more
///     wait                0.25 s  0.5 s   1 s   2 s   …  15 s          (each times 0.5 to 1)
///
/// The random half keeps many clients of one restarted server from returning at the same moment.
struct ReconnectBackoff: Hashable, Sendable {
    var range = Duration.milliseconds(250)...Duration.seconds(15)

    /// `jitter` lies in 0…1.
    func delay(afterFailures failures: Int, jitter: Double) -> Duration {
        let doublings = min(max(failures - 1, 0), 16)
        let full = min(self.range.lowerBound * (1 << doublings), self.range.upperBound)
        return full * (0.5 + min(max(jitter, 0), 1) / 2)
    }
}
