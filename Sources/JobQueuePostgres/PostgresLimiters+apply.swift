import JobQueue

extension PostgresLimiters {
    /// Makes the limits those of the operators' file and answers what changed. What refusals taught stays, within the
    /// new bounds.
    func apply(_ providers: [String: QueueNumbers.Provider]) async throws -> [NumberChange] {
        var wanted: [Key: Double] = [:]
        for (name, provider) in providers {
            wanted[Key(name: name, axis: .requests)] = provider.requestsPerMinute.map(Double.init)
            wanted[Key(name: name, axis: .tokens)] = provider.tokensPerMinute.map(Double.init)
            wanted[Key(name: name, axis: .concurrency)] = provider.concurrency.map(Double.init)
        }
        var current: [Key: Double] = [:]
        for status in try await self.list() {
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
