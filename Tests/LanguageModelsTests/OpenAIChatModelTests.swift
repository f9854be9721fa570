import CurlHTTP
import LanguageModels
import ServerTesting
import Synchronization
import Testing

@Suite struct OpenAIChatModelTests {
    private let question = ChatRequest(messages: [
        ChatMessage(role: .system, content: "Answer."), ChatMessage(role: .user, content: "A robot senses and acts."),
    ])

    @Test(arguments: [true, false])
    func anAnswerComesWithTextReasonAndUsage(streams: Bool) async throws {
        let model = try await Provider.chat("ok", streams: streams)
        let completion = try await model.complete(self.question)
        #expect(
            completion
                == ChatCompletion(
                    text: "A robot senses and acts.", finishReason: .stop, promptTokens: 6, completionTokens: 5,
                    model: "scripted:ok"))
    }

    @Test func piecesArriveInOrderAndMakeUpTheText() async throws {
        let model = try await Provider.chat("drip,ms=5", streams: true)
        var pieces: [String] = []
        let completion = try await model.complete(self.question) { pieces.append($0) }
        #expect(pieces.count == 5)
        #expect(pieces.joined() == completion.text)
    }

    @Test func theRequestCarriesWhatWasAskedFor() async throws {
        let name = "scripted:ok;request"
        let model = OpenAIChatModel(
            endpoint: try await Provider.endpoint(), model: name, streams: false, tokenLimitField: .maxCompletionTokens,
            http: Provider.http)
        var request = self.question
        request.temperature = 0.5
        request.seed = 7
        request.stop = ["END"]
        request.maximumTokens = 100
        _ = try await model.complete(request)
        let sent = try #require(try await Provider.requests(model: name).first)
        #expect(sent.headers["authorization"] == "Bearer \(Provider.key)")
        #expect(sent.headers["content-type"] == "application/json")
        #expect(sent.body.temperature == 0.5)
        #expect(sent.body.seed == 7)
        #expect(sent.body.stop == ["END"])
        #expect(sent.body.max_completion_tokens == 100)
        #expect(sent.body.max_tokens == nil)
        #expect(sent.body.stream == nil)
    }

    @Test(arguments: [true, false])
    func anAnswerAtTheTokenLimitSaysSo(streams: Bool) async throws {
        let completion = try await Provider.chat("truncated,words=2", streams: streams).complete(self.question)
        #expect(completion.finishReason == .length)
        #expect(completion.text == "A robot")
    }

    @Test(arguments: ["no_usage", "parts", "json_instead_of_stream", "stream_no_done"], [true, false])
    func lenientServersAreUnderstood(behaviour: String, streams: Bool) async throws {
        let completion = try await Provider.chat(behaviour, streams: streams).complete(self.question)
        #expect(completion.text == "A robot senses and acts.")
        if behaviour == "no_usage" { #expect(completion.promptTokens == nil) }
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        var behaviour: String
        var code: LanguageModelError.Code
        var isTransient: Bool
        var testDescription: String { self.behaviour }
    }

    @Test(
        arguments: [
            Failure(behaviour: "429,retry_after=7", code: .rateLimited(retryAfter: .seconds(7)), isTransient: true),
            Failure(
                behaviour: "429,retry_after_ms=250", code: .rateLimited(retryAfter: .milliseconds(250)),
                isTransient: true),
            Failure(behaviour: "429", code: .rateLimited(retryAfter: nil), isTransient: true),
            Failure(
                behaviour: "429,shape=gemini_list", code: .rateLimited(retryAfter: .seconds(32)), isTransient: true),
            Failure(behaviour: "429,kind=insufficient_quota", code: .rateLimited(retryAfter: nil), isTransient: false),
            Failure(behaviour: "500", code: .serverError, isTransient: true),
            Failure(behaviour: "502,shape=html", code: .serverError, isTransient: true),
            Failure(behaviour: "503,shape=none", code: .serverError, isTransient: true),
            Failure(behaviour: "401", code: .unauthorized, isTransient: false),
            Failure(behaviour: "status,code=403,shape=ollama", code: .unauthorized, isTransient: false),
            Failure(behaviour: "status,code=400,shape=vllm", code: .rejected, isTransient: false),
            Failure(behaviour: "status,code=404,shape=ollama", code: .rejected, isTransient: false),
            Failure(behaviour: "status,code=422,shape=fastapi", code: .rejected, isTransient: false),
            Failure(behaviour: "status,code=301", code: .rejected, isTransient: false),
            Failure(behaviour: "status,code=400,kind=content_policy_violation", code: .refused, isTransient: false),
            Failure(behaviour: "error_in_200", code: .serverError, isTransient: true),
            Failure(behaviour: "error_in_200,code=401", code: .unauthorized, isTransient: false),
            Failure(behaviour: "wrong_json", code: .malformedAnswer, isTransient: true),
            Failure(behaviour: "not_json", code: .malformedAnswer, isTransient: true),
            Failure(behaviour: "empty_body", code: .malformedAnswer, isTransient: true),
            Failure(behaviour: "deep_json", code: .malformedAnswer, isTransient: true),
            Failure(behaviour: "missing_choices", code: .malformedAnswer, isTransient: true),
            Failure(behaviour: "null_content", code: .malformedAnswer, isTransient: true),
            Failure(behaviour: "empty", code: .malformedAnswer, isTransient: true),
            Failure(behaviour: "blank", code: .malformedAnswer, isTransient: true),
            Failure(behaviour: "content_filter", code: .refused, isTransient: false),
            Failure(behaviour: "refusal", code: .refused, isTransient: false),
            Failure(behaviour: "truncated,words=0", code: .truncated, isTransient: false),
            Failure(behaviour: "huge,bytes=100000000", code: .tooLarge, isTransient: false),
            Failure(behaviour: "reset", code: .unreachable, isTransient: true),
        ], [true, false])
    func aFailureIsTyped(failure: Failure, streams: Bool) async throws {
        let model = try await Provider.chat(failure.behaviour, streams: streams)
        let error = try #require(await modelError { try await model.complete(self.question) })
        #expect(error.code == failure.code, "\(error)")
        #expect(error.isTransient == failure.isTransient, "\(error)")
        #expect(!String(reflecting: error).contains(Provider.key))
    }

    @Test(arguments: [
        ("stream_cut,after=2", LanguageModelError.Code.truncated), ("stream_no_finish", .truncated),
        ("stream_error", .serverError),
    ])
    func aStreamThatBreaksOffIsNoAnswer(behaviour: String, code: LanguageModelError.Code) async throws {
        let model = try await Provider.chat(behaviour, streams: true)
        let error = await modelError { try await model.complete(self.question) }
        #expect(error?.code == code)
        #expect(error?.isTransient == true)
    }

    @Test func aRetryDateIsMeasuredFromNow() async throws {
        let model = try await Provider.chat("429,retry_after_date=60", streams: false)
        let error = await modelError { try await model.complete(self.question) }
        let wait = try #require(error?.retryAfter)
        #expect(wait > .seconds(50) && wait <= .seconds(60))
    }

    @Test func aWaitAskedForWith503IsKept() async throws {
        let model = try await Provider.chat("503,retry_after=9", streams: true)
        #expect(await modelError { try await model.complete(self.question) }?.retryAfter == .seconds(9))
    }

    @Test(arguments: [true, false])
    func aProviderThatHangsRunsIntoTheDeadline(streams: Bool) async throws {
        let model = try await Provider.chat("hang", streams: streams, timeout: .milliseconds(300))
        #expect(await modelError { try await model.complete(self.question) }?.code == .timeout)
    }

    @Test func theDeadlineOfARequestGoesBeforeTheEndpoints() async throws {
        let model = try await Provider.chat("hang", streams: false)
        var request = self.question
        request.timeout = .milliseconds(300)
        #expect(await modelError { try await model.complete(request) }?.code == .timeout)
    }

    @Test func aProviderThatFallsSilentIsGivenUp() async throws {
        let model = OpenAIChatModel(
            endpoint: try await Provider.endpoint(idleTimeout: .milliseconds(500)), model: "scripted:stream_silent",
            http: Provider.http)
        #expect(await modelError { try await model.complete(self.question) }?.code == .timeout)
    }

    @Test func aProviderThatIsNotThereIsUnreachable() async throws {
        let model = OpenAIChatModel(
            endpoint: OpenAIEndpoint(baseURL: "http://127.0.0.1:1/v1"), model: "m", http: Provider.http)
        let error = await modelError { try await model.complete(self.question) }
        #expect(error?.code == .unreachable)
        #expect(error?.isTransient == true)
    }

    @Test func cancellingTheTaskCancelsTheRequest() async throws {
        let name = "scripted:hang;cancelled"
        let model = OpenAIChatModel(endpoint: try await Provider.endpoint(), model: name, http: Provider.http)
        let task = Task { await modelError { try await model.complete(self.question) }?.code }
        #expect(try await eventually { try await Provider.requests(model: name).count == 1 })
        task.cancel()
        #expect(await task.value == .cancelled)
    }

    @Test func theKeyIsNeverSeen() throws {
        let key = try #require(APIKey("  \(Provider.key)\n"))
        var dumped = ""
        dump(OpenAIEndpoint(baseURL: "http://h", key: key), to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped] { #expect(!text.contains("secret")) }
        #expect("\(key)" == "***")
        #expect(APIKey(" \n") == nil)
    }

    @Test func everyRequestIsReported() async throws {
        final class Recorder: LanguageModelObserver {
            let reports = Mutex<[ModelRequestReport]>([])
            func finished(_ report: ModelRequestReport) { self.reports.withLock { $0.append(report) } }
        }
        let recorder = Recorder()
        let model = OpenAIChatModel(
            endpoint: try await Provider.endpoint(), model: "scripted:ok;500", http: Provider.http, observer: recorder)
        _ = try await model.complete(self.question)
        _ = await modelError { try await model.complete(self.question) }
        let reports = recorder.reports.withLock { $0 }
        #expect(reports.map(\.failure) == [nil, .serverError])
        #expect(reports.map(\.completionTokens) == [5, nil])
    }
}
