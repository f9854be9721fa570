import ContentHashing
import JobQueue

/// One object that a book wants in the bucket.
struct BookObject: Sendable {
    var key: String
    var body: [UInt8]
    /// Of the body, 64 hex digits.
    var sha256: String
}

/// Brings objects into the bucket and believes only what the bucket says it holds.
struct BookObjects: Sendable {
    /// Calls to the storage server at a time.
    static let parallel = 8

    /// Pauses before a call that failed for a moment is made again.
    private static let pauses: [Duration] = [.milliseconds(20), .milliseconds(100), .milliseconds(500)]

    let bucket: LessonBucket
    var clock: any Clock<Duration> = ContinuousClock()

    /// Removes objects; one that is not there counts as removed.
    func remove(_ keys: [String]) async throws -> Int {
        try await self.forEach(keys) { key in
            try await self.call { try await self.bucket.delete(key) }
            return 1
        }
    }

    /// Makes the bucket hold the object just as it is.
    /// - Returns: whether it had to be written.
    /// - Throws: `JobError`.
    func store(_ object: BookObject) async throws -> Bool {
        let size = object.body.count
        let isThere = try await self.call {
            try await self.bucket.holds(object.key, size: size, sha256: object.sha256)
        }
        if isThere { return false }
        let info = try await self.call { try await self.bucket.put(object.key, object.body) }
        let isWhole: Bool
        if let told = info.sha256 {
            isWhole = info.size == size && told == object.sha256
        } else {
            isWhole = try await self.call {
                try await self.bucket.holds(object.key, size: size, sha256: object.sha256)
            }
        }
        guard isWhole else {
            throw JobError.retry("object_corrupt", "the bucket holds other bytes under \(object.key) than were sent")
        }
        return true
    }

    /// One call to the bucket. What a server answers once in a while is not worth a job's attempt, so it is asked again.
    /// - Throws: `JobError`.
    func call<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        var pauses = Self.pauses[...]
        while true {
            do {
                return try await body()
            } catch {
                try Task.checkCancellation()
                let failure = LessonBodyError(storage: error)
                guard failure.isRetryable else { throw JobError.permanent(failure.code.rawValue, failure.message) }
                guard let pause = pauses.popFirst() else {
                    throw JobError.retry(failure.code.rawValue, failure.message)
                }
                try await self.clock.sleep(for: pause)
            }
        }
    }

    /// Adds up what the calls return, some of which run at the same time.
    func forEach<Element: Sendable>(
        _ elements: [Element], _ body: @escaping @Sendable (Element) async throws -> Int
    ) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            var sum = 0
            for (index, element) in elements.enumerated() {
                if index >= Self.parallel { sum += try await group.next() ?? 0 }
                group.addTask { try await body(element) }
            }
            for try await count in group { sum += count }
            return sum
        }
    }

    /// The elements for which the call answers true, in their order.
    func filter<Element: Sendable>(
        _ elements: [Element], _ isWanted: @escaping @Sendable (Element) async throws -> Bool
    ) async throws -> [Element] {
        let wanted = try await withThrowingTaskGroup(of: Int?.self) { group in
            var wanted: [Int] = []
            for (index, element) in elements.enumerated() {
                if index >= Self.parallel, let found = try await group.next() ?? nil { wanted.append(found) }
                group.addTask { try await self.call { try await isWanted(element) } ? index : nil }
            }
            for try await found in group {
                if let found { wanted.append(found) }
            }
            return wanted
        }
        return wanted.sorted().map { elements[$0] }
    }
}
