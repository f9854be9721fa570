import Foundation
import HTTPTypes
import Learners
import Logging
import Personalization
import TextbookSync

extension PersonalizedReading {
    /// What the page is answered with.
    var status: HTTPResponse.Status {
        if case .away = self { .serviceUnavailable } else { .ok }
    }
}

extension LessonPages {
    /// What the Personalized tab shows.
    func content(
        of reading: PersonalizedReading, _ found: LessonInBook, _ request: PageRequest
    ) throws -> LessonContent {
        let address = LessonLink(found.lesson).address
        var content = LessonContent(view: .personalized, text: nil, language: found.book.language)
        switch reading {
        case .ready(let text, let markdown):
            let language = request.personalizedLanguage
            content.language = language
            content.text = try self.rendered(markdown, under: "\(language) \(text.hash)", language)
            content.panel.provenance = self.provenance(of: text, address, request)
        case .pending(let operation, let progress):
            content.panel.waiting = try self.waiting(operation, progress, request)
            content.refreshAfter = Self.pause(operation)
        case .failed(let failure): content.panel.message = self.failed(failure, request)
        case .notRequested:
            content.panel.message = self.message("ask", request, action: "personalize")
        case .needsOnboarding:
            content.panel.message = self.message(
                "onboard", request,
                link: Self.onboarding(then: LessonView.personalized.address(of: address)))
        case .away:
            content.panel.message = self.message(
                "away", request, link: LessonView.personalized.address(of: address))
        }
        return content
    }

    /// The tab of a request that came too often.
    func limited(_ seconds: Int, _ found: LessonInBook, _ request: PageRequest) -> LessonContent {
        var content = LessonContent(view: .personalized, text: nil, language: found.book.language)
        content.panel.message = self.message("limited", request, action: "personalize", ["seconds": "\(seconds)"])
        return content
    }

    /// How the learner's text differs from the author's; what the Personalized tab says where there is none.
    func changes(
        _ found: LessonInBook, _ request: PageRequest
    ) async throws -> (content: LessonContent, status: HTTPResponse.Status) {
        let reading = try await self.reading(of: found.lesson.slug, request)
        guard case .ready(let text, _) = reading, let learner = request.visitor.id else {
            return (try self.content(of: reading, found, request), reading.status)
        }
        var content = LessonContent(view: .changes, text: nil, language: found.book.language)
        do {
            let difference = try await self.site.dependencies.personalization.difference(
                userID: learner, slug: found.lesson.slug)
            content.panel.changes = LessonPanel.Changes(difference.hunks) { count in
                self.site.text("lesson_changes_gap", request, ["count": "\(count)"])
            }
            content.panel.provenance = self.provenance(of: text, LessonLink(found.lesson).address, request)
            return (content, .ok)
        } catch let error as CancellationError {
            throw error
        } catch {
            request.logger.warning("difference not made", metadata: ["cause": "\(error)"])
            content.panel.message = self.message(
                "away", request, link: LessonView.changes.address(of: LessonLink(found.lesson).address))
            return (content, .serviceUnavailable)
        }
    }

    /// The message of a name, with a link or a button on.
    private func message(
        _ name: String, _ request: PageRequest, link: String? = nil, action: String? = nil,
        _ values: [String: String] = [:]
    ) -> LessonPanel.Message {
        let label = self.site.text("lesson_\(name)_button", request)
        return LessonPanel.Message(
            title: self.site.text("lesson_\(name)_title", request),
            text: self.site.text("lesson_\(name)_text", request, values), linkAddress: link,
            linkLabel: link == nil ? nil : label, action: action, actionLabel: action == nil ? nil : label)
    }

    private func failed(_ failure: PersonalizedLesson.Failure, _ request: PageRequest) -> LessonPanel.Message {
        self.message(
            failure.isRetryable ? "failed" : "refused", request, action: failure.isRetryable ? "retry" : nil,
            ["reason": failure.code])
    }
}

extension LessonPages {
    private func provenance(
        of text: PersonalizedLesson.Text, _ address: String, _ request: PageRequest
    ) -> LessonPanel.Provenance {
        let names = text.generator.split(separator: " + ").map(String.init)
        let byRule = names.filter { $0.hasPrefix("embedded/") }.count
        let writer = byRule == names.count ? "rules" : byRule == 0 ? "model" : "mixed"
        let time = text.generatedAt.formatted(.iso8601)
        return LessonPanel.Provenance(
            writer: self.site.text("lesson_by_\(writer)", request), generator: text.generator, time: time,
            shownTime: Self.shown(time), changesAddress: LessonView.changes.address(of: address))
    }

    /// `2026-11-22T06:40:00Z` as people read it in either language.
    static func shown(_ time: String) -> String {
        time.prefix(16).replacing("T", with: " ") + " UTC"
    }

    private func waiting(
        _ operation: PersonalizationOperation, _ progress: OperationProgress, _ request: PageRequest
    ) throws -> LessonPanel.Waiting {
        let language = request.personalizedLanguage
        let renderer = self.renderers.renderer(for: language)
        let written = try progress.sections.sorted { $0.ordinal < $1.ordinal }.map { section in
            LessonPanel.Waiting.Section(
                ordinal: section.ordinal, html: try RenderedText(section.content, by: renderer).html)
        }
        let waited = operation.createdAt.map { self.site.dependencies.now().timeIntervalSince($0) } ?? 0
        return LessonPanel.Waiting(
            operation: operation.id.uuidString.lowercased(), state: self.state(of: operation, progress, request),
            retryAfter: Self.pause(operation), hasTotal: progress.total != nil, done: progress.finished.count,
            total: progress.total ?? 0, isLate: operation.state == .queued && waited > Self.patience,
            late: self.site.text("lesson_late", request, ["seconds": "\(Int(max(0, waited)))"]), language: language,
            direction: PreferredLanguage.direction(of: language), written: written,
            hasWritten: !written.isEmpty)
    }

    /// Seconds in a queue after which a learner is told that nobody seems to be at work.
    static let patience = 30.0

    /// Seconds until a browser without scripts looks again.
    private static func pause(_ operation: PersonalizationOperation) -> Int {
        min(10, max(2, operation.retryAfterSeconds))
    }

    private func state(
        of operation: PersonalizationOperation, _ progress: OperationProgress, _ request: PageRequest
    ) -> String {
        var sentences: [String] = []
        if let position = operation.position, operation.state == .queued {
            sentences.append(
                self.site.text(
                    position == 0 ? "lesson_waiting_next" : "lesson_waiting_position", request,
                    ["count": "\(position)"]))
        } else if let total = progress.total {
            sentences.append(
                self.site.text(
                    "lesson_waiting_written", request,
                    ["done": "\(progress.finished.count)", "total": "\(total)"]))
        } else {
            sentences.append(self.site.text("lesson_waiting_begun", request))
        }
        if let eta = operation.eta {
            let seconds = max(1, Int((eta / .seconds(1)).rounded(.up)))
            sentences.append(self.site.text("lesson_waiting_eta", request, ["seconds": "\(seconds)"]))
        }
        return sentences.joined(separator: " ")
    }
}

extension PageRequest {
    /// The language in which the learner's texts are written.
    var personalizedLanguage: String {
        (self.visitor.preferences?.profile.preferredLanguage ?? self.language).rawValue
    }
}
