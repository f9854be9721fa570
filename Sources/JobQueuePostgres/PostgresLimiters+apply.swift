public import JobQueue

extension PostgresLimiters {
    private static let ownPrefix = "providers/"

    /// The limiter of a provider that has its limits in a file of its own, not among the queue's numbers.
    public static func name(ofProvider provider: String) -> String { self.ownPrefix + provider }

    /// Makes the limits of such a provider these, and takes away what it has besides. What refusals taught stays, within
    /// the new bounds.
    public func apply(_ limits: QueueNumbers.Provider, ofProvider provider: String) async throws {
        let name = Self.name(ofProvider: provider)
        let wanted: [(RateAxis, Int?)] = [
            (.requests, limits.requestsPerMinute), (.tokens, limits.tokensPerMinute),
            (.concurrency, limits.concurrency),
        ]
        for (axis, ceiling) in wanted {
            if let ceiling {
                try await self.configure(name, RateLimit(axis, ceiling: Double(ceiling)))
            } else {
                _ = try await self.remove(name, axis)
            }
        }
    }

    /// Makes the limits those of the operators' file and answers what changed. What refusals taught stays, within the
    /// new bounds. Limits of providers with a file of their own stay as they are.
    func apply(_ providers: [String: QueueNumbers.Provider]) async throws -> [NumberChange] {
        var wanted: [Key: Double] = [:]
        for (name, provider) in providers {
            wanted[Key(name: name, axis: .requests)] = provider.requestsPerMinute.map(Double.init)
            wanted[Key(name: name, axis: .tokens)] = provider.tokensPerMinute.map(Double.init)
            wanted[Key(name: name, axis: .concurrency)] = provider.concurrency.map(Double.init)
        }
        var current: [Key: Double] = [:]
        for status in try await self.list() where !status.name.hasPrefix(Self.ownPrefix) {
            current[Key(name: status.name, axis: status.limit.axis)] = status.limit.ceiling
        }
        var changes: [NumberChange] = []
        for key in Set(wanted.keys).union(current.keys).sorted(by: {
            ($0.name, $0.axis.rawValue) < ($1.name, $1.axis.rawValue)
        })
        where wanted[key] != current[key] {
            if let ceiling = wanted[key] {
                try await self.configure(key.name, RateLimit(key.axis, ceiling: ceiling))
            } else {
                _ = try await self.remove(key.name, key.axis)
            }
            changes.append(
                NumberChange(
                    subject: "provider \(key.name)", number: key.axis.rawValue,
                    was: current[key].map(Self.text), becomes: wanted[key].map(Self.text)))
        }
        return changes
    }

    private static func text(_ ceiling: Double) -> String {
        ceiling == ceiling.rounded() ? String(Int64(ceiling)) : String(ceiling)
    }

    private struct Key: Hashable {
        var name: String
        var axis: RateAxis
    }
}
