/// How the time of some work grows with its input.
enum Growth {
    /// The time for eight times the input over the time for the input: 8 for linear work, 64 for quadratic.
    ///
    /// Other work on the machine can only make a measurement longer, so each time is the shortest of several, and a
    /// ratio that looks bad is measured anew before it counts.
    static func ratio(small: Int, _ work: (Int) -> Void) -> Double {
        let clock = ContinuousClock()
        var best = Double.infinity
        for _ in 0..<4 where best > 20 {
            var times = (small: Duration.seconds(1_000), large: Duration.seconds(1_000))
            for _ in 0..<3 {
                times.small = min(times.small, clock.measure { work(small) })
                times.large = min(times.large, clock.measure { work(small * 8) })
            }
            best = min(best, times.large / max(times.small, .milliseconds(1)))
        }
        return best
    }
}
