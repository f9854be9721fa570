import CurlHTTP
import FoundationEssentials

/// How long an issuer's keys are kept, and how often it is asked for them.
public struct KeyFreshness: Hashable, Sendable {
    /// Keys older than this are asked for again, while the known ones still serve.
    public var refreshAfter: Duration = .seconds(600)
    /// The issuer is not asked more often than this, whatever tokens come: a made-up key's name costs one look.
    public var minimumInterval: Duration = .seconds(30)
    /// Keys that could not be refreshed for so long are no longer trusted: one of them may have been withdrawn.
    public var trustedFor: Duration = .seconds(24 * 3_600)
    /// The limit of each of the two requests, from asking to the last byte.
    public var timeout: Duration = .seconds(5)
    /// The longest key set or self-description, in bytes.
    public var maximumBytes = 256 << 10

    /// The defaults.
    public init() {}
}

/// Knows one issuer's keys: asks for them when they are first needed, when they are old, and when a token names one
/// that is not known. However many callers wait, one of them asks.
actor KeyDirectory {
    private let policy: TokenPolicy
    private let freshness: KeyFreshness
    private let http: HTTPClient
    /// Time since an arbitrary beginning.
    private let elapsed: @Sendable () -> Duration

    private var keys: SigningKeys?
    /// When they came.
    private var keysAt: Duration = .zero
    /// When they were last asked for, and what came of it.
    private var asked: (at: Duration, failure: TokenError?)?
    private var underWay: Task<Result<SigningKeys, TokenError>, Never>?

    init(
        policy: TokenPolicy, freshness: KeyFreshness, http: HTTPClient, elapsed: @escaping @Sendable () -> Duration
    ) {
        self.policy = policy
        self.freshness = freshness
        self.http = http
        self.elapsed = elapsed
    }

    /// Keys among which the one of that name should be. They may lack it: then the issuer does not have it, or was
    /// asked moments ago.
    /// - Throws: ``TokenError`` with `keysUnavailable`.
    func keys(holding kid: String?, for algorithm: SigningAlgorithm) async throws(TokenError) -> SigningKeys {
        let now = self.elapsed()
        if let keys = self.keys, now - self.keysAt < self.freshness.trustedFor {
            guard keys.key(kid, for: algorithm) == nil else {
                if now - self.keysAt >= self.freshness.refreshAfter, self.mayAsk(now) { _ = self.asking() }
                return keys
            }
            guard self.underWay != nil || self.mayAsk(now) else { return keys }
            // Without an answer the known keys are still the issuer's last word.
            return (try? await self.asking().value.get()) ?? keys
        }
        self.keys = nil
        if self.underWay == nil, !self.mayAsk(now) {
            throw self.asked?.failure ?? .unavailable("The issuer's keys have become too old.")
        }
        return try await self.asking().value.get()
    }

    private func mayAsk(_ now: Duration) -> Bool {
        guard self.underWay == nil else { return false }
        return self.asked.map { now - $0.at >= self.freshness.minimumInterval } ?? true
    }

    private func asking() -> Task<Result<SigningKeys, TokenError>, Never> {
        if let underWay { return underWay }
        // On its own, so that a caller who leaves takes nothing from the others; its deadlines end it.
        let task = Task { await self.ask() }
        self.underWay = task
        return task
    }

    private func ask() async -> Result<SigningKeys, TokenError> {
        let result: Result<SigningKeys, TokenError>
        do throws(TokenError) {
            let address: String
            if let url = self.policy.keysURL { address = url } else { address = try await self.discoveredAddress() }
            result = .success(
                try await SigningKeys(try await self.read(address), algorithms: self.policy.algorithms))
        } catch {
            result = .failure(error)
        }
        let now = self.elapsed()
        self.underWay = nil
        switch result {
        case .success(let keys):
            (self.keys, self.keysAt, self.asked) = (keys, now, (now, nil))
        case .failure(let error):
            self.asked = (now, error)
        }
        return result
    }

    private struct Description: Decodable {
        let issuer: String
        let keys: String

        enum CodingKeys: String, CodingKey {
            case issuer
            case keys = "jwks_uri"
        }
    }

    /// Where the issuer says its keys are (OpenID Connect Discovery 1.0, section 4.3).
    private func discoveredAddress() async throws(TokenError) -> String {
        let body = try await self.read(self.policy.discoveryURL)
        guard let description = try? JSONDecoder().decode(Description.self, from: Data(body)) else {
            throw .unavailable("The issuer's description of itself cannot be read.")
        }
        guard description.issuer == self.policy.issuer else {
            throw .unavailable("The issuer describes itself under another name than the configured one.")
        }
        do {
            try TokenPolicy.check(description.keys, "The address of the keys")
        } catch {
            throw .unavailable("\(error)")
        }
        return description.keys
    }

    private func read(_ url: String) async throws(TokenError) -> [UInt8] {
        let request = HTTPClientRequest(
            url: url, headers: [("Accept", "application/json")], timeout: self.freshness.timeout,
            connectTimeout: self.freshness.timeout, maximumResponseBytes: self.freshness.maximumBytes)
        let response: HTTPClientResponse
        do {
            response = try await self.http.execute(request)
        } catch {
            throw .unavailable("\(error)")
        }
        guard response.status == 200 else { throw .unavailable("\(request) was answered \(response.status).") }
        return response.body
    }
}
