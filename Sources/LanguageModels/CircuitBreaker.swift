/// Keeps requests from a provider that fails: they end at once instead of waiting for one more failure.
///
/// A value without a clock of its own: every event brings its instant. Closed, requests pass and their outcomes are
/// counted. Open, none passes. When the pause is over, one request passes as a probe and decides: an answer closes the
/// breaker, a failure opens it again, for twice as long.
public struct CircuitBreaker: Sendable {
    /// When a breaker opens, and for how long.
    public struct Configuration: Hashable, Sendable {
        /// So many failures without an answer in between.
        public var consecutiveFailures = 5
        /// Or this share of the outcomes within `window`, once there are `fewestOutcomes`.
        public var failureShare = 0.5
        public var fewestOutcomes = 10
        public var window = Duration.seconds(60)
        /// The first pause; doubled with every failed probe, up to `longestPause`.
        public var firstPause = Duration.seconds(5)
        /// The first pause of a provider that denies the request: a wrong key, an unknown model, a quota used up.
        public var denialPause = Duration.seconds(60)
        public var longestPause = Duration.seconds(300)
        /// A refusal for pace opens the breaker when it asks for more patience than this.
        public var patience = Duration.seconds(30)

        /// The defaults.
        public init() {}
    }

    /// How a request ended, as far as it tells of the provider.
    public enum Outcome: Hashable, Sendable {
        /// The provider works.
        case answered
        /// It failed, or cannot be reached.
        case failed(retryAfter: Duration?)
        /// It will not serve us before somebody does something about it.
        case denied(retryAfter: Duration?)
        /// It wants fewer requests: a matter for the limits, unless it wants none for long.
        case limited(retryAfter: Duration?)
        /// Nobody learned anything: the request was not sent, or was given up.
        case abandoned
    }

    /// The leave to send one request; handed back with its outcome.
    public struct Pass: Hashable, Sendable {
        /// Whether the request decides if the breaker closes.
        public let isProbe: Bool
        fileprivate let era: Int
    }

    /// Whether a request may go.
    public enum Verdict: Hashable, Sendable {
        case pass(Pass)
        /// Not now; asking again may help after this time.
        case refused(retryAfter: Duration)
    }

    /// What the breaker does with requests.
    public enum State: Hashable, Sendable {
        case closed
        case open(until: ContinuousClock.Instant)
        /// A probe is under way.
        case halfOpen
    }

    public private(set) var state = State.closed
    private let configuration: Configuration
    /// Grows with every change of state. What began in an earlier one has no say any more.
    private var era = 0
    /// Openings since the last answer.
    private var trips = 0
    private var failuresInARow = 0
    private var outcomes: [(at: ContinuousClock.Instant, isFailure: Bool)] = []

    /// The most outcomes that are remembered.
    private static let memory = 100

    /// A closed breaker.
    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
    }

    /// Asks whether a request may go at `now`. Every pass must be handed back to ``ended(_:_:at:)``.
    public mutating func admit(at now: ContinuousClock.Instant) -> Verdict {
        switch self.state {
        case .closed:
            return .pass(Pass(isProbe: false, era: self.era))
        case .open(let until) where now < until:
            return .refused(retryAfter: now.duration(to: until))
        case .open:
            self.era += 1
            self.state = .halfOpen
            return .pass(Pass(isProbe: true, era: self.era))
        case .halfOpen:
            return .refused(retryAfter: self.configuration.firstPause)
        }
    }

    /// Takes the outcome of a request that had a pass.
    public mutating func ended(_ pass: Pass, _ outcome: Outcome, at now: ContinuousClock.Instant) {
        guard pass.era == self.era else { return }
        switch outcome {
        case .denied(let retryAfter):
            self.trip(from: self.configuration.denialPause, retryAfter, at: now)
        case .limited(let retryAfter?) where retryAfter > self.configuration.patience:
            self.open(for: retryAfter, at: now)
        case .failed(let retryAfter):
            self.note(isFailure: true, at: now)
            if pass.isProbe || self.isFailing { self.trip(from: self.configuration.firstPause, retryAfter, at: now) }
        case .answered, .limited:
            // Who refuses for pace is there and works.
            if pass.isProbe { self.close() }
            if outcome == .answered { self.note(isFailure: false, at: now) }
        case .abandoned:
            // The next request probes.
            if pass.isProbe { self.state = .open(until: now) }
        }
    }

    private mutating func note(isFailure: Bool, at now: ContinuousClock.Instant) {
        self.failuresInARow = isFailure ? self.failuresInARow + 1 : 0
        self.outcomes.append((now, isFailure))
        let start = now - self.configuration.window
        self.outcomes.removeAll { $0.at < start }
        if self.outcomes.count > Self.memory { self.outcomes.removeFirst(self.outcomes.count - Self.memory) }
    }

    private var isFailing: Bool {
        if self.failuresInARow >= self.configuration.consecutiveFailures { return true }
        guard self.outcomes.count >= self.configuration.fewestOutcomes else { return false }
        let failures = self.outcomes.count(where: \.isFailure)
        return Double(failures) >= self.configuration.failureShare * Double(self.outcomes.count)
    }

    private mutating func trip(from first: Duration, _ retryAfter: Duration?, at now: ContinuousClock.Instant) {
        var pause = first
        for _ in 0..<self.trips where pause < self.configuration.longestPause { pause *= 2 }
        self.trips += 1
        self.open(for: max(min(pause, self.configuration.longestPause), retryAfter ?? .zero), at: now)
    }

    private mutating func open(for pause: Duration, at now: ContinuousClock.Instant) {
        self.era += 1
        self.state = .open(until: now + pause)
        self.forget()
    }

    private mutating func close() {
        self.era += 1
        self.state = .closed
        self.trips = 0
        self.forget()
    }

    private mutating func forget() {
        self.failuresInARow = 0
        self.outcomes = []
    }
}

extension CircuitBreaker.Outcome {
    /// What an error tells of the provider.
    public init(_ error: LanguageModelError) {
        switch error.code {
        case .cancelled: self = .abandoned
        // The model met its limit or declined: it works.
        case .refused: self = .answered
        case .truncated where !error.isTransient: self = .answered
        case .unauthorized: self = .denied(retryAfter: error.retryAfter)
        case .rateLimited where !error.isTransient: self = .denied(retryAfter: error.retryAfter)
        case .rateLimited(let retryAfter): self = .limited(retryAfter: retryAfter)
        // These find fault with one request; another may be sound.
        case .rejected where [400, 413, 422].contains(error.status): self = .failed(retryAfter: error.retryAfter)
        case .rejected: self = .denied(retryAfter: error.retryAfter)
        case .unreachable, .timeout, .serverError, .malformedAnswer, .truncated, .tooLarge:
            self = .failed(retryAfter: error.retryAfter)
        }
    }
}
