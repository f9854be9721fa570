/// What one process has of one axis of rate.
struct Slice {
    var isLimited = false
    var balance = 0.0
    /// Spent from the present slice: the next one is about as large.
    var spent = 0.0
    var owed = 0.0
    /// What the question under way takes along, to be put back when it fails.
    var underWay = 0.0

    mutating func share(need: Double, waiting: Double) -> LimiterRequest.Share {
        // What is left goes back, and the need is met from the new slice as a whole.
        self.underWay = self.owed - (need > 0 ? self.balance : 0)
        let share = LimiterRequest.Share(
            need: need, want: need > 0 ? max(need, waiting, 2 * self.spent) : 0, owed: self.underWay)
        self.owed = 0
        if need > 0 { self.balance = 0 }
        return share
    }

    mutating func spend(_ amount: Double) {
        guard self.isLimited else { return }
        self.balance -= amount
        self.spent += amount
    }
}
