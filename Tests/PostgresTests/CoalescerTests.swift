import Postgres
import Synchronization
import Testing

struct CoalescerTests {
    private struct Away: Error {}

    @Test func everybodyGetsTheirOwnAnswerFromFewLookUps() async throws {
        let lookUps = Mutex(0)
        let largest = Mutex(0)
        let coalescer = Coalescer<Int, Int>(maximumLeaders: 2, maximumItems: 16) { items in
            lookUps.withLock { $0 += 1 }
            largest.withLock { $0 = max($0, items.count) }
            for _ in 0..<5 { await Task.yield() }
            return items.map { $0 * $0 }
        }
        let answers = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            for item in 0..<500 { group.addTask { (item, try await coalescer.answer(for: item)) } }
            return try await group.reduce(into: [Int: Int]()) { $0[$1.0] = $1.1 }
        }
        #expect(answers.count == 500)
        #expect(answers.allSatisfy { $0.value == $0.key * $0.key })
        #expect(largest.withLock { $0 } <= 16)
        #expect(lookUps.withLock { $0 } <= 500)
    }

    @Test func anErrorIsEverybodysAndTheNextLookUpWorks() async throws {
        let isAway = Mutex(true)
        let coalescer = Coalescer<Int, Int>(maximumLeaders: 1, maximumItems: 8) { items in
            await Task.yield()
            if isAway.withLock({ $0 }) { throw Away() }
            return items
        }
        let failures = await withTaskGroup(of: Bool.self) { group in
            for item in 0..<40 {
                group.addTask {
                    do {
                        _ = try await coalescer.answer(for: item)
                        return false
                    } catch {
                        return error is Away
                    }
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(failures == 40)
        isAway.withLock { $0 = false }
        let answer = try await coalescer.answer(for: 7)
        #expect(answer == 7)
    }

    @Test func aCallerThatIsCancelledTakesNobodyWithIt() async throws {
        let coalescer = Coalescer<Int, Int>(maximumLeaders: 1, maximumItems: 4) { items in
            for _ in 0..<3 { await Task.yield() }
            try Task.checkCancellation()
            return items
        }
        for round in 0..<50 {
            let tasks = (0..<12).map { item in Task { try await coalescer.answer(for: item) } }
            for (index, task) in tasks.enumerated() where (index + round).isMultiple(of: 3) { task.cancel() }
            for (index, task) in tasks.enumerated() {
                let result = await task.result
                if (index + round).isMultiple(of: 3) {
                    if case .success(let answer) = result { #expect(answer == index) }
                } else {
                    let answer = try? result.get()
                    #expect(answer == index)
                }
            }
        }
        let answer = try await coalescer.answer(for: 3)
        #expect(answer == 3)
    }
}
