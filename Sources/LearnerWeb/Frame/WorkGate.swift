public import Learners

extension LearnerWeb {
    /// How often one caller may ask for work, whichever way.
    public struct WorkGate: Sendable {
        /// Counts a request for work; `nil` when it is admitted, else whole seconds to wait.
        public var admit: @Sendable (LearnerID) -> Int?
        /// Takes a request out of account again that turned out to ask for no work.
        public var giveBack: @Sendable (LearnerID) -> Void

        /// A gate from its two ways.
        public init(
            admit: @escaping @Sendable (LearnerID) -> Int?, giveBack: @escaping @Sendable (LearnerID) -> Void
        ) {
            self.admit = admit
            self.giveBack = giveBack
        }

        /// Admits everything.
        public static let open = WorkGate(admit: { _ in nil }, giveBack: { _ in })
    }
}
