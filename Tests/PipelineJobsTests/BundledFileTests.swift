import JobQueue
import PipelineJobs
import Testing

@Suite struct BundledFileTests {
    @Test func theTimetableIsReadable() throws {
        #expect(
            try Timetable.bundled().entries.map(\.name) == [
                "nightly-collection", "nightly-verification", "nightly-cache-collection",
            ])
    }

    /// The kinds' own definitions and the operators' file must not say two things.
    @Test func theNumbersAreThoseOfTheKinds() throws {
        let numbers = try QueueNumbers.bundled()
        #expect(Set(numbers.kinds.keys) == Set(PipelineKinds.all.map { $0.definition.kind }))
        for kind in PipelineKinds.all {
            let definition = kind.definition
            #expect(
                numbers.kinds[definition.kind]
                    == QueueNumbers.Kind(
                        timeout: definition.timeout, maxAttempts: definition.retryPolicy.maxAttempts))
            #expect(numbers.queues[definition.queue] != nil)
        }
    }

    @Test func everyKindIsListedOnce() throws {
        let names = PipelineKinds.all.map { $0.definition.kind }
        #expect(Set(names).count == names.count)
        #expect(!names.isEmpty)
    }
}
