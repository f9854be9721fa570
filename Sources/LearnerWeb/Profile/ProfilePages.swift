import HTTPTypes
import Hummingbird
import Learners
import Logging

/// A learner's answers, to be changed, and everything that is kept, to be taken along or deleted.
struct ProfilePages: Sendable {
    private let site: Site

    init(_ site: Site) {
        self.site = site
    }

    var pages: [Page] {
        [
            Page("profile", signIn: .everybody, get: self.show, post: self.act),
            Page("profile/export", signIn: .everybody, get: self.export),
        ]
    }

    private func show(_ request: PageRequest) async throws -> Response {
        var notices: [PageFrame.Notice] = []
        switch request.query("done") {
        case "saved": notices = [.init(.done, self.site.text("profile_saved", request))]
        case "same": notices = [.init(.done, self.site.text("profile_same", request))]
        default: break
        }
        return try self.page(request, self.stored(request), notices: notices)
    }

    private func act(_ request: PageRequest, _ form: Form) async throws -> Response {
        switch form["action"] {
        case "save": try await self.save(request, form)
        case "forget" where request.visitor.signedIn == nil: self.forgotten(request, done: "forgotten")
        case "delete": try await self.delete(request, form)
        default: throw PageRefusal(.unprocessableContent)
        }
    }

    private func save(_ request: PageRequest, _ form: Form) async throws -> Response {
        guard let id = request.visitor.id, let stored = request.visitor.preferences else {
            // Nobody whose answers could be changed; where the database is away, the page says so.
            return try self.page(request, self.stored(request), status: self.absence(request))
        }
        let answers = Answers(form)
        let version = form["version"] ?? ""
        do {
            // Every field of the form counts, and with a wrong version none.
            let preferences = try await self.site.dependencies.learners.change(
                id, ProfileChange(try answers.profile()), ifMatch: .tags([version]))
            let isSame = preferences.revision == stored.revision
            var response = self.site.seeOther(isSame ? "/profile?done=same" : "/profile?done=saved")
            response.remember(preferences.profile.preferredLanguage, request.request)
            return response
        } catch let error as LearnerError where error.code == .invalidFields {
            let questions = Questions(answers, errors: error.fields, request, self.site)
            return try self.page(
                request, ProfilePage(request, questions, version: version), status: .unprocessableContent)
        } catch let error as LearnerError where error.code == .preconditionFailed {
            return try self.conflict(request, answers, stored)
        } catch let error as CancellationError {
            throw error
        } catch {
            request.logger.warning("answers not changed", metadata: ["cause": "\(error)"])
            return try self.page(
                request, ProfilePage(request, Questions(answers, request, self.site), version: version),
                notices: [.init(.error, self.site.text("onboarding_not_saved", request))],
                status: .serviceUnavailable)
        }
    }

    /// The answers were changed elsewhere since the page was read: what was sent stays in the form, what is stored is
    /// named beside it, and the next attempt replaces it.
    private func conflict(_ request: PageRequest, _ answers: Answers, _ stored: Preferences) throws -> Response {
        let questions = Questions(answers, request, self.site)
        let current = Questions(Answers(stored.profile), request, self.site)
        let differences = zip(questions.questions, current.questions).filter { $0.chosen != $1.chosen }.map {
            ProfilePage.Difference(legend: $1.legend, address: "#\($1.name)", stored: $1.chosen.joined(separator: ", "))
        }
        var page = ProfilePage(request, questions, version: stored.entityTag)
        page.differences = differences
        page.hasDifferences = true
        return try self.page(request, page, status: .conflict)
    }

    private func stored(_ request: PageRequest) -> ProfilePage {
        guard let preferences = request.visitor.preferences else { return ProfilePage(request) }
        return ProfilePage(
            request, Questions(Answers(preferences.profile), request, self.site), version: preferences.entityTag)
    }

    private func absence(_ request: PageRequest) -> HTTPResponse.Status {
        request.visitor.isDatabaseAway ? .serviceUnavailable : .conflict
    }

    private func export(_ request: PageRequest) async throws -> Response {
        let visitor = request.visitor
        guard let id = visitor.id,
            let data = try await self.site.dependencies.ownData.export(id, visitor.signedIn?.identity)
        else { throw HTTPError(.notFound) }
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/json; charset=utf-8", .cacheControl: "no-store",
                .contentDisposition: "attachment; filename=\"lectern-export.json\"", .vary: "Cookie",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }

    private func delete(_ request: PageRequest, _ form: Form) async throws -> Response {
        guard form["confirm"] == "yes" else {
            var page = self.stored(request)
            page.deletionError = self.site.text("profile_delete_unconfirmed", request)
            return try self.page(request, page, status: .unprocessableContent)
        }
        do {
            // For somebody who is gone already the wish is fulfilled.
            if let id = request.visitor.id { _ = try await self.site.dependencies.ownData.delete(id) }
        } catch let error as CancellationError {
            throw error
        } catch {
            request.logger.warning("learner not deleted", metadata: ["cause": "\(error)"])
            return try self.page(
                request, self.stored(request),
                notices: [.init(.error, self.site.text("profile_not_deleted", request))],
                status: .serviceUnavailable)
        }
        return self.forgotten(request, done: "deleted")
    }

    private func forgotten(_ request: PageRequest, done: String) -> Response {
        var response = self.site.seeOther("/?done=\(done)")
        response.forgetLearner(request.request)
        return response
    }

    private func page(
        _ request: PageRequest, _ page: ProfilePage, notices: [PageFrame.Notice] = [],
        status: HTTPResponse.Status = .ok
    ) throws -> Response {
        let title = self.site.text("profile_title", request)
        var content = PageContent(
            "profile",
            title: page.isWrong ? self.site.text("question_error_title", request, ["title": title]) : title, page,
            place: .profile)
        content.stylesheets = ["form.css"]
        content.notices = notices
        return try self.site.page(request, content, status: status)
    }
}

extension ProfileChange {
    /// All six answers.
    fileprivate init(_ profile: LearnerProfile) {
        self.init()
        self.educationLevel = profile.educationLevel
        self.programmingExperience = profile.programmingExperience
        self.roboticsBackground = profile.roboticsBackground
        self.aiMLExperience = profile.aiMLExperience
        self.learningGoals = profile.learningGoals
        self.preferredLanguage = profile.preferredLanguage
    }
}

extension Questions.Question {
    fileprivate var chosen: [String] { self.choices.filter(\.isChosen).map(\.label) }
}
