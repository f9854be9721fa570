public import JobQueue

/// Every kind of job there is.
public enum PipelineKinds {
    public static let all: [any JobArguments.Type] = [
        SyncBook.self, StoreObject.self, AdvanceResync.self, PlaceAliases.self, CollectContent.self, EmbedLesson.self,
        CollectVectors.self, VerifyContent.self, PersonalizeLesson.self, PrewarmLessons.self,
        CollectCache.self, DeliverWebhook.self,
    ]
}
