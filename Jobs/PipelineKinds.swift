public import JobQueue

/// Every kind of job there is.
public enum PipelineKinds {
    public static let all: [any JobArguments.Type] = [SyncBook.self, EmbedLesson.self, PersonalizeLesson.self]
}
