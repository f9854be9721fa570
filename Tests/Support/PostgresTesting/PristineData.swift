import Foundation

/// The data of a cluster as `initdb` leaves it, made once per process and copied for each cluster.
actor PristineData {
    static let shared = PristineData()
    private var making: Task<String, any Error>?
    /// Removes the folder when this process ends.
    private var keeper: ChildProcess?

    func path(_ binaries: PostgresBinaries) async throws -> String {
        if let making { return try await making.value }
        // Shared by all tests, so no single test's cancellation may end it.
        let task = Task { try await self.make(binaries) }
        self.making = task
        return try await task.value
    }

    private func make(_ binaries: PostgresBinaries) async throws -> String {
        let folder = try TemporaryFolder.make("lectern-pristine")
        try UnprivilegedUser.own(folder)
        self.keeper = try ChildProcess(["/bin/sleep", "infinity"], folder: folder, orphanSignal: "TERM")
        let initdb = [
            binaries.path(of: "initdb"), "-D", "\(folder)/data", "-U", "lectern", "-A", "trust", "-E", "UTF8",
            "--no-locale", "--no-sync",
        ]
        try await ChildProcess.output(of: try UnprivilegedUser.command(initdb))
        return "\(folder)/data"
    }
}
