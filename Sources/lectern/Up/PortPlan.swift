import ProcessBootstrap

/// The ports of one installation, all shifted together.
struct PortPlan: Sendable, Hashable {
    let offset: Int

    /// - Throws: ``Settings/Problem`` when a port would leave the range.
    init(offset: Int) throws {
        guard offset >= 0, Self.postgresBase + offset <= 65_535 else {
            throw Settings.Problem("--port-offset is \(offset), not 0 to \(65_535 - Self.postgresBase)")
        }
        self.offset = offset
    }

    private static let postgresBase = 54_320

    var postgres: Int { Self.postgresBase + self.offset }

    subscript(role: ProcessRole) -> Int { role.defaultPort + self.offset }

    var all: [(name: String, port: Int)] {
        [("PostgreSQL", self.postgres)]
            + ProcessRole.allCases.filter { $0 != .command }.map { ($0.rawValue, self[$0]) }
    }
}
