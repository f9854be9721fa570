import LanguageModels

/// One provider's attempts at one section: as a whole, then in pieces.
struct ProviderRung {
    /// How asking ended.
    enum Outcome {
        case written(String, softFailures: [String])
        /// - Parameter canSplit: whether smaller pieces may succeed.
        case failed(String, canSplit: Bool)
    }

    let writer: ChatSectionWriter
    let provider: any SectionProvider
    let slice: SectionSlice
    let payer: String?
    private(set) var usage = ModelUsage()

    init(writer: ChatSectionWriter, provider: any SectionProvider, slice: SectionSlice, payer: String?) {
        self.writer = writer
        self.provider = provider
        self.slice = slice
        self.payer = payer
    }

    /// Writes a section, in pieces where it cannot be had in one.
    mutating func write(_ section: SectionSource) async throws -> Outcome {
        let pieces = section.pieces(self.writer.embedded.glossary)
        let outcome = try await self.ask(for: section, isPiece: false, canSplit: pieces.count > 1)
        guard case .failed(_, canSplit: true) = outcome, pieces.count > 1 else { return outcome }
        return try await self.write(pieces, of: section)
    }

    private mutating func write(_ pieces: [SectionSource], of section: SectionSource) async throws -> Outcome {
        var texts: [[UInt8]] = []
        for piece in pieces {
            guard piece.facts.hasProse, SectionPlaceholders(piece.markdown).hasProse else {
                texts.append(piece.markdown[...].endingWithOneLine)
                continue
            }
            switch try await self.ask(for: piece, isPiece: true, canSplit: false) {
            case .written(let text, _): texts.append(Array(text.utf8))
            case .failed(let reason, _): return .failed(reason, canSplit: false)
            }
        }
        let text = String(decoding: Array(texts.joined(separator: [0x0A])), as: UTF8.self)
        let context = CheckContext.chat(glossary: self.writer.embedded.glossary, finishReason: "stop", boundary: nil)
        let failures = Validators.failures(of: text, for: section, slice: self.slice, context: context)
        guard !failures.contains(where: \.isHard) else { return .failed("checks_failed", canSplit: false) }
        return .written(text, softFailures: failures.map(\.check.rawValue))
    }

    /// Asks up to `1 + maximumRetries` times, each time with what was wrong before.
    private mutating func ask(for section: SectionSource, isPiece: Bool, canSplit: Bool) async throws -> Outcome {
        let prompt = SectionPrompt(
            section, slice: self.slice, file: self.writer.file, glossary: self.writer.embedded.glossary,
            nonce: self.writer.nonce())
        var messages = prompt.messages
        var acceptable: Outcome?
        var fewest = Int.max
        for _ in 0...max(0, self.writer.configuration.maximumRetries) {
            try Task.checkCancellation()
            let completion: ChatCompletion
            do {
                completion = try await self.complete(messages)
            } catch let refusal as Refusal {
                // An answer that merely could be better is better than none.
                return acceptable ?? .failed(refusal.reason, canSplit: refusal.isTooLong)
            }
            if completion.finishReason.isWithheld { return .failed("content_filter", canSplit: false) }
            // Asked for the same again, a model meets the same limit again.
            if completion.finishReason == .length, canSplit { return .failed("truncated", canSplit: true) }
            let (text, failures) = self.checked(completion, prompt, section, isPiece: isPiece)
            if failures.isEmpty { return .written(text, softFailures: []) }
            await self.provider.rejected(failures.map(\.check.rawValue))
            if !failures.contains(where: \.isHard), failures.count < fewest {
                fewest = failures.count
                acceptable = .written(text, softFailures: failures.map(\.check.rawValue))
            }
            messages = prompt.messages(after: completion.text, failures: failures)
        }
        return acceptable ?? .failed("checks_failed", canSplit: true)
    }

    private struct Refusal: Error {
        var reason: String
        var isTooLong = false
    }

    /// - Throws: `Refusal` where the provider gave no answer.
    private mutating func complete(_ messages: [ChatMessage]) async throws -> ChatCompletion {
        let configuration = self.writer.configuration
        let request = ChatRequest(
            messages: messages, temperature: configuration.temperature, maximumTokens: configuration.maximumTokens,
            timeout: configuration.timeout)
        do {
            let completion = try await self.provider.complete(request, payer: self.payer)
            self.usage.attempts += 1
            self.usage.add(completion, of: self.provider)
            return completion
        } catch let unavailable as ProviderUnavailable {
            throw Refusal(reason: unavailable.reason)
        } catch let error as LanguageModelError {
            // A run that is called off says nothing about the provider.
            try Task.checkCancellation()
            self.usage.attempts += 1
            throw Refusal(reason: error.code.word, isTooLong: error.code.isTooLong)
        }
    }

    /// The answer as text, and what is wrong with it.
    private func checked(
        _ completion: ChatCompletion, _ prompt: SectionPrompt, _ section: SectionSource, isPiece: Bool
    ) -> (text: String, failures: [CheckFailure]) {
        if let failure = Validators.finish(completion.finishReason.word) { return ("", [failure]) }
        switch prompt.placeholders.restore(SpotlightMarks.unmarked(completion.text)) {
        case .failure(let refusal): return ("", [refusal.failure])
        case .success(let text):
            let context = CheckContext.chat(
                glossary: self.writer.embedded.glossary, finishReason: completion.finishReason.word,
                boundary: prompt.boundary, instructions: prompt.instructions, mayStayUnchanged: isPiece)
            return (text, Validators.failures(of: text, for: section, slice: self.slice, context: context))
        }
    }
}

extension SectionSource {
    /// The section cut at its headings of level 3, where it has some.
    fileprivate func pieces(_ glossary: Glossary) -> [SectionSource] {
        let readings = SectionCut.ranges(of: self.markdown, atLevel: 3).map {
            SectionReading(Array(self.markdown[$0]), glossary: glossary)
        }
        let introduced = Set(self.introducedTerms)
        return readings.indices.map { index in
            let reading = readings[index]
            return SectionSource(
                ordinal: self.ordinal, lessonTitle: self.lessonTitle, markdown: reading.bytes,
                heading: reading.heading,
                previousHeading: index > 0 ? readings[index - 1].heading : self.previousHeading,
                nextHeading: index + 1 < readings.count ? readings[index + 1].heading : self.nextHeading,
                introducedTerms: reading.taughtTerms.map { glossary.terms[$0].term }.filter(introduced.contains),
                facts: reading.facts(glossary))
        }
    }
}

extension FinishReason {
    /// The reason as providers write it.
    var word: String {
        switch self {
        case .stop: "stop"
        case .length: "length"
        case .contentFilter: "content_filter"
        case .other(let word): word.isEmpty ? "unknown" : word
        }
    }

    /// Whether the provider or the model declined: it would again, and a rewording would only hide the reason.
    fileprivate var isWithheld: Bool { self == .contentFilter || self == .other("refusal") }
}

extension LanguageModelError.Code {
    /// The code as one machine word.
    fileprivate var word: String {
        switch self {
        case .unreachable: "unreachable"
        case .timeout: "timeout"
        case .rateLimited: "rate_limited"
        case .unauthorized: "unauthorized"
        case .rejected: "rejected"
        case .serverError: "server_error"
        case .malformedAnswer: "malformed_answer"
        case .truncated: "truncated"
        case .refused: "refused"
        case .tooLarge: "too_large"
        case .cancelled: "cancelled"
        }
    }

    /// Whether less text may get through.
    fileprivate var isTooLong: Bool { self == .truncated || self == .tooLarge }
}
