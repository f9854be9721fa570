import HTTPTypes
import Hummingbird
import Learners
import Logging

/// The six questions for somebody new.
struct OnboardingPages: Sendable {
    private let site: Site

    init(_ site: Site) {
        self.site = site
    }

    var pages: [Page] { [Page("onboarding", signIn: .everybody, get: self.show, post: self.save)] }

    private func show(_ request: PageRequest) async throws -> Response {
        let next = LocalAddress(request.query("next"))
        // Who has answered finds the answers in the profile.
        if request.visitor.isOnboarded { return self.site.seeOther("/profile") }
        return try self.page(request, Questions(Answers(language: request.language), request, self.site), next: next)
    }

    private func save(_ request: PageRequest, _ form: Form) async throws -> Response {
        let next = LocalAddress(form["next"])
        let answers = Answers(form)
        let profile: LearnerProfile
        do {
            profile = try answers.profile()
        } catch {
            let questions = Questions(answers, errors: error.fields, request, self.site)
            return try self.page(request, questions, next: next, status: .unprocessableContent)
        }
        do {
            let id = try await self.learner(request)
            _ = try await self.site.dependencies.learners.completeOnboarding(id, profile: profile)
            var response = self.site.seeOther(next?.text ?? "/?done=onboarding")
            response.remember(id, request.request)
            response.remember(profile.preferredLanguage, request.request)
            return response
        } catch let error as CancellationError {
            throw error
        } catch {
            request.logger.warning("answers not saved", metadata: ["cause": "\(error)"])
            return try self.page(
                request, Questions(answers, request, self.site), next: next, status: .serviceUnavailable,
                notice: PageFrame.Notice(.error, self.site.text("onboarding_not_saved", request)))
        }
    }

    /// The visitor's account, made where there is none: under the id that the browser brings, or a new one.
    private func learner(_ request: PageRequest) async throws -> LearnerID {
        let visitor = request.visitor
        if let signIn = self.site.dependencies.signIn, let signedIn = visitor.signedIn {
            // Who knows the id of an anonymous learner is that learner, and goes on with everything that is kept.
            let ids = [request.request.rememberedLearner, self.site.dependencies.makeLearnerID()]
            return try await signIn.account(signedIn, ids.compactMap { $0 })
        }
        let id = visitor.id ?? self.site.dependencies.makeLearnerID()
        guard !visitor.hasAccount else { return id }
        do {
            _ = try await self.site.dependencies.learners.create(id)
        } catch let error as LearnerError where error.code == .alreadyExists {
            // The form was sent twice, or the database was away when the visitor was looked up.
        }
        return id
    }

    private func page(
        _ request: PageRequest, _ questions: Questions, next: LocalAddress?, status: HTTPResponse.Status = .ok,
        notice: PageFrame.Notice? = nil
    ) throws -> Response {
        let title = self.site.text("onboarding_title", request)
        let page = OnboardingPage(
            signsIn: self.site.dependencies.signIn != nil, questions: questions.questions, wrong: questions.wrong,
            isWrong: questions.isWrong, next: next?.text,
            skip: next.map { LessonView.withoutQuestions($0.text) } ?? "/book")
        var content = PageContent(
            "onboarding",
            title: questions.isWrong ? self.site.text("question_error_title", request, ["title": title]) : title, page)
        content.stylesheets = ["form.css"]
        content.notices = [notice].compactMap { $0 }
        return try self.site.page(request, content, status: status)
    }
}

/// What the page shows.
struct OnboardingPage {
    /// The visitor signed in.
    let signsIn: Bool
    let questions: [Questions.Question]
    let wrong: [Questions.Question]
    let isWrong: Bool
    /// Where the answers lead to; home where nothing is said.
    let next: String?
    /// Where reading goes on without answers.
    let skip: String
}
