import LanguageModels
import Synchronization

@testable import Personalization

/// A provider that answers what a test tells it to, in order; the last answer stays.
final class ScriptedProvider: SectionProvider {
    enum Step: Sendable {
        case text(String, FinishReason = .stop)
        case error(LanguageModelError.Code)
        case unavailable(String)
        case cancelled
    }

    let name: String
    let modelName: String
    private let steps: Mutex<[Step]>
    private let asked = Mutex<[(request: ChatRequest, payer: String?)]>([])

    init(_ steps: [Step], name: String = "acme", modelName: String = "tiny") {
        self.name = name
        self.modelName = modelName
        self.steps = Mutex(steps)
    }

    var requests: [ChatRequest] { self.asked.withLock { $0.map(\.request) } }
    var payers: [String?] { self.asked.withLock { $0.map(\.payer) } }

    func complete(_ request: ChatRequest, payer: String?) async throws -> ChatCompletion {
        self.asked.withLock { $0.append((request, payer)) }
        let step = self.steps.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
        switch step {
        case .text(let text, let reason):
            return ChatCompletion(
                text: text, finishReason: reason, promptTokens: 100, completionTokens: 50, model: "tiny-2024")
        case .error(let code): throw LanguageModelError(code: code, message: "scripted", isTransient: true)
        case .unavailable(let reason): throw ProviderUnavailable(reason: reason)
        case .cancelled: throw CancellationError()
        }
    }

    func costMicros(promptTokens: Int, completionTokens: Int) -> Int64 {
        Int64(promptTokens * 2 + completionTokens * 10)
    }
}
